"""Look everything an installation has up among known vulnerabilities.

Ends with 1 when something is known to be weak, and with 3 when something could not be looked up:
then the last line says so, and of what. It never ends with 0 unless everything was looked up; with
`--if-reachable` it does where nothing is known to be weak, and the last line still says so.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from scripts.depended_on import Part, parts  # noqa: E402

OSV = "https://api.osv.dev/v1/query"
SECONDS = 300
WEAK, NOT_RUN = 1, 3
Weaknesses = dict[str, list[str]]
"""A package with its version to what is known of it; what was not looked up is not in it."""
Source = Callable[[Iterable[Part]], Weaknesses]


class Told(NamedTuple):
    """How it came out: the exit code, and what is said, the last line as a summary."""

    code: int
    lines: list[str]


def audited(source: str, of: Iterable[Part]) -> Weaknesses:
    """Look Python packages up with pip-audit; those that its source does not know are left out.

    Every version that is pinned is looked up, also those for other systems and versions of Python:
    pip-audit reads them from files of its own, in each of which a name stands once.
    """
    found: Weaknesses = {}
    left = [one for one in of if one.kind == "pypi"]
    while left:
        now = list({one.name: one for one in left}.values())
        found |= _audited(source, now)
        left = [one for one in left if one not in now]
    return found


def _audited(source: str, of: list[Part]) -> Weaknesses:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{one.name}=={one.version} --hash=sha256:{one.hashes[0]}\n" for one in of)
        file.flush()
        words = [
            sys.executable,
            "-m",
            "pip_audit",
            "-s",
            source,
            "-f",
            "json",
            "--disable-pip",
            "--require-hashes",
            "--progress-spinner",
            "off",
            "-r",
            file.name,
        ]
        try:
            ran = subprocess.run(
                words, capture_output=True, text=True, timeout=SECONDS, check=False
            )
            told = json.loads(ran.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            return {}
    return {
        f"{one['name']} {one['version']}": [weakness["id"] for weakness in one["vulns"]]
        for one in told
        if "vulns" in one
    }


def published(of: Iterable[Part]) -> Weaknesses:
    """Look what runs in the browser up at osv.dev; without an answer it is left out."""
    found: Weaknesses = {}
    try:
        for part in (one for one in of if one.kind == "npm"):
            found[str(part)] = [one["id"] for one in _asked(part).get("vulns", [])]
    except (URLError, TimeoutError, json.JSONDecodeError):
        pass
    return found


def _asked(part: Part) -> dict[str, Any]:
    said = {"package": {"name": part.name, "ecosystem": "npm"}, "version": part.version}
    request = Request(OSV, json.dumps(said).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=30) as came:
        answer: dict[str, Any] = json.load(came)
    return answer


SOURCES: dict[str, Source] = {
    "pypi.org": lambda of: audited("pypi", of),
    "osv.dev (Python)": lambda of: audited("osv", of),
    "osv.dev (npm)": published,
}


def summed_up(everything: list[Part], sources: dict[str, Source], tolerant: bool) -> Told:
    """Ask one source after the other for what the ones before did not know, and sum up."""
    known: Weaknesses = {}
    silent = []
    for name, source in sources.items():
        left = [one for one in everything if str(one) not in known]
        found = source(left)
        known |= {str(one): found[str(one)] for one in left if str(one) in found}
        if left and not found:
            silent.append(name)
    lines = [f"{one}: {', '.join(known[str(one)])}" for one in everything if known.get(str(one))]
    missing = [one for one in everything if str(one) not in known]
    if lines:
        return Told(
            WEAK, [*lines, f"audit: known to be weak: {len(lines)} of {len(everything)} packages"]
        )
    if missing:
        names = ", ".join(map(str, missing))
        what = "DID NOT RUN" if len(missing) == len(everything) else "IS NOT COMPLETE"
        why = f"; no answer from {', '.join(silent)}" if silent else ""
        return Told(
            0 if tolerant else NOT_RUN,
            [
                f"not looked up: {names}",
                f"audit: {what}: {len(missing)} of {len(everything)} packages were not looked up"
                f"{why}",
            ],
        )
    return Told(0, [f"audit: nothing is known against {len(everything)} packages"])


if __name__ == "__main__":
    came = summed_up(parts(), SOURCES, "--if-reachable" in sys.argv)
    print("\n".join(came.lines))
    sys.exit(came.code)

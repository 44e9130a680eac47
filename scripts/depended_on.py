"""What the application is made of, and where each part is written down: name, version, hashes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PINNED = ("requirements/runtime.txt", "requirements/postgres.txt")
"""What an installation has; tools of the tests are none of it."""
VENDORED = (
    "src/gradatim/reports/vega/README.md",
    "src/gradatim/web/static/gradatim/htmx/README.md",
)
BLOCK = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([\w.!+-]+)", re.MULTILINE)
ROW = re.compile(r"^\| \S+\.js \| (\S+) \| (\S+) \|.*\| ([0-9a-f]{64}) \|$", re.MULTILINE)


class Part(NamedTuple):
    """A package: of which kind (`pypi`, `npm`), and the SHA-256 of its files."""

    kind: str
    name: str
    version: str
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def parts() -> list[Part]:
    """Give everything an installation has, each once."""
    return sorted(set(_pinned()) | set(_vendored()))


def _pinned() -> Iterator[Part]:
    for path in PINNED:
        for block in re.split(r"\n(?=\S)", (ROOT / path).read_text(encoding="utf-8")):
            if found := BLOCK.match(block):
                hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", block)
                yield Part("pypi", found[1], found[2], tuple(sorted(hashes)))


def _vendored() -> Iterator[Part]:
    for path in VENDORED:
        for name, version, digest in ROW.findall((ROOT / path).read_text(encoding="utf-8")):
            yield Part("npm", name, version, (digest,))

"""ASVS V15.1 and V15.2: what is depended on is listed, and looked up by every change."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.audit import NOT_RUN, WEAK, Source, audited, summed_up
from scripts.depended_on import ROOT, Part, parts
from scripts.sbom import bill_of_materials

ONE, TWO = Part("pypi", "one", "1.0", ("a" * 64,)), Part("npm", "two", "2.0", ("b" * 64,))


def answering(answer: dict) -> Source:
    return lambda _of: answer


def said(*answers: dict, tolerant: bool = False) -> tuple[int, str]:
    """Give the exit code and the last line, where the sources answer so."""
    sources = {f"source {n}": answering(one) for n, one in enumerate(answers)}
    came = summed_up([ONE, TWO], sources, tolerant)
    return came.code, came.lines[-1]


def test_an_audit_passes_only_when_everything_was_looked_up():
    assert said({"one 1.0": []}, {"two 2.0": []}) == (
        0,
        "audit: nothing is known against 2 packages",
    )
    code, line = said({"one 1.0": []}, {})
    assert (code, line) == (
        NOT_RUN,
        "audit: IS NOT COMPLETE: 1 of 2 packages were not looked up; no answer from source 1",
    )
    assert said({}, {})[0] == NOT_RUN


def test_what_did_not_run_is_named_even_where_it_is_tolerated():
    code, line = said({}, {}, tolerant=True)
    assert code == 0
    assert line == (
        "audit: DID NOT RUN: 2 of 2 packages were not looked up; no answer from source 0, source 1"
    )


@pytest.mark.parametrize("tolerant", [False, True])
def test_what_is_known_to_be_weak_stops_it(tolerant: bool):
    """Also where not everything was looked up; a version that is not ours does not count."""
    code, line = said({"one 1.0": ["CVE-2026-1"]}, {}, tolerant=tolerant)
    assert (code, line) == (WEAK, "audit: known to be weak: 1 of 2 packages")
    assert said({"one 0.9": ["CVE-2026-1"], "one 1.0": []}, {"two 2.0": []})[0] == 0


def test_an_answer_of_pip_audit_is_read(monkeypatch):
    """What it could not look up it calls good as well: that does not count as looked up."""
    answer = {
        "dependencies": [
            {"name": "one", "version": "1.0", "vulns": [{"id": "CVE-2026-1"}]},
            {"name": "three", "skip_reason": "Dependency not found on PyPI"},
        ],
        "fixes": [],
    }
    ran = subprocess.CompletedProcess([], 0, json.dumps(answer), "No known vulnerabilities found")
    monkeypatch.setattr(subprocess, "run", lambda *_given, **_more: ran)
    three = Part("pypi", "three", "3.0", ("c" * 64,))
    assert audited("pypi", [ONE, TWO, three]) == {"one 1.0": ["CVE-2026-1"]}
    ran.stdout = ""
    assert audited("pypi", [ONE]) == {}


def ci(folder: Path, audit: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/run` where the audit comes out so, and all else is well."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", folder / ".ci/run")
    (folder / "Makefile").write_text(
        f"audit:\n\t@test '$(ARGS)' = --if-reachable; {audit}\nlint test docs:\n\t@echo $@ ran\n"
    )
    inherited = {
        name: value
        for name, value in os.environ.items()  # of the `make test` around it
        if name not in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS", "ARGS")
    }
    return subprocess.run(
        ["bash", ".ci/run"], cwd=folder, capture_output=True, text=True, env=inherited, check=False
    )


def test_every_change_is_audited(tmp_path: Path):
    """The last line of what every change passes is the audit's; a weak package ends it."""
    ran = ci(tmp_path, "echo audit: DID NOT RUN")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "audit: DID NOT RUN",
        "lint ran",
        "test ran",
        "docs ran",
        "audit: DID NOT RUN",
    ]


def test_a_weak_package_ends_what_every_change_passes(tmp_path: Path):
    ran = ci(tmp_path, "echo audit: known to be weak: 1 of 2 packages; exit 1")
    assert ran.returncode != 0
    assert "lint ran" not in ran.stdout


def test_nothing_that_is_pinned_or_vendored_is_left_out():
    """Each name and version of the requirements, and each script of another maker."""
    listed = {(one.name, one.version) for one in parts()}
    for path in ("requirements/runtime.txt", "requirements/postgres.txt"):
        text = (ROOT / path).read_text()
        assert set(re.findall(r"^([a-z0-9][\w.-]*)(?:\[.*?\])?==([\w.!+-]+)", text, re.M)) <= listed
    scripts = list((ROOT / "src").rglob("*.min.js"))
    assert len(scripts) == len([one for one in parts() if one.kind == "npm"]) == 4
    htmx = next(one for one in scripts if one.name == "htmx.min.js").read_text()
    assert ("htmx.org", re.findall(r'version:"([\d.]+)"', htmx)[0]) in listed


def test_the_bill_of_materials_names_every_part_with_its_hashes():
    made = bill_of_materials()
    assert made == bill_of_materials()
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert sorted(one["purl"] for one in made["components"]) == sorted(
        f"pkg:{one.kind}/{one.name}@{one.version}" for one in parts()
    )
    for one in made["components"]:
        assert one["externalReferences"][0]["hashes"]
    assert "pkg:pypi/django@" in json.dumps(made)

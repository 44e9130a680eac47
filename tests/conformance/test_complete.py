"""The suite is complete: both sides of each rule, every status, every criterion."""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.conformance import __main__ as command
from tests.conformance.bundles import base, file_name
from tests.conformance.cases import CASES, TRUTHS, Case, names, table
from tests.conformance.engines import DOCUMENT, screened

# FHIR R4 4.0.1, the value sets that are required for these elements
STATUSES = {
    "verification": "unconfirmed provisional differential confirmed refuted entered-in-error",
    "clinical-status": "active recurrence relapse inactive remission resolved",
    "observation-status": "registered preliminary final amended corrected cancelled "
    "entered-in-error unknown",
    "procedure-status": "preparation in-progress not-done on-hold stopped completed "
    "entered-in-error unknown",
    "order-status": "active on-hold cancelled completed entered-in-error stopped draft unknown",
    "order-intent": "proposal plan order original-order reflex-order filler-order "
    "instance-order option",
    "statement-status": "active completed entered-in-error intended stopped on-hold unknown "
    "not-taken",
    "administration-status": "in-progress not-done on-hold completed entered-in-error stopped "
    "unknown",
    "consent-status": "draft proposed active rejected inactive entered-in-error",
}
SECTIONS: dict[tuple[str, str], list[Case]] = defaultdict(list)
for _case in CASES:
    SECTIONS[_case.table, _case.section].append(_case)


def test_names_are_ids_of_fhir_and_each_is_given_once() -> None:
    ids = [case.id for case in CASES]
    assert len(set(ids)) == len(ids)
    assert [id for id in ids if not re.fullmatch(r"[A-Za-z0-9.-]{1,64}", id)] == []


def test_every_case_expects_something_that_can_be() -> None:
    """Truths of the protocol's criteria; a reason to be right; words for what is special."""
    criteria = {one.id for one in DOCUMENT.study.criteria}
    for case in CASES:
        expected = case.expected
        said = (expected.criteria, expected.status, expected.unusable, expected.horizon)
        assert any(said), case.id
        assert expected.criteria.keys() <= criteria, case.id
        assert all(
            set(some) < set(TRUTHS) or len(some) == len(TRUTHS)
            for some in expected.criteria.values()
        ), case.id
        assert case.authority, case.id
        assert "$" not in case.title, case.id
        assert case.title, case.id


def test_the_base_person_is_eligible() -> None:
    """So that what is special about a case is what decides."""
    unchanged = next(case for case in CASES if case.id == "declared.everything")
    assert not unchanged.change
    person, _ = screened(unchanged)
    assert person is not None
    assert person["status"] == "eligible"
    used = {one["resource"]["id"] for one in base()["entry"]} - {"base"}
    assert {one["id"].split("/")[1] for one in person["not_used"]} & used == set()


@pytest.mark.parametrize("section", SECTIONS, ids="-".join)
def test_a_section_has_both_sides_of_its_rule(section: tuple[str, str]) -> None:
    """Not all of its cases come out alike: one that always answered the same would be found."""
    answers = {
        (
            tuple(case.expected.criteria.items()),
            case.expected.status,
            case.expected.unusable,
            tuple(case.expected.horizon.items()),
        )
        for case in SECTIONS[section]
    }
    assert len(answers) > 1


@pytest.mark.parametrize("criterion", [one.id for one in DOCUMENT.study.criteria])
def test_every_criterion_has_cases_of_every_truth(criterion: str) -> None:
    """Cases in which only that truth is right."""
    only = {
        case.expected.criteria[criterion] for case in CASES if criterion in case.expected.criteria
    }
    assert only >= {(truth,) for truth in TRUTHS}


@pytest.mark.parametrize("section", STATUSES)
def test_every_status_of_fhir_has_a_case(section: str) -> None:
    written = {case.id.split(".")[1] for case in SECTIONS["statuses", section]}
    assert written >= set(STATUSES[section].split())


@pytest.mark.parametrize("name", names())
def test_a_table_says_what_it_is_about(name: str) -> None:
    assert table(name)["about"].endswith(".")


def test_the_suite_is_written_out_and_its_answers_are_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Right answers pass; a wrong one, and a person who was left out, are told."""
    some = [case for case in CASES if case.section == "infarction"]
    command.materialise(tmp_path, some)
    expected = json.loads((tmp_path / "expected.json").read_text())
    assert expected["schema"] == "gradatim.conformance/1"
    assert [one["id"] for one in expected["cases"]] == [case.id for case in some]
    assert {path.name for path in (tmp_path / "people").iterdir()} == set(map(file_name, some))
    assert json.loads((tmp_path / expected["cases"][0]["file"]).read_text())["entry"]
    assert expected["cases"][0]["arguments"][:2] == ["--on", "2026-11-16"]
    answers = [screened(case).person for case in some]
    assert command.judge([{"people": answers}]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"{len(some)} of {len(CASES)} cases as they must be"

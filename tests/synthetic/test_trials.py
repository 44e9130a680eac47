"""The first trial's worked cases and candidates: complete, consistent, and writable as FHIR R4."""

import json
from collections import defaultdict

import pytest

from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.core.verdict import Reason
from gradatim.protocol.load import bundled, load
from gradatim.synthetic.cases import Case, Cases, load_cases
from gradatim.synthetic.written import Expectation
from tests.synthetic.shape import faults

STUDY = load("nct05962762").study
FOLDER = bundled()["nct05962762"].parent
WORKED = load_cases(FOLDER / "participants.yaml")
CANDIDATES = load_cases(FOLDER / "candidates.yaml")
EVERYONE = [*WORKED.cases, *CANDIDATES.cases]
CRITERIA = {one.id: one for one in STUDY.criteria}


def usual(case: Case) -> Expectation | None:
    """Give what is expected under the default readings."""
    return case.default if case.readings else case.expect


def expectations(case: Case) -> list[Expectation]:
    return [case.expect, case.default] if case.default else [case.expect]


@pytest.mark.parametrize("case", EVERYONE, ids=lambda case: case.id)
def test_everyone_is_written_as_r4(case: Case) -> None:
    made = case.bundle(STUDY.elements)
    assert faults(json.loads(json.dumps(made, allow_nan=False))) == []
    resources = [entry["resource"] for entry in made["entry"]]
    records = sum(map(len, case.person.records.values())) + len(case.person.allergies)
    assert len(resources) == 1 + records


def test_there_are_enough_and_none_twice() -> None:
    assert len(WORKED.cases) >= 70
    assert len({case.about for case in WORKED.cases}) == len(WORKED.cases)
    assert [case.id for case in CANDIDATES.cases] == [f"C-{n:02}" for n in range(1, 13)]


@pytest.mark.parametrize("cases", [WORKED, CANDIDATES], ids=["participants", "candidates"])
def test_a_case_says_one_sentence_and_expects_something(cases: Cases) -> None:
    for case in cases.cases:
        assert case.about.endswith("."), case.id
        for expect in expectations(case):
            assert expect.truth or expect.status, case.id


def test_expectations_name_what_there_is() -> None:
    reasons = set(Reason)
    for case in EVERYONE:
        for expect in expectations(case):
            assert set(expect.truth) <= set(CRITERIA), case.id
            assert set(expect.because_of.values()) <= reasons, case.id
            for id in expect.because_of:
                assert expect.truth[id] is UNKNOWN, case.id


def test_a_status_agrees_with_the_verdicts_beside_it() -> None:
    for case in EVERYONE:
        for expect in expectations(case):
            fails = any(failing(id, truth) for id, truth in expect.truth.items())
            if fails or expect.status == "ineligible":
                assert expect.status in ("ineligible", None), case.id
            if UNKNOWN in expect.truth.values():
                assert expect.status != "eligible", case.id
            if expect.status == "ineligible":
                assert fails, case.id


def failing(id: str, truth: Truth) -> bool:
    return truth is (FALSE if CRITERIA[id].category == "inclusion" else TRUE)


@pytest.mark.parametrize("id", list(CRITERIA))
def test_every_criterion_is_true_false_and_unknown_of_someone(id: str) -> None:
    seen = {expect.truth.get(id) for case in WORKED.cases if (expect := usual(case))}
    assert {TRUE, FALSE, UNKNOWN} <= seen


def test_every_alternative_reading_changes_a_verdict_of_someone() -> None:
    changed = defaultdict(list)
    for case in WORKED.cases:
        if case.readings:
            assert case.default is not None, case.id
            assert set(case.default.truth) == set(case.expect.truth), case.id
            if case.default.truth != case.expect.truth:
                changed[next(iter(case.readings.items()))].append(case.id)
    alternatives = {(one.id, other.name) for one in CRITERIA.values() for other in one.alternatives}
    assert set(changed) == alternatives


def test_the_base_passes_every_criterion() -> None:
    base = WORKED.case("eligible-man").expect
    assert set(base.truth) == set(CRITERIA)
    assert not any(failing(id, truth) for id, truth in base.truth.items())
    assert UNKNOWN not in base.truth.values()


def test_candidates_differ_in_outcome() -> None:
    outcomes = [case.expect.status for case in CANDIDATES.cases]
    assert set(outcomes) == {"eligible", "ineligible", "undetermined"}

"""Judged by HL7's own translator and engine, verdict by verdict, on the same FHIR people."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.core.verdict import Reason, Verdict
from gradatim.evidence.fhir.statuses import MEDICATION_USED, NOT_TAKEN
from gradatim.exports.cql.document import Exported
from gradatim.protocol.elements import COVERABLE
from gradatim.screening.assess import passing
from tests.exports.judging import (
    TRUTHS,
    Asked,
    differences,
    execute,
    export,
    translate,
    unavailable,
    verdicts_of,
)
from tests.exports.people import SECOND, TRIAL, generated, worked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("judged"),  # what is judged once serves all of them
    pytest.mark.skipif(bool(unavailable()), reason=f'suite "cql": {unavailable()}'),
]
GENERATED, FEWER = 200, 80
OTHERS = {
    "I1a": "ct_as_tie_breaker",
    "I1b": "both_visits",
    "I2a": "summed_days",
    "E3": "from_diagnosis",
    "E6b": "either_visit",
    "E7c": "C",
    "E11a": "latest",
    "E15a": "lifetime",
}
LEAST_SHARE = 0.01


class Both(NamedTuple):
    """One set of people with what each of the two says of them."""

    library: Exported
    elm: dict[str, Path]
    people: list[Asked]
    ours: list[dict[str, Verdict]]
    theirs: list[dict[str, bool | str | None]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Judge everybody once by each."""
    library = export(TRIAL)
    closed_world, others = export(TRIAL, closed_world=True), export(TRIAL, OTHERS)
    elm = translate(
        tmp_path_factory.mktemp("cql"),
        open_world=library,
        closed_world=closed_world,
        others=others,
        second=export(SECOND),
    )
    people = [*worked(), *generated(GENERATED)]
    ours = [verdicts_of(TRIAL, one, library.criteria) for one in people]
    return Both(library, elm, people, ours, execute(elm["open_world"], people).verdicts)


def test_no_verdict_differs(both: Both) -> None:
    """Every criterion of every person: true, false and null are TRUE, FALSE and UNKNOWN."""
    assert len(both.theirs) == len(both.people)
    found = [
        (n, *one)
        for n, pair in enumerate(zip(both.ours, both.theirs, strict=True))
        for one in differences(*pair)
    ]
    assert found == []


def test_every_verdict_occurs(both: Both) -> None:
    """Nearly every criterion has each truth in one verdict of a hundred: agreement means something.

    Rarer are E7d, which needs two results at once, and an age that a partial date of birth leaves
    open.
    """
    seen = Counter((id, one.truth) for of in both.ours for id, one in of.items())
    least = LEAST_SHARE * len(both.people)
    rare = {
        (id, truth) for id in both.library.criteria for truth in Truth if seen[id, truth] < least
    }
    assert rare <= {("E7d", TRUE), ("I0", UNKNOWN)}
    assert all(seen[one] for one in rare)


def test_the_status_is_that_of_the_criteria_exported(both: Both) -> None:
    """Ineligible where one fails; never eligible, since some criteria are left out."""
    assert both.library.left_out
    for ours, theirs in zip(both.ours, both.theirs, strict=True):
        fails = any(
            passing(one, ours[one.id].truth) is False
            for one in TRIAL.study.criteria
            if one.id in ours
        )
        assert theirs["Status"] == ("ineligible" if fails else "undetermined")


def test_passes_follows_the_category(both: Both) -> None:
    """An inclusion passes when true, an exclusion when false, neither when null."""
    for criterion in (one for one in TRIAL.study.criteria if one.id in both.library.criteria):
        for theirs in both.theirs:
            said = theirs[criterion.id]
            assert said is None or isinstance(said, bool)
            passes = theirs[f"{criterion.id} passes"]
            assert passes is passing(criterion, TRUTHS[said])


def test_a_closed_world_differs_only_where_nothing_settles_it(both: Both) -> None:
    """With a plain `exists` what is not known is false: that, and nothing else, differs.

    What is UNKNOWN here is then true or false there; a verdict that is settled here is the same.
    """
    people, ours = both.people[-FEWER:], both.ours[-FEWER:]
    theirs = execute(both.elm["closed_world"], people).verdicts
    found = [one for pair in zip(ours, theirs, strict=True) for one in differences(*pair)]
    unknown = sum(one.truth is UNKNOWN for of in ours for one in of.values())
    assert {one.ours for one in found} == {UNKNOWN}
    assert {one.theirs for one in found} == {TRUE, FALSE}
    assert len(found) == unknown > 0
    assert {one.cause for one in found} == set(Reason)


def test_nothing_is_left_to_the_stand_in_for_fhir_helpers(both: Both) -> None:
    """The judge's own FHIRHelpers types a retrieve; no function of it is ever called."""
    assert '"libraryName":"FHIRHelpers"' not in both.elm["open_world"].read_text(encoding="utf-8")


SNOMED, RXNORM = "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"


def kept_open(kind: str, about: str, system: str, code: str, status: str) -> dict[str, Any]:
    """A record of somebody whose status says neither yes nor no."""
    coded = {"coding": [{"system": system, "code": code}]}
    return {
        "resourceType": kind,
        "id": "of-no-status",
        "status": status,
        "subject": {"reference": "Patient/p"},
        about: coded,
    }


NO_ANSWER = [
    (kind, "medicationCodeableConcept", RXNORM, "327361", status)
    for kind, of in MEDICATION_USED.items()
    if kind != "MedicationDispense"
    for status in sorted({"unknown", "on-hold", "completed", "draft", "?"} - {*of, *NOT_TAKEN})
] + [("Observation", "code", SNOMED, "363346000", status) for status in ("preliminary", "?")]


@pytest.mark.parametrize("record", NO_ANSWER, ids=lambda record: f"{record[0]}-{record[-1]}")
def test_a_status_that_says_nothing_makes_nothing_absent(
    both: Both, record: tuple[str, str, str, str, str]
) -> None:
    """Where screening leaves an element open, the library is not more certain."""
    sure = next(
        one
        for one, ours in zip(both.people, both.ours, strict=True)
        if {*one.coverage} == {*COVERABLE} and ours["E3"].truth is ours["E9"].truth is FALSE
    )
    whose = next(
        entry["resource"]["id"]
        for entry in sure.bundle["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    )
    added = kept_open(*record) | {"subject": {"reference": f"Patient/{whose}"}}
    entries = [*sure.bundle["entry"], {"resource": added}]
    asked = sure._replace(bundle={**sure.bundle, "entry": entries})
    ours = verdicts_of(TRIAL, asked, both.library.criteria)
    (theirs,) = execute(both.elm["open_world"], [asked]).verdicts
    opened = {id for id, one in ours.items() if one.truth is UNKNOWN}
    assert {id for id in opened if theirs[id] is not None} == set()
    before = next(found for one, found in zip(both.people, both.ours, strict=True) if one is sure)
    assert opened - {id for id, one in before.items() if one.truth is UNKNOWN}


def test_other_readings(both: Both) -> None:
    """Alternatives that CQL can say agree as well, those of other criteria included."""
    people = both.people[-FEWER:]
    criteria = export(TRIAL, OTHERS).criteria
    ours = [verdicts_of(TRIAL, one, criteria, OTHERS) for one in people]
    theirs = execute(both.elm["others"], people).verdicts
    assert [one for pair in zip(ours, theirs, strict=True) for one in differences(*pair)] == []


def test_the_second_trial(both: Both) -> None:
    """Another trial, with rules that the first does not have, agrees as well."""
    people = [*worked(SECOND), *generated(FEWER, trial=SECOND)]
    criteria = export(SECOND).criteria
    ours = [verdicts_of(SECOND, one, criteria) for one in people]
    theirs = execute(both.elm["second"], people).verdicts
    assert [one for pair in zip(ours, theirs, strict=True) for one in differences(*pair)] == []

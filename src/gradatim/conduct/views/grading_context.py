"""What a grade of a participant's value depends on besides the value, as the ledger tells it.

The albumin of its day, whether on anticoagulation then, and the protocol's choice about readings
that nobody has repeated.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from gradatim.clinical.ctcae.grade import MeasuredValue, analyte_of_codes
from gradatim.clinical.ctcae.table import analyte_called
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.facts import facts_of
from gradatim.core.dates import Day
from gradatim.core.quantity import convert
from gradatim.core.same import Same
from gradatim.evidence.facts import Fact, Facts, Observed
from gradatim.protocol.elements import Element
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import Grading

_ALBUMIN = "albumin"
_ANTICOAGULANTS, _ANTIPLATELETS = "B01A", "B01AC"
"""ATC: antithrombotic agents, and among them those that leave the INR as it is."""


def analyte_of(element: Element) -> str | None:
    """Return the analyte by which an element's values are graded, found by its LOINC codes."""
    return analyte_of_codes(element.loinc)


def graded_value(fact: Fact) -> MeasuredValue:
    """Return a fact's value as grading takes it, with its limits in its own unit."""
    low = fact.low and convert(fact.low.value, fact.low.unit, fact.unit)
    high = fact.high and convert(fact.high.value, fact.high.unit, fact.unit)
    return MeasuredValue(fact.value, fact.unit, fact.bound, low, high)


class Surroundings(NamedTuple):
    """What is known around the values of a participant.

    Args:
        facts: all that is known of the participant.
        albumin: the elements that are albumin.
        anticoagulants: the elements that are drugs which raise the INR.
        grading: what the protocol says of grading.
    """

    facts: Facts
    albumin: tuple[str, ...]
    anticoagulants: tuple[str, ...]
    grading: Grading

    def albumin_of(self, fact: Fact) -> MeasuredValue | None:
        """Return the albumin of a value's sample, or else of its day; None where there is none."""
        those = [
            one
            for name in self.albumin
            for one in self.facts.of(name)
            if one.value is not None and fact.start.exact and one.start == fact.start
        ]
        of_sample = [one for one in those if one.entry == fact.entry]
        return graded_value((of_sample or those)[-1]) if those else None

    def anticoagulated(self, day: Day) -> bool | None:
        """Return whether an anticoagulant was taken on a day; None where the ledger leaves it open.

        It was not only where the drugs of the day are declared complete.
        """
        perhaps = any(self.facts.not_understood.get(name) for name in self.anticoagulants)
        for name in self.anticoagulants:
            for one in self.facts.of(name):
                if one.code == "false" or one.start.first > day.last or one.end.last < day.first:
                    continue
                certain = one.start.last <= day.first and one.end.first >= day.last
                if certain and not one.doubtful:
                    return True
                perhaps = True
        observed = self.facts.coverage.get("exposure")
        if perhaps or observed is None or not self.anticoagulants:
            return None
        return False if _covers(observed, day) else None


def _covers(observed: Observed, day: Day) -> bool:
    since, until = observed
    return (since is None or since <= day.first) and (until is None or day.last <= until)


def surroundings(state: State, participant: Participant) -> Surroundings:
    """Return what is known around a participant's values; the protocol must have a version."""
    study = state.governing("elements", participant)
    grading = state.governing("safety", participant).safety.how_graded
    named = tuple(grading.anticoagulants) or anticoagulants_of(study)
    albumin = tuple(name for name, one in analytes_of(study).items() if one == _ALBUMIN)
    return Surroundings(facts_of(state, participant), albumin, named, grading)


def analytes_of(study: Study) -> Mapping[str, str]:
    """Return the analytes by which the elements of a protocol are graded, by element."""
    return _analytes_of(Same(study))


@lru_cache(maxsize=64)
def _analytes_of(of: Same[Study]) -> dict[str, str]:
    known = ((name, analyte_of(one)) for name, one in of.it.elements.items())
    return {name: analyte for name, analyte in known if analyte is not None}


def anticoagulants_of(study: Study) -> tuple[str, ...]:
    """Return the elements of a protocol that are anticoagulants by their ATC codes.

    Source: WHO ATC index, B01A antithrombotic agents without B01AC platelet aggregation inhibitors.
    """
    return _anticoagulants_of(Same(study))


@lru_cache(maxsize=64)
def _anticoagulants_of(of: Same[Study]) -> tuple[str, ...]:
    return tuple(
        name
        for name, element in of.it.elements.items()
        if element.kind == "exposure"
        and (codes := [c for group in element.codes if group.system == "atc" for c in group.codes])
        and all(c.startswith(_ANTICOAGULANTS) and not c.startswith(_ANTIPLATELETS) for c in codes)
    )


@lru_cache(maxsize=128)
def speaks_of_repeated(analyte: str) -> bool:
    """Whether a term of an analyte is not settled by one reading."""
    return any(
        "repeated" in step.conditions
        for term in analyte_called(analyte).terms
        for steps in term.clauses.values()
        for step in steps
    )


@lru_cache(maxsize=128)
def depends_on(analyte: str) -> tuple[bool, bool]:
    """Return whether a grade depends on the albumin, and whether on anticoagulation."""
    of = analyte_called(analyte)
    anticoagulation = any("on anticoagulation" in term.clauses for term in of.terms)
    return bool(of.corrected_by), anticoagulation


def derived_to_grade(study: Study) -> tuple[str, ...]:
    """Return the elements that are graded although they are worked out, such as a QTc.

    What is worked out of values that are graded themselves, such as a GFR of a creatinine, is not.
    """
    analytes = analytes_of(study)
    return tuple(
        name
        for name, element in study.elements.items()
        if element.derived is not None
        and name in analytes
        and analytes.keys().isdisjoint(element.derived.inputs.values())
    )

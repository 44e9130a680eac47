"""Responses by the criteria that the protocol names for an endpoint, at each visit.

Everybody dosed is counted at every visit, whether seen there or not. Baseline and values are those
of `responses`; of several values of one visit the last counts. A component that is missing, or is
no exact number, leaves the answer unknown unless the others settle it: never "no".
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gradatim.analysis.groups import Group, dosed, groups, level_label
from gradatim.analysis.responses import Course, EndpointElement, Measure, responses
from gradatim.analysis.rests_on import RestsOn, rests_on
from gradatim.clinical.domains import Domain
from gradatim.clinical.response_criteria import (
    RESPONSE_CRITERIA,
    UNKNOWN_ANSWER,
    Judgement,
    ResponseCriterion,
)
from gradatim.conduct.state import State
from gradatim.protocol.study import Endpoint

NOT_SEEN = "no value at this visit"
EVERYBODY = "everybody dosed"


class VisitResponse(NamedTuple):
    """What a criterion says of one participant at one visit.

    Args:
        visit: the encounter's name in the protocol.
        answer: one of the criterion's answers, or `unknown`.
        because: the values that decide it, or what is missing.
    """

    participant: str
    level: int | None
    level_label: str
    visit: str
    answer: str
    because: str


class VisitCounts(NamedTuple):
    """How many have which answer at a visit.

    Args:
        label: the visit, as people call it.
        counts: for each group of the table, the number with each answer; the last is unknown.
        overall: the same of everybody dosed.
    """

    visit: str
    label: str
    counts: tuple[tuple[int, ...], ...]
    overall: tuple[int, ...]


class ResponseRow(NamedTuple):
    """One visit of one group, or of everybody dosed, as a table shows it."""

    visit: str
    group: str
    dosed: int
    counts: tuple[int, ...]


class ResponseTable(NamedTuple):
    """The responses to one criterion of one endpoint.

    Args:
        answers: what is counted, in this order; the last is `unknown`.
        groups: the dose levels, with how many had a dose.
        visits: in the order of the protocol's schedule; those at which somebody had a value.
        responses: everybody dosed at each of these visits.
        outside_visits: values after the first dose that belong to no visit, and so count nowhere.
        rests_on: where the endpoint comes from.
    """

    endpoint: Endpoint
    criterion: ResponseCriterion
    answers: tuple[str, ...]
    groups: tuple[Group, ...]
    visits: tuple[VisitCounts, ...]
    responses: tuple[VisitResponse, ...]
    outside_visits: int
    rests_on: tuple[RestsOn, ...]

    @property
    def rows(self) -> tuple[ResponseRow, ...]:
        """The visits, each with a row for every group and, of several, one for everybody."""
        return tuple(row for visit in self.visits for row in self._rows_of(visit))

    def _rows_of(self, visit: VisitCounts) -> Iterator[ResponseRow]:
        for group, counts in zip(self.groups, visit.counts, strict=True):
            yield ResponseRow(visit.label, group.label, group.dosed, counts)
        if len(self.groups) > 1:
            yield ResponseRow(
                visit.label, EVERYBODY, sum(one.dosed for one in self.groups), visit.overall
            )


def response_tables(state: State) -> tuple[ResponseTable, ...]:
    """Return a table for each response criterion of each endpoint, in the protocol's order.

    Args:
        state: the trial, already as of the data cut.
    """
    if not state.versions:
        return ()
    return tuple(
        _table(state, endpoint, RESPONSE_CRITERIA[name], endpoint.response.inputs)
        for endpoint in state.study.endpoints
        if endpoint.response is not None
        for name in endpoint.response.criteria
    )


def _table(
    state: State, endpoint: Endpoint, criterion: ResponseCriterion, inputs: Mapping[str, str]
) -> ResponseTable:
    courses = {
        domain.name: _courses(state, endpoint, domain, inputs[domain.name])
        for domain in criterion.domains
    }
    later = [
        measure
        for by_participant in courses.values()
        for course in by_participant.values()
        for measure in course.later
    ]
    seen = {measure.encounter for measure in later}
    encounters = state.study.schedule.encounters
    visits = [*(name for name in encounters if name in seen), *sorted(seen - {*encounters, ""})]
    found = tuple(
        VisitResponse(
            one.id,
            one.level,
            level_label(state, one.level),
            visit,
            *_judged(criterion, {name: of[one.id] for name, of in courses.items()}, visit),
        )
        for visit in visits
        for one in dosed(state)
    )
    by_level = groups(state, "level")
    answers = (*criterion.answers, UNKNOWN_ANSWER)
    return ResponseTable(
        endpoint,
        criterion,
        answers,
        by_level,
        tuple(
            VisitCounts(
                visit,
                encounters[visit].label if visit in encounters else visit,
                tuple(_counts(found, visit, answers, group) for group in by_level),
                _counts(found, visit, answers),
            )
            for visit in visits
        ),
        found,
        sum(not measure.encounter for measure in later),
        rests_on((f"{endpoint.level} endpoint: {endpoint.label}", endpoint)),
    )


def _courses(state: State, endpoint: Endpoint, domain: Domain, element: str) -> dict[str, Course]:
    of = EndpointElement(element, domain.label, domain.unit, (endpoint,))
    return {course.participant: course for course in responses(state, of).courses}


def _judged(criterion: ResponseCriterion, courses: Mapping[str, Course], visit: str) -> Judgement:
    baseline = {name: course.baseline for name, course in courses.items()}
    now = {name: _last_at(course, visit) for name, course in courses.items()}
    if not any(now.values()):
        return Judgement(UNKNOWN_ANSWER, NOT_SEEN)
    judgement = criterion.judge(_numbers(baseline), _numbers(now))
    if judgement.answer != UNKNOWN_ANSWER:
        return judgement
    inexact = [
        f"{domain.label} {when}: {measure.why}"
        for when, measures in (("at baseline", baseline), ("at follow-up", now))
        for domain in criterion.domains
        if (measure := measures[domain.name]) is not None and measure.why
    ]
    return Judgement(UNKNOWN_ANSWER, "; ".join([judgement.because, *inexact]))


def _last_at(course: Course, visit: str) -> Measure | None:
    """Return the last value of a visit, an inexact one too; None if there is none."""
    return next((one for one in reversed(course.later) if one.encounter == visit), None)


def _numbers(measures: Mapping[str, Measure | None]) -> dict[str, float | None]:
    return {name: None if one is None else one.value for name, one in measures.items()}


def _counts(
    found: tuple[VisitResponse, ...],
    visit: str,
    answers: tuple[str, ...],
    group: Group | None = None,
) -> tuple[int, ...]:
    given = [
        one.answer
        for one in found
        if one.visit == visit and (group is None or one.participant in group.participants)
    ]
    return tuple(given.count(answer) for answer in answers)

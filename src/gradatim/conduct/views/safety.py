"""What a participant's adverse events and results mean: candidates, and outcomes for the design."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Literal, NamedTuple

import msgspec

from gradatim.conduct.days import day_of
from gradatim.conduct.events.participants import (
    Disposition,
    InformedConsentWithdrawn,
    ParticipantFound,
)
from gradatim.conduct.events.product import DoseWithheld
from gradatim.conduct.events.safety import (
    AdverseEventClassified,
    DoseLimitingToxicityAdjudicated,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import (
    DIED,
    adverse_events,
    courses,
    died_on,
    unexplained_death,
)
from gradatim.conduct.views.allowances import judged_not_evaluable, observed_by_judgement
from gradatim.conduct.views.doses import (
    doses,
    entries_of,
    first_dose,
    first_dose_at,
    first_dose_on,
    given,
)
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.conduct.views.grades import Graded, beside_zero, grades, measured_after, worsened
from gradatim.conduct.views.past import LaterChange, before, changes, first_after
from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day, step
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.core.verdict import Verdict
from gradatim.dosefinding.outcomes import DoseOutcome
from gradatim.evidence.facts import Facts, GradeSpell
from gradatim.protocol.treatment import Sentinel
from gradatim.safety import dlt
from gradatim.safety.events import AdverseEvent, fatal, graded, relation

LONGEST_ID = 100
"""Characters of a candidate's name."""
Origin = Literal["adverse event", "result", "results", "leaving", "death"]
"""What makes somebody a candidate: a death is one that no adverse event accounts for."""


class DltCandidate(NamedTuple):
    """What may be a dose-limiting toxicity.

    Args:
        id: its name for adjudication: of an adverse event its number.
        label: what people call it.
        verdict: why it is one, by the protocol's definition.
        origin: what makes it one.
        entry: the entry that holds that.
        dose_limiting: what the committee said; None while it has not. Until then it counts.
        changed_by: the entry since which the definition no longer makes it one; None if it does.
            What has been a candidate stays one until it is adjudicated, whoever changes what.
        event: the adverse event, or the result as one, that makes it a candidate, as it was then;
            None where it is one because somebody left.
    """

    id: str
    label: str
    verdict: Verdict
    origin: Origin
    entry: int
    dose_limiting: bool | None
    changed_by: int | None = None
    event: AdverseEvent | None = None

    @property
    def counts(self) -> bool:
        """Whether it counts as a dose-limiting toxicity."""
        return self.dose_limiting is not False


def possible_dlts(state: State, participant: Participant) -> tuple[DltCandidate, ...]:
    """Give what may be a dose-limiting toxicity of a participant, adjudicated or not."""
    return participant.remembered("candidates", lambda: _candidates(state, participant))


def _candidates(state: State, participant: Participant) -> tuple[DltCandidate, ...]:
    now = _by_its_entries(state, participant)
    found = (*now, *_former(state, participant, now))
    return (*found, *_as_adjudicated(state, participant, {one.id for one in found}))


def _by_its_entries(state: State, participant: Participant) -> tuple[DltCandidate, ...]:
    """Return what the entries, as they stand, make a candidate."""
    said = _adjudicated(state, participant)
    results = (one.event for one in worsened_results(state, participant))
    events = {one.id: one for one in (*adverse_events(state, participant), *results)}
    found = [*_by_definition(state, participant), *_leaving(state, participant)]
    return tuple(
        DltCandidate(
            *one, _adjudication(state, participant, one, said.get(one.id)), event=events.get(one.id)
        )
        for one in found
    )


def _adjudicated(state: State, participant: Participant) -> dict[str, tuple[int, bool]]:
    return {
        event.candidate: (position, event.dose_limiting)
        for position, event in entries_of(state, participant, DoseLimitingToxicityAdjudicated)
    }


def _former(
    state: State, participant: Participant, now: tuple[DltCandidate, ...]
) -> Iterator[DltCandidate]:
    """Return what was a candidate and is none any more, with what the committee said of it.

    A death is one no more where the adverse event that accounts for it is one itself.
    """
    known = {one.id for one in now}
    explained = any(one.event is not None and fatal(one.event) for one in now)
    found: dict[str, DltCandidate] = {}
    for change in changes(state, participant):
        for one in _before(state, participant, change):
            if one.id not in known and not (explained and one.origin == "death"):
                found[one.id] = one._replace(changed_by=change.position)
    said = _adjudicated(state, participant)
    known_of = courses(state, participant)
    for one in found.values():
        at, limiting = said.get(one.id, (0, None))
        judged = limiting if at > (one.changed_by or 0) else one.dose_limiting
        course = known_of.get(one.id)
        if judged is False and course is not None and course.worse_at > at:
            judged = None  # the committee cleared it as it was: what became worse is open again
        yield one._replace(dose_limiting=judged, verdict=_was(one))


def _as_adjudicated(
    state: State, participant: Participant, known: Container[str]
) -> Iterator[DltCandidate]:
    """Return what the committee has judged as dose-limiting and the entries make one no more.

    Only the committee takes its judgement back; what was made in error counts no more.
    """
    for id, (at, limiting) in _adjudicated(state, participant).items():
        if not limiting or id in known:
            continue
        then = _before(state, participant, LaterChange(at, anything=True, as_answered=True))
        for one in then:
            if one.id == id:
                later = participant.entries_of.get(AdverseEventClassified, ())
                since = next((answer for answer in later if answer > at), at)
                found = one._replace(dose_limiting=True, changed_by=since)
                yield found._replace(verdict=_was(found))


def _before(
    state: State, participant: Participant, change: LaterChange
) -> tuple[DltCandidate, ...]:
    """Return the candidates that there were before a change, of those that it concerns."""

    def worked_out() -> tuple[DltCandidate, ...]:
        past, was = before(state, participant, change)
        return _by_its_entries(past, was) if past.versions else ()

    answered = len(participant.entries_of.get(AdverseEventClassified, ()))
    return participant.remembered_before(change.position, answered, worked_out)


def _was(one: DltCandidate) -> Verdict:
    """Say what a candidate was before it was changed."""
    if one.event is None:
        text = f"was a candidate until entry {one.changed_by} changed it"
        return Verdict(one.verdict.truth, text, children=(one.verdict,))
    grade = graded(one.event)
    known = f"grade {'unknown' if grade is None else grade}"
    if not one.event.lab:
        known += f", {one.event.investigator_relation or 'relation unknown'}"
    return Verdict(
        one.verdict.truth,
        f"was a candidate: {known}, until entry {one.changed_by} changed it",
        one.verdict.evidence,
    )


def _adjudication(
    state: State, participant: Participant, found: "_Found", said: tuple[int, bool] | None
) -> bool | None:
    """Return what the committee said, while it knew the worst: what became worse is open again."""
    if said is None:
        return None
    at, limiting = said
    return None if not limiting and _worse_at(state, participant, found) > at else limiting


def _worse_at(state: State, participant: Participant, found: "_Found") -> int:
    """Return the last entry that made a candidate worse, or changed what it rests on."""
    course = courses(state, participant).get(found.id)
    measured = course is not None or found.origin in ("result", "results")
    corrected = state.corrected_by.get(found.entry, []) if measured else []
    # Results together are known as of the last value that bears it out.
    since = found.entry if found.origin == "results" else 0
    return max(course.worse_at if course else 0, *corrected, since)


class _Found(NamedTuple):
    """What may be dose-limiting, before the committee is asked; see `DltCandidate`."""

    id: str
    label: str
    verdict: Verdict
    origin: Origin
    entry: int


class WorseResult(NamedTuple):
    """A result that became worse after a dose, as an adverse event, and the entry that holds it."""

    entry: int
    event: AdverseEvent


def _by_definition(state: State, participant: Participant) -> list[_Found]:
    """Return the candidates that the protocol's definition makes: events, and worsened results."""
    done = given(state, participant)
    if not done:
        return []
    study = state.governing("safety", participant)
    first, last = day_of(state, done[0]), day_of(state, done[-1])
    known = courses(state, participant)
    events = [one.event for one in known.values()]
    results = measured_results(state, participant)
    found = [
        _Found(
            one.event.id,
            one.event.term,
            one.verdict,
            "adverse event",
            known[one.event.id].position,
        )
        for one in dlt.candidates(study, events, first, last, results)
    ]
    if results is not None:
        found += [
            _Found(
                f"results-{'-'.join(one.elements)}"[:LONGEST_ID],
                f"{', '.join(study.elements[name].label for name in one.elements)} (results)",
                one.verdict,
                "results",
                max(position_of(fact) for fact in one.facts),
            )
            for one in dlt.limiting_results(study, results, first, last)
        ]
    return found + [
        _Found(event.id, f"{event.term} (laboratory)", verdict, "result", entry)
        for entry, event in worsened_results(state, participant)
        if (verdict := dlt.defined(study, event, first, last, results)).truth is not FALSE
    ]


def measured_results(state: State, person: Participant) -> Facts | None:
    """Return the values after the first dose that the safety rules ask about; None if of none."""
    dose = first_dose(state, person)
    named = dlt.measured_elements(state.governing("safety"))
    if dose is None or not named:
        return None
    known = facts_of(state, person)
    found = {
        name: tuple(one for one in known.of(name) if measured_after(state, one, dose))
        for name in named
    }
    return replace(known, by_element={name: some for name, some in found.items() if some})


def worsened_results(state: State, participant: Participant) -> list[WorseResult]:
    """Return the results that became worse after a dose; before one nothing is graded."""
    return participant.remembered("worsened", lambda: _worsened(state, participant))


def _worsened(state: State, participant: Participant) -> list[WorseResult]:
    if first_dose_at(state, participant) is None:
        return []
    found = [one for one in beside_zero(state, participant) if worsened(one)]
    spells: dict[tuple[int, str, str], tuple[GradeSpell, ...]] = {}
    if found and dlt.asks_how_long(state.governing("safety", participant)):
        spells = _spells(state, participant)
    names = _result_names(found)
    return [
        WorseResult(
            one.position,
            msgspec.structs.replace(
                _as_event(state, participant, one),
                id=names[_graded_as(one)],
                spells=spells.get(_graded_as(one), ()),
            ),
        )
        for one in found
    ]


def _result_names(found: Sequence[Graded]) -> dict[tuple[int, str, str], str]:
    """Return the name of each result as an event, such as `179-body_weight`.

    A value that may be graded as two terms is two events: what is said of one settles no other. The
    worse one has the plain name.
    """
    names: dict[tuple[int, str, str], str] = {}
    taken: dict[str, int] = {}
    for one in sorted(found, key=lambda one: (-one.by_numbers, one.grade.term)):
        plain = f"{one.position}-{one.element}"
        taken[plain] = number = taken.get(plain, 0) + 1
        names[_graded_as(one)] = plain if number == 1 else f"{plain}.{number}"
    return names


def _graded_as(one: Graded) -> tuple[int, str, str]:
    return one.position, one.element, one.grade.term


def _spells(
    state: State, participant: Participant
) -> dict[tuple[int, str, str], tuple[GradeSpell, ...]]:
    """Return the grades that each value and those after it have, until the next one is taken.

    What was between two values nobody knows: a grade is sure on the day of a value.
    """
    series: dict[tuple[str, str], list[Graded]] = {}
    for one in grades(state, participant):
        if one.after_dose:
            series.setdefault((one.element, one.grade.term), []).append(one)
    found: dict[tuple[int, str, str], tuple[GradeSpell, ...]] = {}
    for some in series.values():
        some.sort(key=lambda one: (one.fact.start.last, one.position))
        days = [one.fact.start for one in some]
        row = tuple(
            GradeSpell(one.by_numbers, day, after, day)
            for one, day, after in zip(some, days, [*days[1:], NEVER_ENDED], strict=True)
        )
        found |= {_graded_as(one): row[n:] for n, one in enumerate(some)}
    return found


def _as_event(state: State, participant: Participant, one: Graded) -> AdverseEvent:
    """Give a value that became worse as an adverse event nobody has judged yet.

    Of a value of an unknown day it is not known whether it lies in the window.
    """
    at = first_dose_at(state, participant)
    day = one.fact.start
    if day == ANY_DAY and at is not None:
        day = Day(date(at.year, 1, 1), date(at.year, 12, 31))
    return AdverseEvent(
        id=f"{one.position}-{one.element}",
        participant=participant.id,
        term=one.grade.term,
        grade=one.by_numbers,
        onset=day,
        lab=True,
    )


def _leaving(state: State, participant: Participant) -> list[_Found]:
    """Give who left, or had a dose withheld, for an event that may be related to the product.

    It counts as dose-limiting unless the committee records otherwise. A death that no adverse event
    accounts for may be related.
    """
    found = []
    events = {one.id: one for one in adverse_events(state, participant)}
    for position, event in entries_of(
        state, participant, DoseWithheld, Disposition, InformedConsentWithdrawn
    ):
        because = events.get(event.adverse_event or "")
        died = isinstance(event, Disposition) and event.status == DIED
        if because is None and died and (death := unexplained_death(state, participant)):
            because = death.event
        if because is None or not may_be_related(because):
            continue
        left = "withheld" if isinstance(event, DoseWithheld) else "died" if died else "left"
        term = because.term if event.adverse_event is not None else "cause not recorded"
        why = Verdict(UNKNOWN, f"{left} because of {term}, which may be related")
        origin: Origin = "death" if died else "leaving"
        found.append(_Found(f"{left}-{position}", f"{left} ({term})", why, origin, position))
    return found


def may_be_related(event: AdverseEvent) -> bool:
    """Whether a relation to the product is not excluded; of what nobody judged it is not."""
    return relation(event) is not FALSE


def left_for_unrelated_reasons(state: State, participant: Participant) -> Verdict:
    """Say whether a participant left for reasons unrelated to the product (TRUE), or not.

    Somebody with a candidate that counts is not replaced, nor one who completed the window.
    """
    standing = [one.label for one in possible_dlts(state, participant) if one.counts]
    if standing:
        return Verdict(FALSE, f"{participant.id} counts for {', '.join(standing)}")
    dosed = bool(given(state, participant))
    if dosed and dlt_outcome(state, participant, date.max) is DoseOutcome.NO_DLT:
        return Verdict(FALSE, f"{participant.id} has been evaluated")
    return Verdict(TRUE, "nothing related to the product is recorded")


def counting_dlts(
    state: State, participant: Participant, at: datetime | None = None
) -> list[DltCandidate]:
    """Return what counts as a dose-limiting toxicity of a participant.

    Args:
        state: the trial.
        participant: whose.
        at: a moment in the past; what counted then, and was cleared since, is returned too. What
            was done then was done while it stood.
    """
    return [
        one
        for one in possible_dlts(state, participant)
        if one.counts or (at is not None and _stood(state, participant, one, at))
    ]


def _stood(state: State, participant: Participant, one: DltCandidate, at: datetime) -> bool:
    """Whether something was a candidate at a moment, and was cleared only since."""
    since = first_after(state, at)
    said = [
        (position, event.dose_limiting)
        for position, event in entries_of(state, participant, DoseLimitingToxicityAdjudicated)
        if event.candidate == one.id
    ]
    if all(position < since for position, _ in said):
        return False
    then = _before(state, participant, LaterChange(since, anything=True))
    if any(was.id == one.id for was in then):
        return any(was.id == one.id and was.counts for was in then)
    if one.changed_by is None or one.changed_by >= since:
        return False
    earlier = [limiting for position, limiting in said if position < since]
    return not earlier or earlier[-1]


def dlt_outcome(
    state: State, participant: Participant, on: date, at: datetime | None = None
) -> DoseOutcome | None:
    """Return what a treated participant is for the design, as of a day.

    Args:
        state: the trial.
        participant: who.
        on: the day.
        at: see `counting_dlts`.

    Returns:
        None for who is not evaluable and so does not count.
    """
    found = counting_dlts(state, participant, at)
    if any(one.dose_limiting for one in found):
        return DoseOutcome.DLT
    if found:
        return DoseOutcome.CANDIDATE
    if participant.replaced or not given(state, participant):
        return None
    if judged_not_evaluable(state, participant):
        return None
    return _without_toxicity(state, participant, on)


def _without_toxicity(state: State, participant: Participant, on: date) -> DoseOutcome | None:
    done = given(state, participant)
    study = state.governing("safety", participant)
    first, last = day_of(state, done[0]), day_of(state, done[-1])
    left = left_on(state, participant)
    _, closes = dlt.window(study, first, last)
    if left is not None and closes is not None and left < closes:
        return None  # gone before the window closed
    if not dlt.complete(study, first, last, on):
        return DoseOutcome.PENDING
    return DoseOutcome.NO_DLT if _enough(state, participant) else None


def left_on(state: State, participant: Participant) -> date | None:
    """Give the day on which a participant left the trial or died; None while they are in it."""
    died = died_on(state, participant)
    if participant.status not in ("withdrawn", "lost to follow-up", "died"):
        return died
    days = [] if died is None else [died]
    found = max(participant.entries_of.get(ParticipantFound, ()), default=0)
    days += [
        event.occurred_on
        for at, event in entries_of(state, participant, Disposition, InformedConsentWithdrawn)
        if at > found and getattr(event, "scope", "all") == "all"
    ]
    return min(days, default=None)


def unobserved(state: State, participant: Participant, sentinel: Sentinel) -> bool:
    """Whether who was to be watched after the first dose was not, or had a reaction.

    They left or died before the wait was over, left the treatment before the infusions that are to
    be observed, or have what counts as a dose-limiting toxicity that began while they were watched;
    where the committee has judged it, as it did, of what it knew.
    Source: EMEA/CHMP/SWP/28367/07 Rev. 1 (2017), section 8.2.7.
    """
    done, dosed = given(state, participant), first_dose_on(state, participant)
    assert dosed is not None
    closes = step(dosed, sentinel.wait)
    reactions = reactions_while_watched(state, participant, sentinel)
    judged = observed_by_judgement(state, participant, reactions)
    if judged is not None:
        return not judged
    left = left_on(state, participant)
    if left is not None and left < closes:
        return True
    ended = left is not None or participant.consent != "given"
    withheld = any(one.withheld for one in doses(state, participant).values())
    if len(done) < sentinel.infusions and (ended or withheld):
        return True
    return bool(reactions)


def reactions_while_watched(
    state: State, participant: Participant, sentinel: Sentinel
) -> list[str]:
    """Return what counts as dose-limiting and began before the wait after a first dose was over."""
    dosed = first_dose_on(state, participant)
    if dosed is None:
        return []
    closes = step(dosed, sentinel.wait)
    return [
        one.id
        for one in possible_dlts(state, participant)
        if one.counts and began_on(state, participant, one) < closes
    ]


def began_on(state: State, participant: Participant, one: DltCandidate) -> date:
    """Return the first day on which a candidate may have begun; of results together any day.

    Who left because of an event had it from its onset on.
    """
    if one.event is not None:
        return one.event.onset.first
    if one.origin == "results":
        return date.min
    entry = state.events[one.entry]
    because = courses(state, participant).get(getattr(entry, "adverse_event", None) or "")
    onset = because.event.onset.first if because else entry.occurred_on
    return min(onset, entry.occurred_on)


def _enough(state: State, participant: Participant) -> bool:
    """Whether every planned dose was given, neither too little of it nor too much.

    One whose part is not known does not do.
    """
    asked = state.governing("safety", participant).safety.evaluable
    if asked is None:
        return True
    least, most = asked.dose_fraction, asked.most
    known = doses(state, participant)
    planned = state.governing("treatment", participant).treatment.administration.doses
    if planned is not None and any(number not in known for number in range(1, planned + 1)):
        return False
    parts = [one.fraction for one in known.values() if one.given or one.withheld]
    return all(part is not None and least - 1e-9 <= part <= most + 1e-9 for part in parts)

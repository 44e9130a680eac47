"""What a participant's adverse events and results mean: candidates, outcomes, fired rules."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Literal, NamedTuple

import msgspec

from gradatim.clinical.ctcae.terms import folded
from gradatim.conduct.corrections import correction_of, is_signed
from gradatim.conduct.days import day_of
from gradatim.conduct.events.participants import (
    Disposition,
    EntryCorrected,
    InformedConsentWithdrawn,
    RecordNotUnderstood,
)
from gradatim.conduct.events.product import DoseWithheld
from gradatim.conduct.events.safety import (
    AdverseEventClassified,
    AdverseEventUpdated,
    DoseLimitingToxicityAdjudicated,
)
from gradatim.conduct.messages import Standing, listed
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import (
    DIED,
    adverse_events,
    courses,
    died_on,
    unexplained_death,
)
from gradatim.conduct.views.allowances import judged_not_evaluable
from gradatim.conduct.views.doses import (
    doses,
    entries_of,
    first_dose,
    first_dose_at,
    first_dose_on,
    given,
)
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.conduct.views.grades import Graded, grades, measured_after, worsened
from gradatim.conduct.views.judgements import (
    JUDGEMENTS,
    lessened,
    lessened_by,
    to_be_signed,
)
from gradatim.conduct.views.past import LaterChange, before, changes
from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day, step
from gradatim.core.message import Term, Text
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.core.verdict import Verdict
from gradatim.dosefinding.outcomes import DoseOutcome
from gradatim.evidence.facts import Facts, GradeSpell
from gradatim.protocol.treatment import Sentinel
from gradatim.safety import dlt, stopping
from gradatim.safety.events import AdverseEvent, fatal, graded, relation

LONGEST_ID = 100
"""Characters of a candidate's name."""
Origin = Literal["adverse event", "result", "leaving", "death"]
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
    return (*now, *_former(state, participant, now))


def _by_its_entries(state: State, participant: Participant) -> tuple[DltCandidate, ...]:
    """Return what the entries, as they stand, make a candidate."""
    said = _adjudicated(state, participant)
    results = (one.event for one in _worsened(state, participant))
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
    for one in found.values():
        at, limiting = said.get(one.id, (0, None))
        since = at > (one.changed_by or 0)
        yield one._replace(
            dose_limiting=limiting if since else one.dose_limiting, verdict=_was(one)
        )


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
    measured = course is not None or found.origin == "result"
    corrected = state.corrected_by.get(found.entry, []) if measured else []
    return max(course.worse_at if course else 0, *corrected, 0)


def why_signed(state: State, event: EntryCorrected) -> str:
    """Say why a correction takes a signature; empty where it takes none.

    What was signed is signed anew. An investigator signs what makes less than it was recorded an
    adverse event that is a candidate or that a stopping rule stands on, and that a record which is
    not understood is not of an element after all. The correction must be usable.
    """
    if is_signed(state, event.of):
        return f"entry {event.of} is signed"
    was, now = correction_of(state, event)
    if isinstance(was, RecordNotUnderstood) and isinstance(now, RecordNotUnderstood):
        settled = [name for name in was.elements if name not in now.elements]
        if settled:
            return f"{', '.join(settled)} would be open no longer"
        other = (was.start, was.end) != (now.start, now.end)
        return "it would be of other days" if other else ""
    if not isinstance(was, JUDGEMENTS):
        return ""
    name, day = was.adverse_event, event.occurred_on
    rests = rests_on(state, state.participants[was.participant], name, day)
    if rests and lessened(was, now):
        return f"{rests}, and would be less"
    renamed = getattr(was, "term", "") != getattr(now, "term", "")
    if renamed and _bears_out_a_rule(state, name, day):
        return f"{name} is what a stopping rule stands on, and would be another"
    return ""


def rests_on(state: State, participant: Participant, adverse_event: str, on: date) -> Text:
    """Say what of the trial's safety rests on an adverse event as of a day; empty if nothing."""
    if adverse_event in {found.id for found in possible_dlts(state, participant)}:
        return Standing.IS_CANDIDATE(adverse_event=Term(adverse_event))
    if _bears_out_a_rule(state, adverse_event, on):
        return Standing.BEARS_OUT_RULE(adverse_event=Term(adverse_event))
    return ""


def _bears_out_a_rule(state: State, adverse_event: str, on: date) -> bool:
    return any(adverse_event in rule.by for rule in unanswered_rules(state, on))


def update_takes_signature(state: State, event: AdverseEventUpdated) -> bool:
    """Whether an investigator signs an update of an adverse event.

    They do where it makes less what was signed, what is a candidate or what a stopping rule stands
    on, and where something about the event was changed without the signature that it takes. The
    update must be usable.
    """
    one = state.participants[event.participant]
    course = courses(state, one)[event.adverse_event]
    waiting = {getattr(entry, "adverse_event", None) for _, entry in to_be_signed(state, one)}
    if course.unsigned or event.adverse_event in waiting:
        return True
    if not lessened_by(event, course.event):
        return False
    return course.signed or bool(rests_on(state, one, event.adverse_event, event.occurred_on))


class _Found(NamedTuple):
    """What may be dose-limiting, before the committee is asked; see `DltCandidate`."""

    id: str
    label: str
    verdict: Verdict
    origin: Origin
    entry: int


class _WorseResult(NamedTuple):
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
    results = _results(state, participant)
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
                "result",
                max(position_of(fact) for fact in one.facts),
            )
            for one in dlt.limiting_results(study, results, first, last)
        ]
    return found + [
        _Found(event.id, f"{event.term} (laboratory)", verdict, "result", entry)
        for entry, event in _worsened(state, participant)
        if (verdict := dlt.defined(study, event, first, last, results)).truth is not FALSE
    ]


def _worsened(state: State, participant: Participant) -> list[_WorseResult]:
    """Return the results that became worse after a dose; before one nothing is graded."""
    if first_dose_at(state, participant) is None:
        return []
    found = [one for one in grades(state, participant) if worsened(one)]
    spells: dict[tuple[int, str, str], tuple[GradeSpell, ...]] = {}
    if found and dlt.asks_how_long(state.governing("safety", participant)):
        spells = _spells(state, participant)
    names = _result_names(found)
    return [
        _WorseResult(
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
        if because is None or not _may_be_related(because):
            continue
        left = "withheld" if isinstance(event, DoseWithheld) else "died" if died else "left"
        term = because.term if event.adverse_event is not None else "cause not recorded"
        why = Verdict(UNKNOWN, f"{left} because of {term}, which may be related")
        origin: Origin = "death" if died else "leaving"
        found.append(_Found(f"{left}-{position}", f"{left} ({term})", why, origin, position))
    return found


def _may_be_related(event: AdverseEvent) -> bool:
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


def dlt_outcome(state: State, participant: Participant, on: date) -> DoseOutcome | None:
    """Return what a treated participant is for the design, as of a day.

    Returns:
        None for who is not evaluable and so does not count.
    """
    found = possible_dlts(state, participant)
    if any(one.dose_limiting for one in found):
        return DoseOutcome.DLT
    if any(one.counts for one in found):
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
    days += [
        event.occurred_on
        for _, event in entries_of(state, participant, Disposition, InformedConsentWithdrawn)
    ]
    return min(days, default=None)


def unobserved(state: State, participant: Participant, sentinel: Sentinel) -> bool:
    """Whether who was to be watched after the first dose was not, or had a reaction.

    They left or died before the wait was over, left the treatment before the infusions that are to
    be observed, or have what counts as a dose-limiting toxicity that began while they were watched.
    Source: EMEA/CHMP/SWP/28367/07 Rev. 1 (2017), section 8.2.7.
    """
    done, dosed = given(state, participant), first_dose_on(state, participant)
    assert dosed is not None
    closes = step(dosed, sentinel.wait)
    left = left_on(state, participant)
    if left is not None and left < closes:
        return True
    ended = left is not None or participant.consent != "given"
    withheld = any(one.withheld for one in doses(state, participant).values())
    if len(done) < sentinel.infusions and (ended or withheld):
        return True
    return any(
        one.counts and (one.event is None or one.event.onset.first < closes)
        for one in possible_dlts(state, participant)
    )


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


POSSIBLY = " (possibly)"
"""What the key of a rule that only may have fired has after its name."""


class FiredRule(NamedTuple):
    """A stopping rule that has fired, or may have.

    Args:
        key: its name with the level and whom it rests on; what may have fired has another.
        action: `pause`, `stop level` or `stop`.
        level: the dose level that it is about; None for the trial.
        message: in a sentence.
        by: the adverse events and the participants that bear it out.
        certain: whether it has fired, and not only may have.
        answered: whether the committee has resumed dosing on it.
    """

    key: str
    action: str
    level: int | None
    message: Text
    by: tuple[str, ...]
    certain: bool = True
    answered: bool = False

    @property
    def text(self) -> str:
        """The sentence in English."""
        return str(self.message)

    def closes(self, level: int | None) -> bool:
        """Whether no dose is given at a level while it stands.

        What stops a level stops those above it, and of somebody without a level nobody knows.
        """
        return self.level is None or level is None or level >= self.level

    def ends_the_trial(self, lowest: int) -> bool:
        """Whether no dose is given at any level any more, whatever the committee decides.

        What only may have fired holds all doses, and ends nothing.
        """
        return self.certain and self.holds_everywhere(lowest)

    def holds_everywhere(self, lowest: int) -> bool:
        """Whether no dose is given at any level while it stands, and the committee cannot resume.

        Args:
            lowest: the lowest level of the protocol.
        """
        return self.action == "stop" or (self.action == "stop level" and self.level == lowest)


def unanswered_rules(state: State, on: date) -> list[FiredRule]:
    """Give the stopping rules that stand: those that pause, until the committee resumes dosing.

    What stops a level or the trial stands for good; nothing but an amendment ends it. What may have
    done so stands until it is known: that an event is related is excluded by the investigator and
    the sponsor.
    """
    return [one for one in fired_rules(state, on) if not one.answered]


def fired_rules(state: State, on: date) -> list[FiredRule]:
    """Return every stopping rule that has fired, or may have, answered or not."""
    return state.remembered(f"rules {on}", lambda: _fired(state, on))


def _fired(state: State, on: date) -> list[FiredRule]:
    if not state.versions:
        return []
    found = []
    answers = _answers(state)
    for one in stopping.fired(state.governing("safety"), _watched(state), on):
        answered = one.rule.action == "pause" and _answered(one, answers)
        found.append(
            FiredRule(
                _key(one), one.rule.action, one.level, _sentence(one), one.by, one.certain, answered
            )
        )
    return found


def _answers(state: State) -> dict[str, set[str]]:
    """Return the cases on which the committee has resumed dosing, by the rule that they are of."""
    found: dict[str, set[str]] = {}
    for key in state.resumed_rules:
        rule, _, cases = key.rpartition(": ")
        found.setdefault(rule, set()).update(cases.split(", "))
    return found


def _answered(one: stopping.Fired, answers: dict[str, set[str]]) -> bool:
    """Whether the committee knew of every case that a rule rests on, and that it is one.

    Who said that something may be so has not said that it is.
    """
    certain, possible = (_of(one, ""), _of(one, POSSIBLY))
    known = answers.get(certain, set())
    if not one.certain:
        known = known | answers.get(possible, set())
    return {*one.by} <= known if one.by else _key(one).rpartition(": ")[0] in answers


def _watched(state: State) -> list[stopping.Watched]:
    """Give every participant as the stopping rules see one, replaced ones too."""
    everybody = (
        person.remembered("watched", partial(_as_watched, state, person))
        for person in state.participants.values()
    )
    return [
        one
        for one in everybody
        if one.events or one.limiting is not None or (one.known and one.known.by_element)
    ]


def _as_watched(state: State, person: Participant) -> stopping.Watched:
    known = possible_dlts(state, person)
    cleared = {one.id for one in known if not one.counts}
    results = [
        _as_reported(state, person, one)
        for one in _worsened(state, person)
        if one.event.id not in cleared
    ]
    death = unexplained_death(state, person)
    deaths = [death.event] if death is not None and _may_be_related(death.event) else []
    now = {one.id: one for one in (*adverse_events(state, person), *results)}
    # What was changed counts as it was until the committee has adjudicated it.
    was = {
        one.id: _as_judged_since(one.event, now.get(one.id))
        for one in known
        if one.changed_by is not None and one.counts and one.event is not None
    }
    events = [*(one for one in now.values() if one.id not in was), *was.values(), *deaths]
    dosed = first_dose_on(state, person)
    counting = [one for one in known if one.counts]
    return stopping.Watched(
        person.id,
        person.level,
        events,
        dosed if counting else None,
        stopping.facts_for_rules(
            state.governing("safety"), person.id, events, _results(state, person)
        ),
        any(one.dose_limiting or one.verdict.truth is TRUE for one in counting),
        dosed,
        {},
    )


def _results(state: State, person: Participant) -> Facts | None:
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


def _as_reported(state: State, person: Participant, one: _WorseResult) -> AdverseEvent:
    """Return a result that became worse, judged as the adverse event is that was reported of it."""
    for course in courses(state, person).values():
        report = state.events[course.position]
        if getattr(report, "of", None) == one.entry and folded(course.event.term) == folded(
            one.event.term
        ):
            return _as_judged_since(msgspec.structs.replace(one.event, doubted=True), course.event)
    return one.event


def _as_judged_since(was: AdverseEvent, now: AdverseEvent | None) -> AdverseEvent:
    """Return an event as it was before a change, with the judgement that was waited for then.

    That nobody had judged the relation is no judgement that a later one could take back.
    """
    if now is None or relation(was) is not UNKNOWN:
        return was
    return msgspec.structs.replace(
        was,
        investigator_relation=now.investigator_relation,
        sponsor_relation=now.sponsor_relation,
    )


def _key(one: stopping.Fired) -> str:
    """Name what fired: what only may have is another thing than what has."""
    return f"{_of(one, '' if one.certain else POSSIBLY)}: {', '.join(sorted(one.by))}"


def _of(one: stopping.Fired, perhaps: str) -> str:
    level = "" if one.level is None else f" at level {one.level}"
    return f"{one.rule.id}{level}{perhaps}"


def _sentence(one: stopping.Fired) -> Text:
    """Return in a sentence which rule stands, what it does, and whom it rests on."""
    told = {
        "rule": Term(one.rule.id.replace("_", " ")),
        "action": Term(one.rule.action),
        "who": listed(sorted(one.by)),
    }
    if one.level is None:
        return (Standing.FIRED if one.certain else Standing.MAY_HAVE_FIRED)(**told)
    at_level = Standing.FIRED_AT if one.certain else Standing.MAY_HAVE_FIRED_AT
    return at_level(**told, level=one.level)

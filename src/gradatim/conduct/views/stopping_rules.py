"""Which stopping rules of the protocol stand: what has fired or may have, what was answered."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

import msgspec

from gradatim.clinical.ctcae.terms import folded
from gradatim.conduct.days import happened_at
from gradatim.conduct.events.trial import TrialResumed
from gradatim.conduct.messages import Standing, listed
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import ON_THE_WAY
from gradatim.conduct.views.adverse_events import adverse_events, courses, unexplained_death
from gradatim.conduct.views.doses import first_dose_on
from gradatim.conduct.views.grades import let_values_go
from gradatim.conduct.views.past import first_after
from gradatim.conduct.views.safety import (
    WorseResult,
    began_on,
    counting_dlts,
    may_be_related,
    measured_results,
    possible_dlts,
    worsened_results,
)
from gradatim.core.collecting import collector_paused
from gradatim.core.message import Term, Text
from gradatim.core.truth import TRUE, UNKNOWN
from gradatim.evidence.facts import Facts
from gradatim.safety import stopping
from gradatim.safety.events import AdverseEvent, relation, suspicion

POSSIBLY = " (possibly)"
"""What the key of a rule that only may have fired has after its name, and of one that has fired
after each case that only may bear it out."""


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


def unanswered_then(state: State, on: date, at: datetime) -> list[FiredRule]:
    """Return the stopping rules that stood at an earlier moment: by what had begun by that day.

    What has begun since, on what dosing was resumed since, and what the committee has cleared
    since, says nothing of what was done then.

    Args:
        state: the trial.
        on: the day.
        at: the moment.
    """

    def worked_out() -> list[FiredRule]:
        since = first_after(state, at)
        resumed = (one for _, one in state.events.of(TrialResumed) if happened_at(state, one) <= at)
        keys = {key for one in resumed for key in one.stopping_rules}
        watched = [
            now if _last_entry(state, now) < since else _watched_then(state, now, on, at)
            for now in _everybody(state)
        ]
        return [one for one in _fired(state, on, _concerned(watched), keys) if not one.answered]

    return state.remembered(f"rules then {on} {at}", worked_out)


def _last_entry(state: State, one: stopping.Watched) -> int:
    return max(state.participants[one.participant].entries, default=0)


def fired_rules(state: State, on: date) -> list[FiredRule]:
    """Return every stopping rule that has fired, or may have, answered or not."""
    return state.remembered(
        f"rules {on}", lambda: _fired(state, on, _concerned(_everybody(state)), state.resumed_rules)
    )


def _fired(
    state: State, on: date, watched: Sequence[stopping.Watched], resumed: Iterable[str]
) -> list[FiredRule]:
    if not state.versions:
        return []
    found = []
    answers = _answers(resumed)
    for one in stopping.fired(state.governing("safety"), watched, on):
        answered = one.rule.action == "pause" and _answered(one, answers)
        found.append(
            FiredRule(
                _key(one), one.rule.action, one.level, _sentence(one), one.by, one.certain, answered
            )
        )
    return found


def _answers(resumed: Iterable[str]) -> dict[str, set[str]]:
    """Return the cases on which the committee has resumed dosing, by the rule that they are of.

    Older keys do not tell which cases of a rule that had fired were only possible: those were
    answered as what they are called.
    """
    found: dict[str, set[str]] = {}
    for key in resumed:
        rule, _, cases = key.rpartition(": ")
        for case in cases.split(", "):
            plain = case.removesuffix(POSSIBLY)
            perhaps = "" if plain == case or rule.endswith(POSSIBLY) else POSSIBLY
            found.setdefault(rule + perhaps, set()).add(plain)
    return found


def _answered(one: stopping.Fired, answers: dict[str, set[str]]) -> bool:
    """Whether the committee knew of every case that a rule rests on, and that it is one.

    Who said that something may be so has not said that it is.
    """
    if not one.by:
        return _key(one).rpartition(": ")[0] in answers
    known = answers.get(_of(one, ""), set())
    supposed = known | answers.get(_of(one, POSSIBLY), set())
    return all(case in (supposed if _is_possible(one, case) else known) for case in one.by)


def _is_possible(one: stopping.Fired, case: str) -> bool:
    """Whether a case only may bear a rule out, or the rule only may have fired."""
    return case in one.perhaps or not one.certain


def _everybody(state: State) -> list[stopping.Watched]:
    """Return every participant as the stopping rules see one, replaced ones too.

    Before a protocol is in force there are no rules that could see anybody.
    """
    if not state.versions:
        return []
    with collector_paused():  # the first time it reads what everybody has
        return [
            person.remembered("watched", partial(_as_watched, state, person))
            for person in state.participants.values()
        ]


def _concerned(everybody: Iterable[stopping.Watched]) -> list[stopping.Watched]:
    """Return those whom a stopping rule may be about."""
    return [
        one
        for one in everybody
        if one.events or one.limiting is not None or (one.known and one.known.by_element)
    ]


def _watched_then(state: State, now: stopping.Watched, on: date, at: datetime) -> stopping.Watched:
    """Return a participant as the rules saw one at a moment, without what began after its day."""
    return _watching(state, state.participants[now.participant], on, at)


def _as_watched(state: State, person: Participant) -> stopping.Watched:
    found = _watching(state, person)
    if person.status not in ON_THE_WAY:  # their page is the next that asks for their values
        let_values_go(state, person)
    return found


def _watching(
    state: State, person: Participant, on: date = date.max, at: datetime | None = None
) -> stopping.Watched:
    """Return a participant as the rules see one.

    Args:
        state: the trial.
        person: who.
        on: the last day on which something began that is seen.
        at: a moment in the past; see `counting_dlts`.
    """
    counting = [
        one for one in counting_dlts(state, person, at) if began_on(state, person, one) <= on
    ]
    cleared = {one.id for one in possible_dlts(state, person)} - {one.id for one in counting}
    results = [
        _as_reported(state, person, one)
        for one in worsened_results(state, person)
        if one.event.id not in cleared
    ]
    death = unexplained_death(state, person)
    deaths = [death.event] if death is not None and may_be_related(death.event) else []
    now = {one.id: one for one in (*adverse_events(state, person), *results)}
    # What was changed counts as it was until the committee has adjudicated it.
    was = {
        one.id: _as_judged_since(one.event, now.get(one.id))
        for one in counting
        if one.changed_by is not None and one.event is not None
    }
    # What became known since counts too.
    events = [one for one in (*now.values(), *was.values(), *deaths) if one.onset.first <= on]
    dosed = first_dose_on(state, person)
    return stopping.Watched(
        person.id,
        person.level,
        events,
        dosed if counting else None,
        stopping.facts_for_rules(
            state.governing("safety"), person.id, events, _begun_by(state, person, on)
        ),
        any(one.dose_limiting or one.verdict.truth is TRUE for one in counting),
        dosed,
        {},
    )


def _begun_by(state: State, person: Participant, on: date) -> Facts | None:
    """Return somebody's results, without those of after a day."""
    results = measured_results(state, person)
    if results is None or on == date.max:
        return results
    by_then = {
        name: tuple(fact for fact in some if fact.start.first <= on)
        for name, some in results.by_element.items()
    }
    return replace(results, by_element={name: some for name, some in by_then.items() if some})


def _as_reported(state: State, person: Participant, one: WorseResult) -> AdverseEvent:
    """Return a result that became worse, judged as the adverse event is that was reported of it."""
    doubted = msgspec.structs.replace(one.event, doubted=True)
    reported = [
        _as_judged_since(doubted, course.event)
        for course in courses(state, person).values()
        if getattr(state.events[course.position], "of", None) == one.entry
        and folded(course.event.term) == folded(one.event.term)
    ]
    return max(reported, key=suspicion, default=one.event)  # the more related judgement counts


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
    """Name what fired: what only may have is another thing than what has, and so is each case."""
    if not one.certain:
        return f"{_of(one, POSSIBLY)}: {', '.join(sorted(one.by))}"
    cases = (f"{case}{POSSIBLY}" if _is_possible(one, case) else case for case in sorted(one.by))
    return f"{_of(one, '')}: {', '.join(cases)}"


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

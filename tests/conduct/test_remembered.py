"""What is remembered of participants is what the ledger says when it is folded from its start."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import coding as c
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import logs
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured, Signature
from gradatim.conduct.fold import apply, fold
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.grades import beside_zero, grades, unsigned
from gradatim.conduct.views.safety import possible_dlts, worsened_results
from gradatim.conduct.views.stopping_rules import unanswered_rules
from tests.conduct.treated import (
    AFTER,
    AT,
    BEFORE,
    DOSED,
    add,
    adjudicate,
    adverse,
    correct,
    one,
    treated,
)
from tests.conduct.trials import copied, event, protocol

SIGNED: dict[str, Any] = {"reason": "a slip", "signature": Signature("Dr A", "in error")}
PEOPLE = ("P1", "P2")


def folded_anew(state: State) -> State:
    """Fold the entries of a state, as they were written, from the first one."""
    written = ((at, (state.earlier.get(at) or [state.events[at]])[0]) for at in state.events)
    return fold(state.trial, written)


def remembered(state: State, who: Participant) -> dict[str, Any]:
    """Ask for everything that is remembered of a participant."""
    return {
        "candidates": possible_dlts(state, who),
        "worsened": worsened_results(state, who),
        "grades": grades(state, who),
        "beside zero": beside_zero(state, who),
        "unsigned": unsigned(state, who),
        "facts": facts_of(state, who),
        "adverse events": list(courses(state, who).items()),
        "doses": doses(state, who),
    }


def ask(state: State) -> dict[str, Any]:
    """Ask for everything that is remembered of anybody."""
    found: dict[str, Any] = {
        name: remembered(state, state.participants[name])
        for name in PEOPLE
        if name in state.participants
    }
    return {**found, "rules": unanswered_rules(state, AFTER)}


def of_trial(state: State, kind: type[Event], **fields: Any) -> int:
    """Add an event of the trial."""
    apply(state, state.position + 1, event(kind, "sponsor.1", on=AFTER, **fields))
    return state.position


def amend(state: State) -> None:
    """Let events of grade 2 be limiting too, of who is told of it."""
    text = protocol()[1].replace('version: "1.0"', 'version: "2.0"', 1)
    limiting = 'event: adverse_event, grade: ">= {}"'
    text = text.replace(limiting.format(3), limiting.format(2), 1)
    told: dict[str, Any] = {
        "version": "2.0",
        "document": text,
        "sha256": sha256(text.encode()).hexdigest(),
    }
    change = t.Change("safety", "after re-consent", "it is safer")
    of_trial(state, t.ProtocolAmended, changes=(change,), **told)


def approve_form(state: State) -> None:
    hashed = sha256(b"form").hexdigest()
    named: dict[str, Any] = {"version": "F-7", "language": "en", "of_protocol": "2.0"}
    of_trial(state, p.ConsentFormApproved, document_sha256=hashed, **named)


def renew(state: State) -> None:
    add(state, p.InformedConsentRenewed, version="F-7", language="en", obtained_by="i")


def told_of_amendment() -> State:
    state = treated()
    amend(state)
    approve_form(state)
    renew(state)
    return state


def ranges(state: State, male: float, female: float) -> None:
    limits = (
        t.Range(element="alt", unit="U/L", high=male, sex="male"),
        t.Range(element="alt", unit="U/L", high=female, sex="female"),
        t.Range(element="alt", unit="U/L", high=40.0),
    )
    version = {"laboratory": "l", "version": "v"}
    of_trial(state, t.ReferenceRangesRecorded, ranges=limits, **version)


def results(state: State, who: str, on: Any, *some: Measured) -> int:
    named: dict[str, Any] = {"laboratory": "l", "ranges_version": "v"}
    told: dict[str, Any] = {"collected_on": str(on), **named}
    return add(state, f.LaboratoryResultsRecorded, on, participant=who, results=some, **told)


def alt(value: float, **more: Any) -> Measured:
    return Measured(element="alt", value=value, unit="U/L", **more)


def candidates(state: State) -> list[tuple[str, int | None]]:
    found = possible_dlts(state, one(state))
    return [(each.id, each.event.grade if each.event else None) for each in found]


def test_a_form_that_is_recorded_later_says_which_version_governs() -> None:
    state = treated()
    amend(state)
    renew(state)
    adverse(state, grade=2)
    assert not candidates(state), "nobody knows what the form tells of"
    approve_form(state)
    assert candidates(state) == [("AE1", 2)]
    assert ask(state) == ask(folded_anew(state))


def test_a_candidate_of_an_amendment_does_not_vanish_by_a_correction() -> None:
    state = told_of_amendment()
    adverse(state, grade=2)
    at = state.position
    assert candidates(state) == [("AE1", 2)]
    correct(state, at, grade=1)
    assert candidates(state) == [("AE1", 2)]


def test_a_candidate_of_an_amendment_does_not_vanish_by_a_withdrawal() -> None:
    """Who withdraws is judged on by what they were told of and treated by."""
    state = told_of_amendment()
    adverse(state, grade=2)
    at = state.position
    add(state, p.InformedConsentWithdrawn, AFTER, scope="all")
    assert candidates(state) == [("AE1", 2)]
    correct(state, at, grade=1)
    assert candidates(state) == [("AE1", 2)]


def merged() -> tuple[State, int, int]:
    """Return results under a number that was given up: its registration, and the last of them."""
    state = treated()
    ranges(state, male=100, female=20)
    told: dict[str, Any] = {"person_token": "1" * 64, "sex": "male"}
    number = add(state, p.ParticipantRegistered, participant="P2", **told)
    results(state, "P2", BEFORE, alt(15))
    last = results(state, "P2", AFTER, alt(250))
    add(state, p.ParticipantsMerged, participant="P2", into="P1", reason="one person")
    return state, number, last


def test_a_result_under_a_number_that_was_given_up_was_graded_by_its_sex() -> None:
    state, _, last = merged()
    assert not candidates(state), "grade 1"
    correct(state, last, results=[msgspec.to_builtins(alt(15))])
    assert not candidates(state), "and so it was"


def test_the_sex_of_a_number_that_was_given_up_is_corrected_for_the_past_too() -> None:
    state, number, last = merged()
    correct(state, last, results=[msgspec.to_builtins(alt(15))])
    ask(state)
    correct(state, number, sex="female")
    assert candidates(state) == [(f"{last}-alt", 3)]
    assert ask(state) == ask(folded_anew(state))


def test_adverse_events_stand_in_the_order_in_which_they_were_reported() -> None:
    """However many came since somebody asked last."""
    state = treated()
    ask(state)
    names = [f"AE{number}" for number in range(12)]
    for name in names:
        adverse(state, adverse_event=name)
    assert list(courses(state, one(state))) == names


def test_a_term_of_a_list_was_one_of_it_before_a_change_too() -> None:
    state = treated()
    document = "term,synonyms\nMade-up swelling,Anaphylaxis\n"
    hashed = sha256(document.encode()).hexdigest()
    add(state, c.TermListLoaded, AFTER, name="n", version="1", document=document, sha256=hashed)
    adverse(state, term="Made-up swelling", grade=2)
    at = state.position
    (was,) = possible_dlts(state, one(state))
    correct(state, at, term="Nausea")
    (found,) = possible_dlts(state, one(state))
    assert found.changed_by == state.position
    assert found.verdict.truth is was.verdict.truth
    assert found.event is not None
    assert "Anaphylaxis" in found.event.also_called


VALUES = {
    "alt": ("U/L", (10.0, 40.0, 60.0, 250.0), 40.0),
    "ast": ("U/L", (10.0, 40.0, 130.0, 900.0), 40.0),
    "inr": ("{INR}", (1.0, 1.3, 2.0, 4.0), 1.2),
    "calcium": ("mmol/L", (1.6, 2.0, 2.3, 3.5), 2.6),
    "albumin": ("g/L", (15.0, 30.0, 40.0, 50.0), 50.0),
    "systolic_pressure": ("mm[Hg]", (110.0, 120.0, 145.0, 185.0), None),
    "neutrophils": ("10*9/L", (0.3, 1.2, 1.9, 5.0), None),
}
LOGGED = logs.ConcomitantMedicationRecorded


class Step(NamedTuple):
    """Something to record: a choice, days since the dose, and which of two it is."""

    act: str
    number: int
    days: int
    first: bool

    @property
    def day(self) -> date:
        """Its day."""
        return DOSED + timedelta(days=self.days)

    def who(self, state: State) -> str:
        """Return whom it is about: a number that was given up is about nobody."""
        return "P1" if self.first or state.participants["P2"].merged_into else "P2"

    def measured(self) -> Measured:
        """Return a value, with or without limits of its own."""
        element = [*VALUES][self.number % len(VALUES)]
        unit, some, high = VALUES[element]
        value = some[(self.number + self.days) % len(some)]
        return Measured(element=element, value=value, unit=unit, high=high if self.first else None)

    def of(self, state: State, *kinds: type[Event]) -> int | None:
        """Return one of the entries of some types."""
        mine = state.participants["P1"].entries_of
        found = sorted(at for kind in kinds for at in mine.get(kind, ()))
        return found[self.number % len(found)] if found else None


def measure(state: State, step: Step) -> None:
    if step.act == "result":
        results(state, step.who(state), step.day, step.measured())
        return
    at = AT + timedelta(days=step.days // 4, hours=step.number - 3)
    add(state, f.VitalSignsRecorded, at.date(), results=(step.measured(),), taken_at=at)


def correct_result(state: State, step: Step) -> None:
    if (of := step.of(state, f.LaboratoryResultsRecorded)) is None:
        return
    if step.act == "correct day":
        correct(state, of, collected_on=str(step.day))
    else:
        correct(state, of, results=[msgspec.to_builtins(step.measured())])


def give(state: State, step: Step) -> None:
    at = AT + timedelta(days=step.days)
    if step.act == "correct dose":
        of = step.of(state, x.DoseAdministered)
        assert of is not None
        correct(state, of, started_at=at.isoformat())
        return
    told: dict[str, Any] = {"dose": 2, "amount": 7e7, "unit": "{cells}"}
    add(
        state,
        x.DoseAdministered,
        step.day,
        started_at=at,
        ended_at=at + timedelta(hours=1),
        **told,
    )


def correct_sex(state: State, step: Step) -> None:
    registered = state.participants["P1" if step.first else "P2"].position
    correct(state, registered, sex="female" if step.days > 0 else "male")


def report(state: State, step: Step) -> None:
    told: dict[str, Any] = {"adverse_event": f"AE{state.position}", "onset": str(step.day)}
    adverse(state, grade=1 + step.number % 3, **told)


def follow(state: State, step: Step) -> None:
    if (of := step.of(state, s.AdverseEventReported)) is None:
        return
    told: dict[str, Any] = {"adverse_event": getattr(state.events[of], "adverse_event", "")}
    number, first = step.number, step.first
    match step.act:
        case "update":
            now: dict[str, Any] = {
                "relation": "possible" if first else "unrelated",
                "grade": 1 + number % 4,
            }
            add(state, s.AdverseEventUpdated, step.day, **told, **now)
        case "resolve":
            outcome = "fatal" if number == 0 else "recovered"
            ended: dict[str, Any] = {
                "resolved_on": str(AFTER + timedelta(days=9)),
                "outcome": outcome,
            }
            add(state, s.AdverseEventResolved, step.day, **told, **ended)
        case "classify":
            answers = {"anaphylaxis": "yes" if first else "no"}
            add(state, s.AdverseEventClassified, **told, answers=answers, signer="i")
        case "correct event":
            correct(state, of, **({"grade": 1} if first else {"term": "Anaphylaxis"}))


def judge(state: State, step: Step) -> None:
    if found := possible_dlts(state, one(state)):
        adjudicate(state, found[step.number % len(found)].id, step.first)


def void(state: State, step: Step) -> None:
    of = step.of(state, f.LaboratoryResultsRecorded, s.AdverseEventReported, LOGGED)
    if step.act == "take back" and state.voids:
        of = [*state.voids.values()][step.number % len(state.voids)].position
    if of is not None:
        add(state, p.EntryVoided, step.day, of=of, **SIGNED)


def treat(state: State, step: Step) -> None:
    if step.act == "complete":
        kinds = ("exposure",)
        add(state, p.HistoryDeclaredComplete, AFTER, kinds=kinds, signer="i", sources="all")
        return
    drug = "warfarin" if step.first else "made-up drug"
    told: dict[str, Any] = {"medication": f"M{state.position}", "drug": drug, "indication": "pain"}
    add(state, LOGGED, step.day, start=str(step.day), ongoing=step.number > 3, **told)


def go(state: State, step: Step) -> None:
    match step.act:
        case "merge" if not state.participants["P2"].merged_into:
            add(state, p.ParticipantsMerged, participant="P2", into="P1", reason="one person")
        case "transfer":
            told: dict[str, Any] = {"participant": "P1", "from_site": "S01"}
            went = event(p.ParticipantTransferred, "i", "S02", on=step.day, **told)
            apply(state, state.position + 1, went)
        case "withdraw":
            scope = "all" if step.first else "treatment"
            add(state, p.InformedConsentWithdrawn, step.day, scope=scope)
        case "die" if step.number < 3:
            add(state, p.Disposition, AFTER, status="died")


def set_zone(state: State, step: Step) -> None:
    zone = "Asia/Shanghai" if step.first else "America/Los_Angeles"
    add(state, t.SiteOpened, name="here", principal_investigator="i", time_zone=zone)


def range_anew(state: State, step: Step) -> None:
    ranges(state, male=20.0 + 20 * step.number, female=10.0 + 10 * step.number)


ACTS: dict[str, Callable[[State, Step], None]] = {
    **dict.fromkeys(("result", "vital"), measure),
    **dict.fromkeys(("correct result", "correct day"), correct_result),
    **dict.fromkeys(("dose", "correct dose"), give),
    "report": report,
    **dict.fromkeys(("update", "resolve", "classify", "correct event"), follow),
    "adjudicate": judge,
    **dict.fromkeys(("void", "take back"), void),
    **dict.fromkeys(("drug", "complete"), treat),
    **dict.fromkeys(("merge", "transfer", "withdraw", "die"), go),
    "correct sex": correct_sex,
    "zone": set_zone,
    "ranges": range_anew,
    "form": lambda state, _: approve_form(state),
    "renew": lambda state, _: renew(state),
}
ABOUT_ALL = {"correct sex", "zone", "ranges", "form", "merge", "transfer"}
"""What may leave somebody as they were remembered: it is looked at before the next entry."""
STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from([*ACTS, "result", "result", "report"]),
        st.integers(0, 7),
        st.integers(-9, 9),
        st.booleans(),
    ),
    min_size=4,
    max_size=16,
)


@lru_cache(maxsize=1)
def beginning() -> State:
    """Return an amended trial in which one is treated, and somebody is registered."""
    state = treated()
    amend(state)
    add(state, p.ParticipantRegistered, participant="P2", person_token="1" * 64, sex="male")
    results(state, "P1", BEFORE, alt(30, high=40.0))
    return state


def compare(state: State) -> None:
    """Insist that what is remembered is what a fold anew says."""
    asked, anew = ask(state), ask(folded_anew(state))
    for name in (*PEOPLE, "rules"):
        assert asked[name] == anew[name]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_what_is_asked_at_every_entry_is_what_a_fold_anew_says(steps: list[Step]) -> None:
    state = copied(beginning())
    for step in steps:
        ask(state)
        ACTS[step.act](state, step)
        if step.act in ABOUT_ALL:
            compare(state)
    compare(state)

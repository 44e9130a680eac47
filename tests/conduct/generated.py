"""Generated acts upon a trial under way, sensible and not: what property tests play."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from gradatim.conduct.escalation import advised
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured, Signature
from gradatim.conduct.ledger import Entry
from gradatim.conduct.proposals import proposed
from gradatim.conduct.proposed_acts import act_of
from gradatim.conduct.simulate.dosing import free_bags
from gradatim.conduct.simulate.opening import BAG_ML, CELLS_PER_ML
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Trial
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.weights import weighed
from gradatim.core.errors import UnusableInput
from tests.conduct.digest import digest
from tests.conduct.memory import ListStore
from tests.conduct.trials import START, simulated

NAME = "NCT05962762"
FROM = START + timedelta(days=24)
SIGNERS = ("committee.1", "committee.2")
Step = tuple[str, int, int, bool, int]
"""An act, of whom, a choice, whether properly done, and days that pass before it."""


@lru_cache(maxsize=1)
def beginning() -> tuple[Entry, ...]:
    """A trial some weeks old in which one is treated, one enrolled, and one waits."""
    for seed in range(1, 100):
        run = simulated(seed, until=FROM, incidents=())
        if {"treated", "enrolled", "waiting"} <= {
            one.status for one in run.state.participants.values()
        }:
            return tuple(run.trial.store.read(NAME))
    raise AssertionError("no seed gives such a trial")


def begun() -> Trial:
    """Give that trial, to go on with."""
    store = ListStore()
    store.entries[NAME] = list(beginning())
    return Trial(store, NAME)


@dataclass
class Scene:
    """What an act is made from."""

    state: State
    one: Participant
    choice: int
    proper: bool
    today: date
    at: datetime

    def by(self, role: str, number: int = 1) -> str:
        """Name somebody at the participant's site."""
        return f"{role}.{self.one.site}.{number}"

    def made(self, kind: type[Event], by: str, site: str | None = None, **fields: Any) -> Event:
        """Make an event of this moment."""
        return kind(
            occurred_on=self.today,
            recorded_at=self.at,
            recorded_by=by,
            site=self.one.site if site is None else site,
            **fields,
        )

    def about(self, kind: type[Event], role: str, **fields: Any) -> Event:
        """Make an event about the participant."""
        return self.made(kind, self.by(role), participant=self.one.id, **fields)

    def signed(self, kind: type[Event], **fields: Any) -> Event:
        """Make an event that the committee signs."""
        return self.made(kind, SIGNERS[0], "", signers=SIGNERS, **fields)

    def bag(self) -> tuple[str, str]:
        """Name a lot and one of its bags."""
        lots = [lot for lot in self.state.lots.values() if lot.containers]
        if not lots:
            return "none", "none"
        lot = lots[self.choice % len(lots)]
        return lot.id, list(lot.containers)[self.choice % len(lot.containers)]


def _sealed(s_: Scene, made: Event) -> Event:
    """Sign it, if it is properly done."""
    name = made.recorded_by
    return replace(made, signature=Signature(name, "I have seen it")) if s_.proper else made


def _enrol(s_: Scene) -> Event:
    return s_.about(p.ParticipantEnrolled, "investigator", level=s_.choice if s_.proper else 1)


def _assign(s_: Scene) -> Event:
    lot, bag = s_.bag()
    return s_.about(x.ProductAssigned, "pharmacist", lot=lot, dose=1, bags=(bag,))


def _prepare(s_: Scene) -> Event:
    lot, bag = s_.bag()
    return s_.about(
        x.DosePrepared,
        "cell_lab",
        lot=lot,
        dose=1,
        planned=4.5e7,
        weight_kg=45.0,
        unit="{cells}",
        amount=4.5e7 if s_.proper else 9e7,
        drawn=(x.Drawn(bag, 9.0, 1.0, s_.at),),
    )


def _ready(s_: Scene) -> list[Event]:
    """Weigh somebody, prepare the dose by that weight and have it verified."""
    known = [one.kg for one in weighed(s_.state, s_.one)] or [70.0]
    kg = round(known[-1] * (1, 1, 1.05, 0.96, 1.12, 2.2)[s_.choice], 1)
    counts = kg if s_.proper else known[-1]
    weight = Measured(element="body_weight", value=kg, unit="kg")
    celsius = Measured(element="body_temperature", value=36.6, unit="Cel")
    free = [
        (lot.id, bags)
        for lot in s_.state.lots.values()
        if len(bags := free_bags(lot)) > 3
        and all(bag.site == s_.one.site for bag in lot.containers.values())
    ]
    lot, bags = free[0] if free else ("none", ["none"])
    planned = counts * 1e6 * (1, 3, 5)[(s_.one.level or 1) - 1]
    left, drawn = planned / CELLS_PER_ML, []
    for bag in bags:
        drawn.append(x.Drawn(bag, min(left, BAG_ML), BAG_ML - min(left, BAG_ML), s_.at))
        left -= drawn[-1].volume_ml
        if left <= 0:
            break
    names = tuple(one.bag for one in drawn)
    return [
        s_.about(f.VitalSignsRecorded, "nurse", results=(weight, celsius), taken_at=s_.at),
        s_.about(x.ProductAssigned, "pharmacist", lot=lot, dose=1, bags=names),
        s_.about(
            x.DosePrepared,
            "cell_lab",
            lot=lot,
            dose=1,
            planned=planned,
            weight_kg=kg,
            unit="{cells}",
            amount=planned,
            drawn=tuple(drawn),
        ),
        s_.made(x.PreparationVerified, s_.by("cell_lab", 2), dose=1, participant=s_.one.id),
        _sign(s_),
    ]


def _against(s_: Scene) -> Event:
    """Record what speaks against a dose: a result, a fever, a diagnosis; or nothing of the kind."""
    day = str(s_.today)
    found = (
        ("alt", 400.0, "U/L", 40.0, ""),
        ("hbsag", None, "", None, "positive"),
        ("lvef", 30.0, "%", None, ""),
        ("potassium", 7.2, "mmol/L", 5.1, ""),
    )
    if s_.choice == 4:
        fever = Measured(element="body_temperature", value=39.5, unit="Cel")
        return s_.about(f.VitalSignsRecorded, "nurse", results=(fever,), taken_at=s_.at)
    if s_.choice == 5:
        return s_.about(
            p.FactRecorded, "investigator", start=day, fact=Measured(element="malignancy")
        )
    element, value, unit, high, code = found[(s_.choice - 1) % len(found)]
    result = Measured(element=element, value=value, unit=unit, high=high, code=code)
    return s_.about(
        f.LaboratoryResultsRecorded,
        "nurse",
        results=(result,),
        collected_on=day,
        laboratory="central",
        ranges_version="2026-1",
    )


def _verify(s_: Scene) -> Event:
    return s_.made(
        x.PreparationVerified, s_.by("cell_lab", 1 + s_.proper), dose=1, participant=s_.one.id
    )


def _sign(s_: Scene) -> Event:
    items = {item.id: "in order" for item in s_.state.study.treatment.checklist}
    return s_.about(
        x.PreDoseChecklistSigned,
        "investigator",
        dose=1,
        items=items if s_.proper else {},
        signer=s_.by("investigator"),
    )


def _give(s_: Scene) -> Event:
    return s_.about(
        x.DoseAdministered,
        "nurse",
        dose=1,
        started_at=s_.at,
        unit="{cells}",
        amount=4.5e7,
        ended_at=s_.at + timedelta(minutes=60),
        volume_ml=9.0,
    )


def _withhold(s_: Scene) -> Event:
    return s_.about(x.DoseWithheld, "investigator", dose=1, reason="not today")


def _event(s_: Scene) -> Event:
    return _sealed(
        s_,
        s_.about(
            s.AdverseEventReported,
            "investigator",
            adverse_event=f"A{s_.state.position}",
            term=("Fever", "Anaphylaxis", "Thromboembolic event")[s_.choice % 3],
            onset=str(s_.today),
            grade=s_.choice if s_.proper else None,
            relation="possible" if s_.proper else None,
        ),
    )


def _worse(s_: Scene) -> Event | None:
    mine = [number for number, of in s_.state.adverse_events.items() if of == s_.one.id]
    return (
        s_.about(s.AdverseEventUpdated, "investigator", adverse_event=mine[0], grade=s_.choice)
        if mine
        else None
    )


def _adjudicate(s_: Scene) -> Event | None:
    found = possible_dlts(s_.state, s_.one)
    return (
        s_.signed(
            s.DoseLimitingToxicityAdjudicated,
            candidate=found[0].id,
            reason="all saw it",
            dose_limiting=s_.proper,
            participant=s_.one.id,
        )
        if found
        else None
    )


def _pause(s_: Scene) -> Event:
    return s_.made(t.TrialPaused, s_.by("nurse"), reason="something is odd")


def _resume(s_: Scene) -> Event:
    rules = tuple(one.key for one in unanswered_rules(s_.state, s_.today)) if s_.proper else ()
    return s_.signed(t.TrialResumed, reason="seen by all", stopping_rules=rules)


def _withdraw(s_: Scene) -> Event:
    return s_.about(
        p.InformedConsentWithdrawn, "investigator", scope="all" if s_.proper else "treatment"
    )


def _replace(s_: Scene) -> Event:
    return s_.signed(p.ParticipantReplaced, reason="left early", participant=s_.one.id)


ROLES = ("investigator", "coordinator", "nurse", "pharmacist", "cell_lab")


def _correct(s_: Scene) -> Event:
    """Somebody at the site, or the sponsor, corrects what somebody recorded."""
    entry = s_.one.entries[-1 - s_.choice * 3 % len(s_.one.entries)]
    by = s_.by(ROLES[s_.choice % 5]) if s_.choice < 5 else "sponsor.1"
    tries: tuple[dict[str, Any], ...] = (
        {"occurred_on": str(s_.today)},
        {"grade": 1},
        {"relation": "unrelated"},
        {"signature": {"printed_name": "Dr A", "meaning": "judged"}},
        {"site": "S99"},
        {},
        {"onset": str(s_.today - timedelta(days=300))},
        {"serious": []},
        {"results": []},
    )
    fields = tries[(s_.choice * 2 + len(s_.one.entries)) % len(tries)]
    return _sealed(s_, s_.made(p.EntryCorrected, by, of=entry, fields=fields, reason="a slip"))


def _correct_event(s_: Scene) -> Event | None:
    """Somebody corrects an adverse event."""
    found = [at for at in s_.one.entries if isinstance(s_.state.events[at], s.AdverseEventReported)]
    if not found:
        return None
    tries = (
        {"grade": 1},
        {"relation": "unrelated"},
        {"grade": 4},
        {"term": "Headache"},
        {"onset": str(FROM - timedelta(days=300))},
    )
    return _sealed(
        s_,
        s_.made(
            p.EntryCorrected,
            s_.by(ROLES[s_.choice % 3]),
            of=found[-1],
            fields=tries[len(s_.one.entries) % 5],
            reason="a slip",
        ),
    )


def _judge(s_: Scene) -> Event | None:
    """Somebody judges an adverse event to be less."""
    mine = [number for number, of in s_.state.adverse_events.items() if of == s_.one.id]
    return (
        _sealed(
            s_,
            s_.about(
                s.AdverseEventUpdated,
                ROLES[s_.choice % 3],
                adverse_event=mine[-1],
                relation="unrelated",
                serious=(),
            ),
        )
        if mine
        else None
    )


def _assess(s_: Scene) -> Event | None:
    mine = [number for number, of in s_.state.adverse_events.items() if of == s_.one.id]
    return (
        s_.made(
            s.AdverseEventAssessed,
            "sponsor.1",
            "",
            participant=s_.one.id,
            adverse_event=mine[-1],
            relation="possible" if s_.proper else "unrelated",
            expected=True,
            reference_safety_information="IB 1",
        )
        if mine
        else None
    )


def _result(s_: Scene) -> Event:
    low = Measured(
        element="platelets", value=(20.0, 45.0, 150.0)[s_.choice % 3], unit="10*9/L", low=150.0
    )
    return s_.about(
        f.LaboratoryResultsRecorded,
        "nurse",
        results=(low,),
        laboratory="l",
        ranges_version="v",
        collected_on=str(s_.today),
    )


def _propose(s_: Scene) -> Event | None:
    """A member proposes an adjudication, on what is there or on what was there before."""
    found = [one for one in possible_dlts(s_.state, s_.one) if one.dose_limiting is None]
    if not found:
        return None
    act = act_of(
        s_.signed(
            s.DoseLimitingToxicityAdjudicated,
            candidate=found[0].id,
            reason="seen together",
            dose_limiting=False,
            participant=s_.one.id,
        )
    )
    return s_.made(
        r.ProposalMade,
        SIGNERS[0],
        "",
        proposal=f"D{s_.state.position}",
        act=act,
        seen=s_.state.position - (0 if s_.proper else s_.choice),
    )


def _countersign(s_: Scene) -> Event | None:
    open_ = [one for one in s_.state.proposals.values() if one.status == "open"]
    seen = s_.state.position - (0 if s_.proper else s_.choice)
    return (
        s_.made(r.ProposalSigned, SIGNERS[s_.choice % 2], "", proposal=open_[-1].id, seen=seen)
        if open_
        else None
    )


def _conclude(s_: Scene) -> Event | None:
    """What was proposed is recorded, in the name of both, whether or not both have signed it."""
    open_ = [one for one in s_.state.proposals.values() if one.status == "open"]
    by = s_.made(r.ProposalSigned, SIGNERS[1], "", proposal="none")
    return proposed(open_[-1], by, SIGNERS) if open_ else None


def _consent(s_: Scene) -> Event:
    return s_.about(
        p.InformedConsentRenewed, "investigator", version="2", language="en", obtained_by="i"
    )


def _excursion(s_: Scene) -> Event:
    lot, bag = s_.bag()
    return s_.made(
        x.TemperatureExcursion,
        s_.by("cell_lab"),
        lot=lot,
        bags=(bag,),
        worst_celsius=-80,
        minutes=20,
    )


def _leave(s_: Scene) -> Event:
    return s_.about(p.Disposition, "investigator", status="withdrawn", reason="moved")


def _decide(s_: Scene) -> Event:
    now, version = advised(s_.state, s_.today), s_.state.version
    assert version is not None
    actions = ("start", "escalate", "stay", "de_escalate", "hold", "stop")
    action = now.action if s_.proper and now.action in actions else actions[s_.choice]
    return s_.signed(
        r.DoseDecision,
        action=action,
        level=now.level if s_.proper else s_.choice,
        head=s_.state.position,
        head_hash="0" * 64,
        protocol_sha256=version.sha256,
        design="three_plus_three",
        advice_action=now.action,
        advice_level=now.level,
        outcomes=now.outcomes,
        reason="so be it",
    )


def _void(s_: Scene) -> Event:
    """Somebody marks an entry as made in error: one of the last, or any."""
    some = s_.one.entries
    entry = some[-1 - s_.choice % len(some)] if s_.proper else some[s_.choice * 7 % len(some)]
    by = s_.by(ROLES[s_.choice % 5])
    seal = Signature(by, "made in error")
    return s_.made(p.EntryVoided, by, of=entry, reason="another person", signature=seal)


def _confirm_void(s_: Scene) -> Event | None:
    """Somebody confirms the last that waits for it."""
    open_ = [one for one in s_.state.voids.values() if one.since is None]
    if not open_:
        return None
    by = s_.by("investigator" if s_.proper else ROLES[s_.choice % 5])
    seal = Signature(by, "made in error")
    return s_.made(p.VoidConfirmed, by, of=open_[-1].position, signature=seal)


def _take_void_back(s_: Scene) -> Event | None:
    """Somebody says that an entry is right after all."""
    mine = [one for one in s_.state.voids.values() if one.of in s_.one.voided]
    if not mine:
        return None
    by = s_.by("investigator")
    seal = Signature(by, "right after all")
    of = mine[s_.choice % len(mine)].position
    return s_.made(p.EntryVoided, by, of=of, reason="it was right", signature=seal)


def _lose(s_: Scene) -> Event:
    status = "lost to follow-up" if s_.proper else "died"
    return s_.about(p.Disposition, "investigator", status=status)


def _find(s_: Scene) -> Event:
    return s_.about(p.ParticipantFound, "nurse", reason="telephones")


def _correct_dose(s_: Scene) -> Event | None:
    """Somebody corrects the amount of a dose, or of its preparation."""
    kind = x.DoseAdministered if s_.proper else x.DosePrepared
    found = s_.one.entries_of.get(kind, [])
    if not found:
        return None
    event: Any = s_.state.events[found[-1]]
    amount = event.amount * (1.02, 10, 0.1, 0.5, 2, 0.98)[s_.choice]
    by = s_.by("nurse" if s_.proper else "cell_lab")
    fields = {"amount" if s_.proper else "planned": amount}
    return s_.made(p.EntryCorrected, by, of=found[-1], fields=fields, reason="a slip")


ACTS: dict[str, Callable[[Scene], Event | list[Event] | None]] = {
    "ready": _ready,
    "against": _against,
    "enrol": _enrol,
    "assign": _assign,
    "prepare": _prepare,
    "verify": _verify,
    "sign": _sign,
    "give": _give,
    "withhold": _withhold,
    "event": _event,
    "worse": _worse,
    "adjudicate": _adjudicate,
    "decide": _decide,
    "pause": _pause,
    "resume": _resume,
    "withdraw": _withdraw,
    "replace": _replace,
    "correct": _correct,
    "consent": _consent,
    "excursion": _excursion,
    "leave": _leave,
    "correct an event": _correct_event,
    "judge": _judge,
    "assess": _assess,
    "result": _result,
    "propose": _propose,
    "countersign": _countersign,
    "conclude": _conclude,
    "void": _void,
    "confirm a void": _confirm_void,
    "take a void back": _take_void_back,
    "lose": _lose,
    "find": _find,
    "correct a dose": _correct_dose,
}
REVERSING = ("void", "confirm a void", "take a void back", "lose", "find", "correct a dose")
"""Acts that take back what others did: laws told from what was recorded do not speak of them."""
STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(set(ACTS) - {*REVERSING})),
        st.integers(0, 5),
        st.integers(1, 5),
        st.booleans(),
        st.sampled_from((0, 0, 0, 1, 3, 14, 30)),
    ),
    min_size=5,
    max_size=40,
)


def play(trial: Trial, steps: list[Step], since: date = FROM) -> list[tuple[int, str]]:
    """Carry out generated acts; give position and digest of the state after each."""
    return list(_played(trial, steps, since))


def _played(trial: Trial, steps: list[Step], since: date) -> Iterator[tuple[int, str]]:
    today, people = since, list(trial.state.participants.values())
    for minute, (act, who, choice, proper, days) in enumerate(steps):
        today += timedelta(days=days)
        at = datetime(today.year, today.month, today.day, 7, tzinfo=UTC)
        scene = Scene(
            trial.state,
            people[who % len(people)],
            choice,
            proper,
            today,
            at + timedelta(minutes=minute),
        )
        made = ACTS[act](scene)
        for one in made if isinstance(made, list) else [made] if made else []:
            if isinstance(one, r.DoseDecision):
                one = replace(one, head_hash=trial.head.hash.hex())
            try:
                trial.record(one)
            except UnusableInput:
                break
        yield trial.state.position, digest(trial.state)

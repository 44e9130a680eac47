"""A ledger led on by hand where a simulation stops: corrections, amendments, an erasure.

It is marked as of a real trial, so that an installation may serve it; everybody in it is made up.
"""

import secrets
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.events import findings, participants, safety, trial
from gradatim.conduct.events.base import Event, Measured, Signature
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.folding.trial import submitted_study
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.personal import forget, sealed
from gradatim.conduct.simulate import simulate
from gradatim.conduct.state import Participant
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Recorded, RecordOutcome, Trial
from gradatim.protocol.load import bundled, load
from gradatim.protocol.questions import questions
from gradatim.synthetic.candidates import Candidates

NAME, SEED, START, UNTIL = "nct05962762", 3, date(2026, 4, 6), date(2026, 6, 20)
ON = date(2026, 6, 22)
INVESTIGATOR, COORDINATOR, SPONSOR = "investigator.S01.1", "coordinator.S01.1", "sponsor.1"
KEPT, ERASED = "S01-901", "S01-902"
PEOPLE = {
    KEPT: {"name": "Made-up Person Kept", "birth_date": "1991-02-03"},
    ERASED: {"name": "Made-up Person Erased", "birth_date": "1984-11-30"},
}
SIGNED = Signature("Investigator One", "I have reviewed this and it is right")


def corrected(path: Path, keys: Path) -> None:
    """Make the ledger in a SQLite file, and the keys of two of its people in a folder.

    Raises:
        AssertionError: something that has to be possible was refused.
    """
    document, source = load(NAME), bundled()[NAME]
    text = source.read_text(encoding="utf-8")
    store = open_store(f"sqlite:///{path}", StoreMode.CREATE)
    ledger_trial = _Ruled(store, document.study.study.id)
    people = Candidates(document.study, source.parent / "participants.yaml")
    simulate(
        ledger_trial,
        document,
        text,
        people,
        SEED,
        start=START,
        mode="real",
        until=UNTIL,
        incidents=(),
    )
    led = _Led(ledger_trial)
    keyring = Keyring(keys, secrets.token_bytes)
    for number in PEOPLE:
        _register(led, keyring, number)
    treated = next(
        one
        for one in ledger_trial.state.participants.values()
        if one.site == "S01" and one.entries_of[DoseAdministered]
    )
    _correct_weights(led)
    _correct_history(led)
    _correct_safety(led, treated)
    _correct_dose(led, treated)
    _amend(led)
    led.record(
        participants.PersonalDataErased,
        SPONSOR,
        "",
        participant=ERASED,
        order="order of a court",
        retention_ended_on=ON - timedelta(days=1),
    )
    assert forget(keyring, ledger_trial.state) == [ERASED]
    store.close()


class _Ruled(Trial):
    """A trial whose sponsor submits each version, and confirms its safety items, beforehand."""

    def record(self, event: Event, *said: Any, **more: Any) -> RecordOutcome:
        if isinstance(event, trial.ProtocolActivated | trial.ProtocolAmended):
            self._rule(event)
        return super().record(event, *said, **more)

    def _rule(self, event: trial.ProtocolActivated | trial.ProtocolAmended) -> None:
        by: dict[str, Any] = {
            "occurred_on": event.occurred_on,
            "recorded_at": event.recorded_at,
            "recorded_by": event.recorded_by,
        }
        held = trial.ProtocolSubmitted(
            **by, version=event.version, document=event.document, sha256=event.sha256
        )
        assert isinstance(super().record(held), Recorded)
        study = submitted_study(self.state)
        assert study is not None
        for one in (one for one in questions(study) if one.safety and not one.settled):
            made = trial.RulingSigned(
                **by,
                question=one.key,
                value=one.value,
                outcome="confirmed",
                answer=one.names[0] if one.choices else "",
                signer=event.recorded_by,
            )
            found = super().record(made)
            assert isinstance(found, Recorded), found


class _Led:
    """Records what must be possible, each act a minute after the one before."""

    def __init__(self, ledger_trial: Trial) -> None:
        self.trial = ledger_trial
        self.at = datetime.combine(ON, time(1), UTC)

    def record(self, kind: type[Event], by: str, site: str = "S01", **fields: Any) -> int:
        self.at += timedelta(minutes=1)
        event = kind(occurred_on=ON, recorded_at=self.at, recorded_by=by, site=site, **fields)
        outcome = self.trial.record(event, request=f"by-hand-{self.trial.state.position + 1}")
        assert isinstance(outcome, Recorded), outcome
        return outcome.position

    def correct(self, by: str, of: int, **fields: Any) -> int:
        return self.record(
            participants.EntryCorrected,
            by,
            of=of,
            fields=fields,
            reason="read from the wrong line",
            signature=SIGNED,
        )


def _register(led: _Led, keyring: Keyring, number: str) -> None:
    who = sealed(keyring, led.trial.name, number, PEOPLE[number], secrets.token_bytes)
    led.record(
        participants.ParticipantRegistered,
        COORDINATOR,
        participant=number,
        identity=who,
        sex="female",
        birth=PEOPLE[number]["birth_date"][:4],
    )
    led.record(
        participants.InformedConsentObtained,
        COORDINATOR,
        participant=number,
        version="1.1",
        language="zh-CN",
        obtained_by=INVESTIGATOR,
    )


def _weight(kg: float) -> list[dict[str, Any]]:
    return [{"element": "body_weight", "value": kg, "unit": "kg"}]


def _correct_weights(led: _Led) -> None:
    """One value is corrected twice: both earlier ones stay."""
    typed = led.record(
        findings.VitalSignsRecorded,
        COORDINATOR,
        participant=KEPT,
        results=(Measured(element="body_weight", value=17.5, unit="kg"),),
    )
    led.correct(COORDINATOR, typed, results=_weight(71.5))
    led.correct(INVESTIGATOR, typed, results=_weight(75.1))


def _correct_history(led: _Led) -> None:
    """A day, and of a signed entry what was signed."""
    fact = led.record(
        participants.FactRecorded,
        COORDINATOR,
        participant=KEPT,
        start="2019-03",
        ongoing=True,
        source="hospital record",
        fact=Measured(element="malignancy", code="C50.9"),
    )
    led.correct(COORDINATOR, fact, start="2009-03", end="2012", ongoing=False)
    signed = led.record(
        participants.HistoryDeclaredComplete,
        INVESTIGATOR,
        participant=KEPT,
        signature=SIGNED,
        kinds=("condition", "exposure"),
        signer=INVESTIGATOR,
        sources="hospital record",
    )
    led.correct(INVESTIGATOR, signed, sources="hospital record, interview")


def _correct_safety(led: _Led, one: Participant) -> None:
    """Grade and term of an adverse event, then the day it ended."""
    about = {"participant": one.id, "adverse_event": f"{one.id}-AE90"}
    reported = led.record(
        safety.AdverseEventReported,
        INVESTIGATOR,
        term="Headache",
        onset="2026-06-20",
        grade=1,
        relation="unlikely",
        site_aware_at=led.at,
        **about,
    )
    led.correct(INVESTIGATOR, reported, grade=2)
    led.correct(INVESTIGATOR, reported, term="Migraine", relation="possible")
    ended = led.record(
        safety.AdverseEventResolved,
        INVESTIGATOR,
        resolved_on="2026-06-22",
        outcome="recovered",
        **about,
    )
    led.correct(INVESTIGATOR, ended, resolved_on="2026-06-21")


def _correct_dose(led: _Led, one: Participant) -> None:
    """How much was given: a tenth less than was typed."""
    position = one.entries_of[DoseAdministered][0]
    given: Any = led.trial.state.events[position]
    led.correct("nurse.S01.1", position, amount=given.amount * 0.9)


def _amend(led: _Led) -> None:
    """A later version, whose parts apply at three different times."""
    version = led.trial.state.study.study.version
    last: Any = next(
        event
        for at in reversed(range(1, led.trial.state.position + 1))
        if isinstance(event := led.trial.state.events[at], trial.ProtocolAmended)
    )
    text = last.document.replace(f'version: "{version}"', 'version: "2.0"', 1)
    text = text.replace("wait: 14 days", "wait: 21 days", 1)
    text = text.replace("label: day 7\n", "label: day seven\n", 1)
    text = text.replace("label: malignancy\n", "label: any malignancy\n", 1)
    for made in ("wait: 21 days", "label: day seven\n", "label: any malignancy\n"):
        assert text.count(made) == 1, made
    for who in ("ethics", "regulator"):
        led.record(
            trial.ApprovalRecorded,
            SPONSOR,
            "",
            authority=who,
            version="2.0",
            reference=f"{who} second amendment",
        )
    led.record(
        trial.ProtocolAmended,
        SPONSOR,
        "",
        version="2.0",
        document=text,
        sha256=sha256(text.encode()).hexdigest(),
        changes=(
            trial.Change("safety", "at once", "more caution"),
            trial.Change("schedule", "after re-consent", "a better name"),
            trial.Change("elements", "next participant", "a clearer name"),
        ),
    )
    led.record(
        participants.InformedConsentRenewed,
        INVESTIGATOR,
        participant=KEPT,
        version="2.0",
        language="zh-CN",
        obtained_by=INVESTIGATOR,
    )

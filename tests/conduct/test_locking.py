"""A lock says what is open; after it every fact is flagged; a closed query stays closed."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import msgspec
import pytest

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.fold import apply
from gradatim.conduct.policies import NOT_OF_THE_DATA, RULES, check, review, unmet
from gradatim.conduct.state import State
from gradatim.conduct.trial import Refused
from gradatim.conduct.views.open_items import open_items
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE
from gradatim.protocol.base import Basis
from gradatim.protocol.study import Lock
from tests.conduct.ready import DAY, LEAD, SITE, Led, enrolled, ready
from tests.conduct.trials import WHOLE_TRIALS, copied, event, finished

pytestmark = WHOLE_TRIALS

FACTS = [kind for kind, act in ACTS.items() if not act.refusable and kind not in NOT_OF_THE_DATA]
FLAG = "the data are not locked"


@pytest.mark.parametrize("kind", FACTS, ids=lambda kind: kind.__name__)
def test_every_fact_has_its_flag_after_the_lock(kind: type[Event]):
    assert review.the_data_are_not_locked in RULES[kind]


@lru_cache(maxsize=1)
def locked() -> State:
    """A simulated trial that has been locked."""
    state = copied(finished(1).state)
    state.locked = True
    return state


def test_what_is_recorded_of_any_kind_is_flagged_after_the_lock():
    """Every fact of a whole trial, recorded once more after its lock."""
    state, seen = locked(), set()
    for made in map(state.events.__getitem__, state.events):
        kind = type(made)
        if kind in FACTS and kind not in seen:
            seen.add(kind)
            late = msgspec.structs.replace(made, recorded_at=state.recorded_at)
            assert FLAG in dict(unmet(late, check(state, late))), kind.__name__
    assert len(seen) > 20


def lock(reason: str = "", **more: Any) -> r.DataLocked:
    """The lock, for a reason."""
    made = event(r.DataLocked, "data.1", on=DAY + timedelta(days=60), reason=reason, **more)
    assert isinstance(made, r.DataLocked)
    return made


def with_open(*kinds: str, base: State | None = None) -> State:
    """A finished trial in which only these things are open."""
    state = copied(finished(1).state if base is None else base)
    state.locked = False
    one = next(one for one in state.participants.values() if one.status == "completed")
    assert state.recorded_at is not None
    site, at = one.site, state.recorded_at.date()
    about: dict[str, Any] = {"participant": one.id, "adverse_event": f"{one.id}-AE99"}
    if "reports" in kinds:
        told: dict[str, Any] = {
            "term": "Headache",
            "onset": str(at),
            "grade": 2,
            "relation": "unrelated",
        }
        more = {**about, **told, "serious": ("hospitalisation",)}
        apply(state, state.position + 1, event(s.AdverseEventReported, "x", site, on=at, **more))
    if "deviations" in kinds:
        said: dict[str, Any] = {
            "rule": "storage",
            "description": "a bag was warm",
            "important": True,
        }
        apply(state, state.position + 1, event(s.ProtocolDeviation, "m", site, on=at, **said))
    return state


def test_a_lock_names_unsent_reports_and_unreviewed_deviations():
    state = with_open("reports", "deviations")
    kinds = {one.kind for one in open_items(state)}
    assert {"reports", "deviations"} <= kinds
    told = review.nothing_is_left_open(state, lock()).text
    assert "initial report to sponsor is not sent" in told
    assert "important deviation" in told
    assert told.endswith("say why that stays open")


def test_a_lock_names_notices_nullifications_and_voids_that_wait():
    led = ready()
    led.prepare(7e7, 70.0)
    measure: dict[str, Any] = {"hazard": "a bag leaks", "measure": "nobody is dosed"}
    taken = led.act(t.UrgentSafetyMeasureTaken, LEAD, **measure).position
    fields: dict[str, Any] = {"adverse_event": "AE1", "term": "Headache", "onset": str(DAY)}
    reported = led.do(s.AdverseEventReported, grade=2, relation="unrelated", **fields).position
    sent: dict[str, Any] = {"adverse_event": "AE1", "recipient": "sponsor", "report": "initial"}
    led.do(s.SafetyReportSent, sent_at=datetime.combine(DAY, time(8), UTC), **sent)
    signed: dict[str, Any] = {
        "reason": "of another person",
        "signature": Signature("Dr Lead", "made in error"),
    }
    led.act(p.EntryVoided, LEAD, of=reported, **signed)
    prepared = led.one.entries_of[x.DosePrepared][-1]
    led.act(p.EntryVoided, f"cell_lab.{SITE}.1", of=prepared, **signed)
    told = {(one.kind, one.text) for one in open_items(led.trial.state)}
    assert {
        ("reports", "AE1: its report to sponsor is not nullified"),
        ("reports", f"ethics is not told of the urgent safety measure of entry {taken}"),
        ("reports", f"regulator is not told of the urgent safety measure of entry {taken}"),
        ("signatures", f"that entry {prepared} was made in error waits for a second signature"),
    } <= told


def test_a_reason_lets_stay_open_what_the_protocol_lets():
    state = with_open("reports", "deviations")
    assert review.nothing_is_left_open(state, lock("the sponsor sends it today")).truth is TRUE


def test_the_protocol_says_what_may_stay_open():
    state = with_open("deviations")
    strict = Lock(basis=Basis.STATED, source="plan, page 3", may_stay_open=["signatures"])
    now = state.versions[-1]
    state.versions[-1] = now._replace(study=now.study.model_copy(update={"lock": strict}))
    assert review.nothing_is_left_open(state, lock("for a reason")).truth is not TRUE


def test_no_reason_lets_a_participant_without_an_end_stay_open():
    led = enrolled()
    outcome = led.trial.record(lock("for a reason"))
    assert isinstance(outcome, Refused)
    assert f"{led.name} is enrolled, without an end" in outcome.reasons[0][1]


def queried() -> Led:
    """A participant with a query that was opened and closed."""
    led = enrolled()
    first = led.one.entries[0]
    led.act(r.QueryOpened, "data.1", query="Q77", of=first, question="Is this right?")
    led.act(r.QueryClosed, "data.1", query="Q77")
    return led


def test_a_closed_query_is_not_open_again():
    led = queried()
    with pytest.raises(UnusableInput, match="Q77 is closed"):
        led.act(r.QueryAnswered, LEAD, query="Q77", answer="it is right")
    apply(led.trial.state, led.trial.state.position + 1, _answer())  # as older ledgers have it
    assert led.trial.state.queries["Q77"].status == "closed"


def _answer() -> Event:
    return event(r.QueryAnswered, LEAD, "S01", query="Q77", answer="it is right")


def test_what_is_reviewed_is_a_deviation():
    led = enrolled()
    with pytest.raises(UnusableInput, match="is no deviation"):
        led.trial.record(
            event(
                s.ProtocolDeviationReviewed,
                "sponsor.1",
                on=DAY,
                of=led.one.entries[0],
                important=False,
                action="none is needed",
            )
        )

"""A participant goes on at another site: from then on they are recorded there, and only there."""

from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct.access import access_of
from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.days import day_of
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured, Signature
from gradatim.conduct.roles import SITE_STAFF
from gradatim.conduct.trial import Recorded, Refused
from gradatim.conduct.views.tasks import tasks
from gradatim.conduct.visibility import NotVisible, require_visible
from gradatim.core.errors import UnusableInput
from tests.conduct.ready import BAGS, DAY, LEAD, NAME, NURSE, SITE, Led, enrolled, ready
from tests.conduct.test_screened_again import registers
from tests.conduct.trials import recorded

THERE = "S02"
THEIR_LEAD, THEIR_NURSE = f"investigator.{THERE}.1", f"nurse.{THERE}.1"
NEXT = DAY + timedelta(days=1)
NOON = datetime.combine(NEXT, time(12), UTC)


def act(kind: type[Event], by: str, site: str, *, on: date = NEXT, **fields: Any) -> Event:
    at = datetime.combine(on, time(9), UTC)
    return kind(occurred_on=on, recorded_at=at, recorded_by=by, site=site, **fields)


def proposed(by: str = LEAD, **fields: Any) -> Event:
    said: dict[str, Any] = {
        "participant": NAME,
        "to_site": THERE,
        "agreed_on": DAY,
        "reason": "has moved",
    }
    return act(p.TransferProposed, by, SITE, **{**said, **fields})


def taken_over(by: str = THEIR_LEAD, site: str = THERE, **fields: Any) -> Event:
    said = {"participant": NAME, "from_site": SITE, **fields}
    return act(p.ParticipantTransferred, by, site, **said)


def moved(led: Led | None = None) -> Led:
    """Somebody who has gone on at the second site."""
    led = led or ready()
    recorded(led.trial.record(proposed()))
    recorded(led.trial.record(taken_over()))
    return led


def pulse(by: str, site: str, on: date = NEXT) -> Event:
    results = (Measured(element="body_weight", value=71.0, unit="kg"),)
    return act(f.VitalSignsRecorded, by, site, on=on, participant=NAME, results=results)


def reasons(outcome: Any) -> set[str]:
    assert isinstance(outcome, Refused), outcome
    return {name for name, _ in outcome.reasons}


def test_they_are_recorded_at_the_new_site_and_no_longer_at_the_former():
    led = moved()
    assert (led.one.site, led.one.former_sites) == (THERE, (SITE,))
    recorded(led.trial.record(pulse(THEIR_NURSE, THERE)))
    with pytest.raises(UnusableInput, match=f"a participant of site {THERE}"):
        led.trial.record(pulse(NURSE, SITE))
    assert reasons(led.trial.record(pulse(NURSE, THERE))) == {"permission"}


def test_it_takes_two_and_one_of_them_there():
    led = ready()
    assert "the transfer is proposed" in reasons(led.trial.record(taken_over()))
    recorded(led.trial.record(proposed()))
    assert led.one.site == SITE
    assert reasons(led.trial.record(taken_over(LEAD))) == {"permission"}
    assert reasons(led.trial.record(taken_over(THEIR_NURSE))) == {"permission"}
    both = act(t.RoleGranted, "sponsor.1", THERE, user=LEAD, role="investigator")
    recorded(led.trial.record(both))
    assert reasons(led.trial.record(taken_over(LEAD))) == {"another person takes over"}
    recorded(led.trial.record(taken_over()))


def test_the_sponsor_may_propose_it():
    led = ready()
    recorded(led.trial.record(proposed("sponsor.1")))
    recorded(led.trial.record(taken_over()))
    assert led.one.site == THERE


@pytest.mark.parametrize(
    ("made", "rule"),
    [
        (lambda: proposed(to_site="S09"), "the receiving site is open"),
        (lambda: proposed(to_site=SITE), "the receiving site is open"),
    ],
)
def test_a_transfer_that_is_refused(made, rule):
    assert rule in reasons(ready().trial.record(made()))


def test_one_transfer_waits_at_a_time_and_what_was_proposed_in_error_waits_no_more():
    led = ready()
    at = recorded(led.trial.record(proposed())).position
    assert "no transfer waits" in reasons(led.trial.record(proposed()))
    said: dict[str, Any] = {"of": at, "reason": "another participant", "bears_on": ()}
    void = act(p.EntryVoided, LEAD, SITE, **said)
    signed = msgspec.structs.replace(void, signature=Signature("Lead", "made in error"))
    recorded(led.trial.record(signed))
    assert "the transfer is proposed" in reasons(led.trial.record(taken_over()))
    recorded(led.trial.record(proposed()))


def test_a_number_that_was_nobody_s_is_not_taken_over():
    led = enrolled()
    recorded(registers(led, "A1"))
    recorded(led.trial.record(proposed(participant="A1")))
    of = led.trial.state.participants["A1"].position
    void = act(p.EntryVoided, LEAD, SITE, of=of, reason="nobody came", bears_on=())
    signed = msgspec.structs.replace(void, signature=Signature("Lead", "made in error"))
    recorded(led.trial.record(signed))
    assert not [one for one in tasks(led.trial.state, NOON, NEXT) if one.kind == "transfer"]
    assert "the transfer is proposed" in reasons(led.trial.record(taken_over(participant="A1")))


def test_nobody_moves_while_a_dose_is_prepared():
    led = ready()
    led.prepare(7e7, 70)
    recorded(led.trial.record(proposed()))
    assert "no dose is under way" in reasons(led.trial.record(taken_over()))


def test_what_was_set_aside_at_the_former_site_is_free_again():
    led = ready()
    led.do(x.ProductAssigned, f"pharmacist.{SITE}.1", dose=1, lot="L1", bags=BAGS[:2])
    moved(led)
    assert all(one.reserved_for is None for one in led.trial.state.inventory.containers)
    asked = act(
        x.ProductAssigned,
        f"pharmacist.{THERE}.1",
        THERE,
        participant=NAME,
        dose=1,
        lot="L1",
        bags=BAGS[:2],
    )
    assert "the bags are free" in reasons(led.trial.record(asked))


def test_the_site_that_has_them_now_corrects_what_the_former_recorded():
    led = ready()
    of = led.trial.state.position
    moved(led)
    value = [{"element": "body_temperature", "value": 36.7, "unit": "Cel"}]
    fields: dict[str, Any] = {"of": of, "fields": {"results": value}, "reason": "misread"}
    with pytest.raises(UnusableInput, match=f"of site {THERE}"):
        led.trial.record(act(p.EntryCorrected, NURSE, SITE, **fields))
    recorded(led.trial.record(act(p.EntryCorrected, THEIR_NURSE, THERE, **fields)))
    entry = led.trial.state.events[of]
    assert (entry.site, day_of(led.trial.state, entry)) == (SITE, DAY)


def test_a_query_goes_along():
    led = ready()
    of = led.trial.state.position
    opened = act(r.QueryOpened, "monitor.1", "", query="Q900", of=of, question="Is it right?")
    recorded(led.trial.record(opened))
    moved(led)
    (task,) = [one for one in tasks(led.trial.state, NOON, NEXT) if one.event == "QueryAnswered"]
    assert task.site == THERE
    answer = act(r.QueryAnswered, THEIR_NURSE, THERE, query="Q900", answer="yes, it is")
    require_visible(access_of(led.trial.state, THEIR_NURSE), "QueryAnswered", answer)
    recorded(led.trial.record(answer))


def test_the_former_site_reads_what_it_knew_and_nothing_that_came_after():
    led = ready()
    then = access_of(deepcopy(led.trial.state), NURSE)
    moved(led)
    of = recorded(led.trial.record(pulse(THEIR_NURSE, THERE))).position
    state = led.trial.state
    former, now = access_of(state, NURSE), access_of(state, THEIR_NURSE)
    before = [at for at in led.one.entries if state.events[at].site == SITE]
    assert all(then.sees_entry("participants", state.events[at]) for at in before)
    assert not any(former.sees_entry("participants", state.events[at]) for at in before)
    assert not former.sees_entry("participants", state.events[of])
    assert all(now.sees_entry("participants", state.events[at]) for at in led.one.entries)
    assert former.find_participant("participants", NAME) is None
    assert former.find_participant("identity", NAME) is None
    assert now.find_participant("identity", NAME) is not None
    with pytest.raises(NotVisible):
        require_visible(former, "VitalSignsRecorded", pulse(NURSE, SITE))


def test_the_receiving_investigator_hears_of_it_and_nobody_else_there_sees_the_person():
    led = ready()
    recorded(led.trial.record(proposed()))
    state = led.trial.state
    (task,) = [one for one in tasks(state, NOON, NEXT) if one.kind == "transfer"]
    assert (task.event, task.site, task.roles) == (
        "ParticipantTransferred",
        THERE,
        ("investigator",),
    )
    access = access_of(state, THEIR_LEAD)
    require_visible(access, "ParticipantTransferred", taken_over())
    with pytest.raises(NotVisible):
        require_visible(access, "VitalSignsRecorded", pulse(THEIR_LEAD, THERE))
    nurse = access_of(state, THEIR_NURSE)
    with pytest.raises(NotVisible):
        require_visible(nurse, "ParticipantTransferred", taken_over(THEIR_NURSE))


def test_there_and_back_again():
    led = moved()
    back = proposed(THEIR_LEAD, to_site=SITE)
    recorded(led.trial.record(act_at(back, THERE)))
    recorded(led.trial.record(taken_over(LEAD, SITE, from_site=THERE)))
    assert (led.one.site, led.one.former_sites) == (SITE, (THERE,))
    recorded(led.trial.record(pulse(NURSE, SITE)))


def act_at(event: Event, site: str) -> Event:
    return msgspec.structs.replace(event, site=site)


def test_a_transfer_is_not_marked_as_made_in_error():
    led = moved()
    void = act(p.EntryVoided, THEIR_LEAD, THERE, of=led.trial.state.position, reason="error")
    with pytest.raises(UnusableInput, match="Transfer the participant back"):
        led.trial.record(void)


# --- over generated ways ------------------------------------------------------


def propose(led: Led, number: int) -> None:
    here, there = sides(led)
    led.trial.record(act_at(proposed(f"investigator.{here}.1", to_site=there), here))


def accept(led: Led, number: int) -> None:
    """Take the participant over, if that is proposed; what waits is the same as before."""
    (here, there), before = sides(led), kept(led)
    took = led.trial.record(taken_over(f"investigator.{there}.1", there, from_site=here))
    if isinstance(took, Recorded):
        assert kept(led) == before, "what waits is the same, for another site"
        assert led.one.site == there


def result(led: Led, number: int) -> None:
    recorded(led.trial.record(pulse(f"nurse.{led.one.site}.1", led.one.site)))


def toxicity(led: Led, number: int) -> None:
    here = led.one.site
    about: dict[str, Any] = {"participant": NAME, "adverse_event": f"E{number}"}
    more = {"term": "Fever", "onset": str(DAY), **about}
    recorded(led.trial.record(act(s.AdverseEventReported, f"nurse.{here}.1", here, **more)))


def question(led: Led, number: int) -> None:
    of = led.one.entries[-1]
    said: dict[str, Any] = {"query": f"Q9{number:02}", "of": of, "question": "Is it right?"}
    led.trial.record(act(r.QueryOpened, "monitor.1", "", **said))


def sides(led: Led) -> tuple[str, str]:
    """Return the site that has the participant, and the other."""
    return (SITE, THERE) if led.one.site == SITE else (THERE, SITE)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([propose, accept, result, toxicity, question]), max_size=10))
def test_after_any_moves_the_site_that_has_them_records_and_no_task_is_lost(ways):
    led = ready()
    for number, way in enumerate(ways):
        way(led, number)
        now, former = sides(led)
        assert {one.site for one in mine(led) if one.kind != "transfer"} <= {now, ""}
        for role in SITE_STAFF:
            user = f"{role}.{former}.1"
            with pytest.raises(UnusableInput):
                led.trial.record(pulse(user, former))
            access = access_of(led.trial.state, user)
            with pytest.raises(NotVisible):
                require_visible(access, "VitalSignsRecorded", pulse(user, former))
        result(led, number)


def mine(led: Led) -> list[Any]:
    """Return what waits about the participant, queries about their entries among it."""
    found = tasks(led.trial.state, NOON, NEXT)
    return [one for one in found if one.participant == NAME]


def kept(led: Led) -> list[tuple[str, str]]:
    """Return what waits about the participant beside the transfer itself and the bags of a dose."""
    left_out = ("transfer", "dose", "product")
    return sorted((one.kind, one.event) for one in mine(led) if one.kind not in left_out)


def test_whoever_may_propose_or_take_over_is_named_once():
    assert ACTS[p.TransferProposed].roles == ("investigator", "sponsor")
    assert ACTS[p.ParticipantTransferred].roles == ("investigator",)

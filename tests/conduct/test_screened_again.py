"""Who comes again, who looks like another, and who has two numbers."""

from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.fold import fold
from gradatim.conduct.identity import person_of, person_token
from gradatim.conduct.trial import RecordOutcome
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.reporting import to_nullify
from gradatim.core.errors import UnusableInput
from tests.conduct.digest import digest
from tests.conduct.ready import DAY, LEAD, NURSE, SITE, Led, enrolled, refused
from tests.conduct.trials import recorded

PEPPER = b"p" * 32
CAME = DAY - timedelta(days=10)
SIGNED = Signature("Dr A", "I know that these are two people.")
OFFICE = "call the sponsor's office before you register this person"


def known(name: str = "Li Wei", birth: str = "1985-03-02") -> dict[str, Any]:
    """Return by what somebody is known."""
    values = {"name": name, "birth_date": birth}
    alike = person_of(values).alike
    return {
        "person_token": person_token(values, PEPPER),
        "likeness": tuple(sha256(one.encode()).hexdigest() for one in alike),
    }


def registers(led: Led, number: str, site: str = SITE, on: date = CAME, **of: Any) -> RecordOutcome:
    """Register somebody, or be refused."""
    at = led.trial.state.recorded_at
    assert at is not None
    made = p.ParticipantRegistered(
        occurred_on=on,
        recorded_at=at,
        recorded_by=f"coordinator.{site}.1",
        site=site,
        participant=number,
        **(of or known()),
    )
    return led.trial.record(made)


def failed(led: Led, number: str) -> None:
    """Record that somebody does not enter."""
    other = Led(led.trial, number)
    other.do(p.ScreenFailed, on=CAME, hour=20, reason="a value was too high")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Li Wei", "1985-03-02"), ("Wei Li", "1985-03-02")),
        (("José García", "1985-03-02"), ("Jose Garcia", "1985-03-02")),
        (("Anna-Lena Roth", "1985-03-02"), ("Roth, Anna Lena", "1985-03-02")),
        (("Li Wei", "02.03.1985"), ("Li Wei", "1985-03-02")),
        (("Li Wei", "1985年3月2日"), ("Li Wei", "1985-03-02")),
        (("Li Wei", "03/02/1985"), ("Li Wei", "1985-03-02")),
        (("Li Wei", "02/03/1985"), ("Li Wei", "1985-03-02")),
        (("Ｌｉ Ｗｅｉ", "1985-03-02"), ("li wei", "1985-03-02")),
    ],
)
def test_who_is_written_otherwise_is_met_again_as_who_may_be_the_same(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    led = enrolled()
    recorded(registers(led, "A1", **known(*one)))
    why = refused(registers(led, "A2", **known(*other)))["the person is new"]
    assert why.startswith(("this may be the same person as participant A1", "the same person"))


@pytest.mark.parametrize(
    "other", [("Li Wen", "1985-03-02"), ("Li Wei", "1985-03-03"), ("Li Wei", "1958-03-02")]
)
def test_others_are_not(other: tuple[str, str]) -> None:
    led = enrolled()
    recorded(registers(led, "A1"))
    recorded(registers(led, "A2", **known(*other)))


def test_a_site_is_told_no_number_of_another() -> None:
    led = enrolled()
    recorded(registers(led, "A1"))
    for of in (known(), known("Wei Li")):
        assert refused(registers(led, "B1", "S02", **of)) == {"the person is new": OFFICE}


def test_who_failed_is_screened_again_under_a_linked_number_as_often_as_is_allowed() -> None:
    led = enrolled()
    recorded(registers(led, "A1"))
    assert "A1" in refused(registers(led, "A2"))["the person is new"], "still being screened"
    failed(led, "A1")
    recorded(registers(led, "A2"))
    assert led.trial.state.participants["A2"].screened_as == "A1"
    assert led.trial.state.participants["A1"].status == "screen failed"
    failed(led, "A2")
    assert refused(registers(led, "A3"))["the person is new"] == (
        "the person was screened as A1, A2; the protocol allows 1 more"
    )
    entries = led.trial.store.read(led.trial.name)
    again = fold(led.trial.name, ((one.position, one.body) for one in entries))
    assert digest(again) == digest(led.trial.state)


def test_nobody_names_their_own_earlier_number() -> None:
    """The link is worked out: what is sent in its place does not count."""
    led = enrolled()
    recorded(registers(led, "A1"))
    recorded(registers(led, "A2", **known("Li Wen"), screened_as="A1"))
    assert led.trial.state.participants["A2"].screened_as == ""


def test_two_people_of_one_name_and_birth_exist_after_a_signed_statement() -> None:
    led = enrolled()
    recorded(registers(led, "A1"))
    one = Led(led.trial, "A1")
    one.do(
        p.NamesakeStated,
        on=CAME,
        hour=20,
        at_site=SITE,
        reason="two cousins, both seen",
        signature=SIGNED,
    )
    recorded(registers(led, "A2"))
    assert led.trial.state.participants["A2"].screened_as == ""
    assert "the person is new" in refused(registers(led, "A3")), "it was of one registration"


def test_the_sponsor_states_it_for_another_site_which_learns_no_number() -> None:
    led = enrolled()
    recorded(registers(led, "A1"))
    at = led.trial.state.recorded_at
    assert at is not None
    stated = p.NamesakeStated(
        occurred_on=CAME,
        recorded_at=at,
        recorded_by="sponsor.1",
        signature=SIGNED,
        participant="A1",
        at_site="S02",
        reason="both were telephoned",
    )
    recorded(led.trial.record(stated))
    recorded(registers(led, "B1", "S02"))


def test_a_registration_made_in_error_lets_the_person_be_registered_again() -> None:
    led = enrolled()
    at = recorded(registers(led, "A1")).position
    led.act(
        p.EntryVoided,
        f"coordinator.{SITE}.1",
        on=CAME,
        hour=20,
        of=at,
        reason="of another trial",
        signature=SIGNED,
    )
    assert led.trial.state.participants["A1"].status == "entered in error"
    recorded(registers(led, "A2"))
    assert led.trial.state.participants["A2"].screened_as == ""


def test_what_was_recorded_under_a_second_number_is_of_the_first() -> None:
    led = enrolled()
    recorded(registers(led, "A1"))
    recorded(registers(led, "A2", **known("Li Wen")))
    twice = Led(led.trial, "A2")
    at = twice.result("alt", 30, CAME, hour=19, high=40).position
    merge: dict[str, Any] = {"reason": "one passport", "signature": SIGNED}
    twice.do(p.ParticipantsMerged, on=CAME, hour=20, into="A1", **merge)
    one = Led(led.trial, "A1").one
    (fact,) = facts_of(led.trial.state, one).of("alt")
    assert (fact.value, fact.entry) == (30, at)
    assert not facts_of(led.trial.state, twice.one).of("alt")
    assert twice.one.status == "duplicate"
    with pytest.raises(UnusableInput, match="A2 is the number of A1 as well"):
        twice.result("alt", 31, CAME, hour=21, high=40)
    led.act(p.EntryVoided, NURSE, on=CAME, hour=22, of=at, reason="another tube", signature=SIGNED)
    assert not facts_of(led.trial.state, one).of("alt")
    entries = led.trial.store.read(led.trial.name)
    again = fold(led.trial.name, ((one.position, one.body) for one in entries))
    assert digest(again) == digest(led.trial.state)


def test_nobody_with_a_place_is_merged_away() -> None:
    led = enrolled()
    recorded(registers(led, "A1"))
    why = refused(
        led.ask(p.ParticipantsMerged, LEAD, into="A1", reason="one passport", signature=SIGNED)
    )
    assert why == {
        "the duplicate was not treated": f"{led.name} has a place: give up the other number"
    }
    assert isinstance(led.trial.state.events[led.one.position], p.ParticipantRegistered)
    assert f.LaboratoryResultsRecorded in led.one.entries_of


def twice(led: Led) -> Led:
    """Return the second number of a person who was registered as A1 and A2."""
    recorded(registers(led, "A1"))
    recorded(registers(led, "A2", **known("Li Wen")))
    return Led(led.trial, "A2")


MERGE: dict[str, Any] = {"reason": "one passport", "signature": SIGNED}
FORM: dict[str, Any] = {"version": "1", "language": "en", "obtained_by": LEAD}


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (p.Disposition, {"status": "died"}, "A2 has died"),
        (p.Disposition, {"status": "withdrawn"}, "A2 is withdrawn"),
        (p.InformedConsentWithdrawn, {"scope": "all"}, "A2: consent withdrawn"),
        (p.InformedConsentWithdrawn, {"scope": "treatment"}, "A2: consent treatment withdrawn"),
    ],
)
def test_what_ended_somebodys_way_is_not_lost_with_a_second_number(
    kind: type[Event], fields: dict[str, Any], said: str
) -> None:
    led = enrolled()
    other = twice(led)
    for one in (Led(led.trial, "A1"), other):
        one.do(p.InformedConsentObtained, on=CAME, hour=19, **FORM)
    ended = other.do(kind, on=CAME, hour=20, **fields).position
    why = refused(other.ask(p.ParticipantsMerged, on=CAME, hour=21, into="A1", **MERGE))
    (told,) = why.values()
    assert told.startswith(said)
    assert "record it of A1 as well" in told
    Led(led.trial, "A1").do(kind, on=CAME, hour=21, **fields)
    recorded(other.ask(p.ParticipantsMerged, on=CAME, hour=22, into="A1", **MERGE))
    assert other.one.status == "duplicate"
    assert ended in other.one.entries


def test_a_number_that_went_on_may_go_on_in_a_third() -> None:
    led = enrolled()
    other = twice(led)
    recorded(registers(led, "A3", **known("Lee Wen")))
    at = other.result("alt", 30, CAME, hour=19, high=40).position
    other.do(p.ParticipantsMerged, on=CAME, hour=20, into="A1", **MERGE)
    Led(led.trial, "A1").do(p.ParticipantsMerged, on=CAME, hour=21, into="A3", **MERGE)
    third = Led(led.trial, "A3").one
    assert [one.entry for one in facts_of(led.trial.state, third).of("alt")] == [at]
    with pytest.raises(UnusableInput, match="A2 is the number of A3 as well"):
        other.result("alt", 31, CAME, hour=21, high=40)
    fields = {"collected_on": str(CAME - timedelta(days=1))}
    led.act(p.EntryCorrected, NURSE, on=CAME, hour=22, of=at, fields=fields, reason="a slip")
    (fact,) = facts_of(led.trial.state, third).of("alt")
    assert str(fact.start.first) == fields["collected_on"]
    led.act(p.EntryVoided, NURSE, on=CAME, hour=23, of=at, reason="not hers", signature=SIGNED)
    assert not facts_of(led.trial.state, third).of("alt")
    entries = led.trial.store.read(led.trial.name)
    again = fold(led.trial.name, ((one.position, one.body) for one in entries))
    assert digest(again) == digest(led.trial.state)


def test_what_was_made_in_error_under_a_second_number_counts_again_under_the_first() -> None:
    led = enrolled()
    other = twice(led)
    at = other.result("alt", 300, CAME, hour=19, high=40).position
    more: dict[str, Any] = {"on": CAME, "signature": SIGNED}
    said = led.act(p.EntryVoided, NURSE, hour=19.5, of=at, reason="another tube", **more).position
    other.do(p.ParticipantsMerged, on=CAME, hour=20, into="A1", **MERGE)
    led.act(p.EntryVoided, NURSE, hour=21, of=said, reason="the right tube", **more)
    first = Led(led.trial, "A1").one
    assert [one.entry for one in facts_of(led.trial.state, first).of("alt")] == [at]
    assert not facts_of(led.trial.state, other.one).of("alt")
    entries = led.trial.store.read(led.trial.name)
    again = fold(led.trial.name, ((one.position, one.body) for one in entries))
    assert digest(again) == digest(led.trial.state)


def test_a_report_of_an_event_made_in_error_under_a_second_number_is_nullified() -> None:
    led = enrolled()
    other = twice(led)
    said: dict[str, Any] = {"adverse_event": "AE1", "serious": ("hospitalisation",), "grade": 3}
    said |= {"term": "Headache", "onset": str(CAME), "relation": "unrelated"}
    at = other.do(s.AdverseEventReported, on=CAME, hour=19, **said).position
    sent: dict[str, Any] = {"adverse_event": "AE1", "recipient": "sponsor", "report": "initial"}
    sent["sent_at"] = other.trial.state.recorded_at
    other.do(s.SafetyReportSent, on=CAME, hour=19.2, **sent)
    more: dict[str, Any] = {"on": CAME, "signature": SIGNED}
    void = led.act(p.EntryVoided, LEAD, hour=19.5, of=at, reason="not hers", **more).position
    led.act(p.VoidConfirmed, NURSE, hour=19.6, of=void, **more)
    assert to_nullify(led.trial.state, other.one) == [("AE1", "sponsor")]
    other.do(p.ParticipantsMerged, on=CAME, hour=20, into="A1", **MERGE)
    assert to_nullify(led.trial.state, Led(led.trial, "A1").one) == [("AE1", "sponsor")]

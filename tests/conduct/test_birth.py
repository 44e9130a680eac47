"""One date of birth: sealed, with its year in clear; the two never tell different ages."""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct.as_of import as_of
from gradatim.conduct.events import encoded
from gradatim.conduct.events import participants as p
from gradatim.conduct.events.base import Event, Measured, Sealed
from gradatim.conduct.events.findings import LaboratoryResultsRecorded
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.personal import birth_recorded, forget, sealed, unsealing
from gradatim.conduct.state import State
from gradatim.conduct.trial import Recorded, Trial
from gradatim.conduct.views.birth import CONFLICT, birth_of
from gradatim.conduct.views.eligibility import eligibility
from gradatim.conduct.views.facts import facts_of
from gradatim.core.dates import Day, completed_years, on, parse_day
from gradatim.core.errors import UnusableInput
from gradatim.exports.fhir.people import patient
from gradatim.screening.assess import Finding
from tests.conduct.generated import FROM, begun
from tests.conduct.memory import ListStore
from tests.conduct.trials import event, recorded

AGE = "I0"
"""The criterion of 18 to 65 years."""
DOSE = FROM + timedelta(days=14)
PLAIN = Sealed("0" * 64, "none")
births = st.dates(date(1930, 1, 1), FROM)


def plainly(day: date | None) -> object:
    """A resolver that stands in for the keys."""

    def born(participant: str, identity: Mapping[str, Sealed]) -> Day | None:
        return on(day) if identity and day else None

    return born


@lru_cache(maxsize=1)
def _entries() -> tuple:
    return tuple(begun().store.read(begun().name))


def trial_of(day: date | None) -> Trial:
    """A trial under way, in which whoever is sealed was born that day."""
    store = ListStore()
    store.entries["t"] = []
    bodies = [(one.body, "") for one in _entries()]
    trial = Trial(store, "t", plainly(day))  # type: ignore[arg-type]
    store.append("t", bodies, trial.head)
    trial.refresh()
    return trial


def registration(birth: str | None) -> Event:
    """Somebody is registered, with a text beside the sealed date."""
    return event(
        p.ParticipantRegistered,
        "coordinator.S01.1",
        "S01",
        on=FROM,
        participant="N1",
        person_token="0" * 64,
        identity={"birth_date": PLAIN},
        birth=birth,
        sex="male",
    )


def as_recorded_once(trial: Trial, birth: str | None) -> State:
    """Record it as a ledger of an earlier time has it, in which nothing was compared."""
    trial.store.append("t", [(encoded(registration(birth))[0], "")], trial.head)
    trial.refresh()
    return trial.state


def the_age(state: State) -> Finding:
    """What is found of the age on the planned day of the first dose."""
    one = state.participants["N1"]
    found = eligibility(state, one, FROM, DOSE)
    return next(each for each in found.findings if each.criterion.id == AGE)


def test_a_child_does_not_pass_by_a_year_typed_beside_the_date() -> None:
    """Sealed 2012-05-05, and 1980 beside it."""
    trial = trial_of(date(2012, 5, 5))
    with pytest.raises(UnusableInput, match="the sealed date of birth is another"):
        trial.record(registration("1980"))
    finding = the_age(as_recorded_once(trial, "1980"))
    assert finding.passes is None
    assert (finding.because, finding.unknown_because) == (CONFLICT, "conflict")


def test_nor_by_a_year_that_a_correction_gives() -> None:
    trial = trial_of(date(2012, 5, 5))
    at = recorded(trial.record(registration("2012"))).position
    slip: dict[str, Any] = {"of": at, "fields": {"birth": "1980"}, "reason": "a slip"}
    made = event(p.EntryCorrected, "coordinator.S01.1", "S01", on=FROM, **slip)
    with pytest.raises(UnusableInput, match="the sealed date of birth is another"):
        trial.record(made)


def test_a_contradicted_year_is_not_handed_on() -> None:
    state = as_recorded_once(trial_of(date(2012, 5, 5)), "1980")
    assert "birthDate" not in patient(state, state.participants["N1"])
    trial = trial_of(date(2012, 5, 5))
    recorded(trial.record(registration("2012-05-05")))
    assert patient(trial.state, trial.state.participants["N1"])["birthDate"] == "2012"


@pytest.mark.parametrize("birth", ["2012", "2012-05", None])
def test_a_child_does_not_pass(birth: str | None) -> None:
    trial = trial_of(date(2012, 5, 5))
    recorded(trial.record(registration(birth)))
    finding = the_age(trial.state)
    assert finding.passes is False
    assert finding.because.startswith("14 years old on ")


@pytest.mark.parametrize(
    ("born", "passes"),
    [
        (FROM.replace(year=FROM.year - 18), True),
        (FROM.replace(year=FROM.year - 18) + timedelta(days=1), False),
    ],
)
def test_the_year_alone_would_not_tell(born: date, passes: bool) -> None:
    """On the birthday and on the day before it: the sealed date decides, the year cannot."""
    trial = trial_of(born)
    recorded(trial.record(registration(str(born.year))))
    assert the_age(trial.state).passes is passes
    trial.state.unsealed_birth = None
    trial.state.participants["N1"].changed()
    assert the_age(trial.state).unknown_because == "partial date"


@given(born=births, typed=st.one_of(st.none(), births), precision=st.sampled_from((4, 7, 10)))
@settings(max_examples=150, deadline=None)
def test_the_age_that_is_shown_is_that_of_the_sealed_date(
    born: date, typed: date | None, precision: int
) -> None:
    """Whatever is typed beside it: refused where it disagrees, and never believed in its place."""
    text = None if typed is None else str(typed)[:precision]
    fits = text is None or str(born).startswith(text)
    trial = trial_of(born)
    try:
        taken = isinstance(trial.record(registration(text)), Recorded)
    except UnusableInput:
        taken = False
    assert taken is fits
    if not taken:
        as_recorded_once(trial, text)
    finding = the_age(trial.state)
    years = completed_years(born, FROM)
    if fits:
        assert finding.because.startswith(f"{years} years old on ")
        assert finding.passes is (18 <= years <= 65)
    else:
        assert finding.passes is None
        assert finding.unknown_because == "conflict"


@given(born=births, typed=births, precision=st.sampled_from((4, 7, 10)))
def test_what_the_ledger_keeps_is_the_year_of_the_sealed_date(
    born: date, typed: date, precision: int
) -> None:
    """It is made from the date, and a text that says otherwise is refused."""
    text = str(typed)[:precision]
    if str(born).startswith(text):
        assert birth_recorded(str(born), text) == str(born)[:4] == birth_recorded(str(born))
    else:
        with pytest.raises(UnusableInput):
            birth_recorded(str(born), text)


@pytest.mark.parametrize("born", [FROM + timedelta(days=1), date(1899, 12, 31)])
def test_nobody_is_born_after_they_are_registered(born: date) -> None:
    with pytest.raises(UnusableInput, match="the sealed date of birth cannot be"):
        trial_of(born).record(registration(None))


def test_the_date_is_read_while_there_is_a_key_and_the_year_stands_afterwards(
    tmp_path: Path,
) -> None:
    """With the keys, without them, at an earlier time, and after the erasure."""
    keyring = Keyring(tmp_path / "keys", secrets.token_bytes)
    trial = Trial(trial_of(None).store, "t", unsealing(lambda: keyring, "t"))
    values = {"name": "Ana Perez", "birth_date": "1990-05-14"}
    who = sealed(keyring, "t", "N1", values, secrets.token_bytes)
    recorded(
        trial.record(
            event(
                p.ParticipantRegistered,
                "coordinator.S01.1",
                "S01",
                on=FROM,
                participant="N1",
                birth="1990",
                identity=who,
            )
        )
    )
    state = trial.state
    one = state.participants["N1"]
    assert birth_of(state, one).day == on(date(1990, 5, 14))
    then = as_of("t", trial.store.read("t"), position=state.position)
    assert birth_of(then, then.participants["N1"]).day == parse_day("1990")
    recorded(
        trial.record(
            event(
                p.PersonalDataErased,
                "sponsor.1",
                on=FROM,
                participant="N1",
                order="of a court",
                retention_ended_on=FROM - timedelta(days=1),
            )
        )
    )
    assert birth_of(state, one).day == parse_day("1990")
    assert facts_of(state, one).birth == parse_day("1990")
    assert forget(keyring, state) == ["N1"]
    assert birth_of(state, one).day == parse_day("1990")


def test_a_key_that_does_not_open_leaves_the_year(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys", secrets.token_bytes)
    keyring.make("N1")
    trial = Trial(trial_of(None).store, "t", unsealing(lambda: keyring, "t"))
    recorded(trial.record(registration("1990")))
    assert birth_of(trial.state, trial.state.participants["N1"]).day == parse_day("1990")


def test_what_is_derived_of_a_contradicted_age_is_not_computed() -> None:
    """An eGFR takes the age."""
    trial = trial_of(date(2012, 5, 5))
    state = as_recorded_once(trial, "1980")
    recorded(
        trial.record(
            event(
                p.InformedConsentObtained,
                "investigator.S01.1",
                "S01",
                on=FROM,
                participant="N1",
                version="1",
                language="en",
                obtained_by="investigator.S01.1",
            )
        )
    )
    recorded(
        trial.record(
            event(
                LaboratoryResultsRecorded,
                "nurse.S01.1",
                "S01",
                on=FROM,
                participant="N1",
                collected_on=str(FROM),
                laboratory="central",
                ranges_version="2026-1",
                results=(Measured(element="creatinine", value=80.0, unit="umol/L"),),
            )
        )
    )
    found = eligibility(state, state.participants["N1"], FROM, DOSE)
    told = [each for each in found.findings if CONFLICT in each.because]
    assert len(told) > 1
    assert all(each.passes is None for each in told)

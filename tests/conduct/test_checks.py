"""Edit checks: what does not go together is questioned, in the same append; unknown is silent."""

from datetime import date
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import Any

import pytest

from gradatim.conduct.checks import about, query_numbers, unfulfilled
from gradatim.conduct.events.base import SYSTEM, Event, Measured
from gradatim.conduct.events.findings import LaboratoryResultsRecorded, VitalSignsRecorded
from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.events.review import QueryAnswered, QueryOpened
from gradatim.conduct.events.trial import ProtocolAmended
from gradatim.conduct.ledger import verify
from gradatim.conduct.state import Participant
from gradatim.conduct.trial import Trial
from tests.conduct.trials import TABLET, UC_MSC, event, protocol, recorded, simulated

UNTIL = date(2027, 6, 1)
SYSTOLIC, DIASTOLIC = "systolic_pressure", "diastolic_pressure"
ORDER = "pressures_in_order"


def open_trial(name: str = UC_MSC) -> Trial:
    """Give a trial part-way through, to be changed."""
    run = simulated(1, name, until=UNTIL)
    return Trial(run.trial.store, run.trial.name)


@lru_cache(maxsize=1)
def looked_at() -> Trial:
    """Give one that is only looked at."""
    return open_trial()


def treated(trial: Trial) -> Participant:
    return next(one for one in trial.state.participants.values() if one.status == "treated")


def vital_signs(one: Participant, *, on: date = UNTIL, **values: float | None) -> Event:
    """Record pressures in mm[Hg]."""
    results = tuple(
        Measured(element=name, value=value, unit="mm[Hg]")
        for name, value in values.items()
        if value is not None
    )
    return event(
        VitalSignsRecorded,
        f"nurse.{one.site}.1",
        one.site,
        on=on,
        participant=one.id,
        results=results,
    )


def failing(trial: Trial, made: Event) -> list[str]:
    return [check.id for check in unfulfilled(trial.state, made)]


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({SYSTOLIC: 120, DIASTOLIC: 80}, []),
        ({SYSTOLIC: 80, DIASTOLIC: 120}, [ORDER]),
        ({SYSTOLIC: 80, DIASTOLIC: 80}, [ORDER]),
        ({SYSTOLIC: 80}, []),  # the other is not known
        ({DIASTOLIC: 120}, []),
    ],
)
def test_values_that_do_not_go_together_are_found(values: dict[str, float], wrong: list[str]):
    trial = looked_at()
    assert failing(trial, vital_signs(treated(trial), **values)) == wrong  # type: ignore[arg-type]


def test_a_check_is_asked_of_one_day_and_of_what_is_entered():
    """What was entered for the day before does not count; what was for the day does."""
    trial = open_trial()
    one = treated(trial)
    recorded(trial.record(vital_signs(one, on=date(2027, 5, 31), diastolic_pressure=150)))
    one = trial.state.participants[one.id]
    assert failing(trial, vital_signs(one, systolic_pressure=120)) == []
    recorded(trial.record(vital_signs(one, diastolic_pressure=130)))
    assert failing(trial, vital_signs(one, systolic_pressure=120)) == [ORDER]
    pulse = event(
        VitalSignsRecorded,
        f"nurse.{one.site}.1",
        one.site,
        on=UNTIL,
        participant=one.id,
        results=(Measured(element="heart_rate", value=70, unit="/min"),),
    )
    assert failing(trial, pulse) == []  # it is about neither of them


def test_what_is_recorded_all_the_same_opens_a_query_in_the_same_append():
    """By nobody, on the entry, and answered like any other."""
    trial = open_trial()
    one = treated(trial)
    before = trial.state.position
    done = recorded(trial.record(vital_signs(one, systolic_pressure=80, diastolic_pressure=120)))
    assert done.position == before + 1
    assert not done.deviations
    (name,) = done.queries
    query, opened = trial.state.queries[name], trial.state.events[before + 2]
    assert isinstance(opened, QueryOpened)
    assert (query.of, query.status, opened.recorded_by) == (before + 1, "open", SYSTEM)
    assert "exchanged" in query.question
    answer: dict[str, Any] = {"query": name, "answer": "seen again on the monitor"}
    recorded(
        trial.record(
            event(QueryAnswered, f"coordinator.{one.site}.1", one.site, on=UNTIL, **answer)
        )
    )
    assert trial.state.queries[name].status == "answered"
    assert verify(trial.store.read(trial.name), trial.name).ok
    again = Trial(trial.store, trial.name)
    assert again.state.queries == trial.state.queries


def test_a_correction_is_asked_about_as_the_entry_it_makes():
    """The entry as it was does not count: exchanged pressures are put right without a question."""
    trial = open_trial()
    one = treated(trial)
    wrong = recorded(trial.record(vital_signs(one, systolic_pressure=80, diastolic_pressure=120)))

    def correction(systolic: float, diastolic: float) -> Event:
        results = [
            {"element": SYSTOLIC, "value": systolic, "unit": "mm[Hg]"},
            {"element": DIASTOLIC, "value": diastolic, "unit": "mm[Hg]"},
        ]
        return event(
            EntryCorrected,
            f"nurse.{one.site}.1",
            one.site,
            on=UNTIL,
            of=wrong.position,
            fields={"results": results},
            reason="exchanged",
        )

    assert failing(trial, correction(120, 80)) == []
    assert failing(trial, correction(70, 120)) == [ORDER]
    assert not recorded(trial.record(correction(120, 80))).queries


def test_an_amended_check_is_asked_of_everybody_at_once():
    """It is about what is entered now, not about how somebody is treated."""
    trial = open_trial()
    one, close = treated(trial), {SYSTOLIC: 125.0, DIASTOLIC: 120.0}
    assert failing(trial, vital_signs(one, **close)) == []  # type: ignore[arg-type]
    version = trial.state.versions[-1]
    inforce: Any = trial.state.events[version.position]
    text = inforce.document.replace(f'version: "{version.version}"', 'version: "9.0"', 1)
    limit = 'pulse_pressure, is: "> 0 mm[Hg]"'
    assert limit in text
    text = text.replace(limit, limit.replace("0", "10"), 1)
    amended = event(
        ProtocolAmended,
        "sponsor.1",
        on=UNTIL,
        version="9.0",
        changes=(),
        document=text,
        sha256=sha256(text.encode()).hexdigest(),
    )
    recorded(trial.record(amended))
    assert failing(trial, vital_signs(one, **close)) == [ORDER]  # type: ignore[arg-type]


def test_units_are_converted_before_values_are_compared():
    """5,200 neutrophils in a microlitre are 5.2 thousand."""
    trial = looked_at()
    one = treated(trial)

    def counts(neutrophils: float, unit: str) -> list[str]:
        results = (
            Measured(element="leukocytes", value=8.0, unit="10*3/uL"),
            Measured(element="neutrophils", value=neutrophils, unit=unit),
        )
        made = event(
            LaboratoryResultsRecorded,
            f"nurse.{one.site}.1",
            one.site,
            on=UNTIL,
            participant=one.id,
            results=results,
            laboratory="lab",
            ranges_version="as-reported",
            collected_on=str(UNTIL),
        )
        return failing(trial, made)

    assert counts(5200, "/uL") == []
    assert counts(5200, "10*3/uL") == ["neutrophils_among_leukocytes"]


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
def test_a_check_is_about_what_it_is_derived_from(name: str):
    study = protocol(name)[0].study
    (check,) = [one for one in study.checks if one.id == ORDER]
    assert about(study, check) == {"pulse_pressure", SYSTOLIC, DIASTOLIC}
    assert not check.basis.settled


def test_queries_are_numbered_on():
    trial = looked_at()
    taken = set(trial.state.queries)
    numbers = list(islice(query_numbers(trial.state), 3))
    assert len(set(numbers)) == 3
    assert not taken & set(numbers)

"""Exposure: exact rows of small trials; totals are the sums of their rows."""

from collections import Counter
from datetime import timedelta

import pytest

from gradatim.analysis.exposure import Amount, exposure
from gradatim.analysis.groups import dosed
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.protocol.base import Basis
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC

DAYS = {"open": 28, "complete": 29}
"""Of a window of 28 days: the last day on which it is open, and the first on which it is not."""


def row(state, who="P1", day=60):
    return next(one for one in exposure(state, small.on(day)).rows if one.participant == who)


def test_a_row() -> None:
    state = small.opened()
    small.dosed(state, "P1", level=2, lot="L4", part=0.95)
    found = row(state)
    assert (found.site, found.level, found.label) == ("S01", 2, "level 2: Medium-dose group")
    assert (found.lots, found.doses_given, found.doses_planned) == (("L4",), 1, 1)
    assert found.amount == Amount(0.95 * small.DOSE, small.DOSE, "{cells}")
    assert found.amount.fraction == pytest.approx(0.95)
    assert found.first_dose_at == small.moment(0)
    assert found.last_dose_at == small.moment(0) + timedelta(hours=1)
    assert found.days == 61
    assert (found.window.status, found.window.last) == ("complete", small.on(28))
    assert (found.letter, found.status, found.replaced) == ("N", "treated", False)


@pytest.mark.parametrize("status", DAYS)
def test_a_window_is_open_to_the_end_of_its_last_day(status) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    found = row(state, day=DAYS[status])
    assert found.window.status == status
    assert found.letter == ("N" if status == "complete" else "P")


@pytest.mark.parametrize(
    ("day", "status", "letter"), [(27, "left early", ""), (28, "complete", "N")]
)
def test_who_leaves_before_the_last_day_has_not_completed_the_window(day, status, letter) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.add(state, "P1", p.Disposition, day, status="withdrawn", reason="moved")
    found = row(state)
    assert (found.window.status, found.letter, found.days) == (status, letter, day + 1)


def test_a_dose_without_a_preparation_has_no_planned_amount() -> None:
    state = small.opened()
    small.dosed(state, "P1", lot="")
    found = row(state)
    assert found.amount == Amount(small.DOSE, None, "{cells}")
    assert found.amount.fraction is None
    small.dosed(state, "P2", day=1)
    total = exposure(state, small.on(60)).overall
    assert (total.amount.given, total.amount.planned) == (2 * small.DOSE, None)


def test_amounts_in_two_units_are_not_added() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.give(state, "P1", dose=2, day=1, unit="mg", lot="")
    assert row(state).amount == Amount(None, None, "")


def test_a_dose_recorded_twice_is_one_dose_of_twice_the_amount() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.give(state, "P1", lot="")
    found = row(state)
    assert (found.doses_given, found.amount.fraction) == (1, 2)


def test_a_withheld_dose_is_planned_and_not_given() -> None:
    state = small.opened()
    small.enrolled(state, "P1")
    small.add(state, "P1", x.DosePrepared, lot="L1", dose=1, amount=2.0, planned=2.0, unit="mg")
    small.add(state, "P1", x.DoseWithheld, dose=1, reason="fever")
    found = row(state)
    assert (found.doses_given, found.doses_withheld, found.days) == (0, 1, None)
    assert found.amount == Amount(0, 2, "mg")
    assert (found.window.status, found.letter) == ("not begun", "")
    assert exposure(state, small.on(60)).overall.participants == 0


def test_leaving_off_treatment_alone_does_not_end_the_study() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.add(state, "P1", p.InformedConsentWithdrawn, 5, scope="treatment")
    assert row(state).days == 61


@pytest.mark.parametrize("told", [f"{small.on(9)}", f"{small.on(9):%Y-%m}"])
def test_who_died_is_not_on_study_any_more_though_no_disposition_is_recorded(told) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", grade=4)
    small.add(
        state,
        "P1",
        s.AdverseEventResolved,
        30,
        adverse_event="A1",
        outcome="fatal",
        resolved_on=told,
    )
    assert row(state).days == (10 if len(told) == 10 else None)


def test_a_number_of_doses_that_no_protocol_names_is_not_known() -> None:
    state = small.opened(TABLET)
    small.dosed(state, "P1")
    assert row(state).doses_planned is None


def test_what_the_record_does_not_state_is_said() -> None:
    found = exposure(small.opened(), small.LATER).rests_on
    assert {one.what: one.basis for one in found} == {
        "number of doses": Basis.ASSUMED,
        "who is evaluable": Basis.PROPOSED,
        "window for dose-limiting toxicity": Basis.PROPOSED,
    }


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
@pytest.mark.parametrize("by", ["level", "lot"])
@pytest.mark.parametrize("day", [20, 60, 400])
def test_totals_are_sums(name, by, day) -> None:
    state = small.under_way(name)
    table = exposure(state, small.on(day), by)
    people = {one.id for one in dosed(state)}
    assert table.overall.participants == len(people) > 3
    assert sum(one.participants for one in table.totals) == len(people)
    assert sum(one.doses_given for one in table.totals) == table.overall.doses_given
    given = sum(one.amount.given or 0 for one in table.totals)
    assert given == pytest.approx(table.overall.amount.given)
    for name_ in ("windows", "letters"):
        counted = sum((Counter(getattr(one, name_)) for one in table.totals), Counter())
        assert counted == getattr(table.overall, name_)
    assert {one.participant for one in table.rows if one.first_dose_at} == people


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
@pytest.mark.parametrize("day", [5, 30, 60, 100])
def test_the_window_agrees_with_the_letter(name, day) -> None:
    state = small.under_way(name)
    for one in exposure(state, small.on(day)).rows:
        if one.letter == "P":
            assert one.window.status in ("open", "without end")
        if one.letter == "N":
            assert one.window.status == "complete"

"""Who is grouped with whom: a partition of those dosed, and nobody is left out."""

import pytest

from gradatim.analysis.groups import NO_LEVEL, NO_LOT, dosed, group_of, groups
from gradatim.conduct.events import product as x
from gradatim.conduct.views.doses import first_dose_at
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC


def of(state, by):
    return [(one.key, one.label, one.participants) for one in groups(state, by)]


def test_levels_from_the_lowest_and_lots_in_the_order_of_their_use() -> None:
    state = small.opened()
    small.dosed(state, "P1", level=2, lot="L9")
    small.dosed(state, "P2", level=1, day=1, lot="L1")
    small.dosed(state, "P3", level=2, day=2, lot="L9")
    assert of(state, "level") == [
        ("1", "level 1: Low-dose group", ("P2",)),
        ("2", "level 2: Medium-dose group", ("P1", "P3")),
    ]
    assert of(state, "lot") == [("L9", "L9", ("P1", "P3")), ("L1", "L1", ("P2",))]
    assert [one.dosed for one in groups(state, "level")] == [1, 2]


def test_the_order_is_that_of_first_doses_and_not_of_entries() -> None:
    state = small.opened()
    small.dosed(state, "P1", day=3)
    small.dosed(state, "P2", day=1)
    assert [one.id for one in dosed(state)] == ["P2", "P1"]


def test_who_has_had_no_dose_is_in_no_group() -> None:
    state = small.opened()
    small.enrolled(state, "P1")
    assert groups(state, "level") == groups(state, "lot") == ()
    small.dosed(state, "P2")
    found = groups(state, "level")
    assert group_of(found, "P1") is None
    assert group_of(found, "P2") == 0


def test_somebody_dosed_without_a_level_or_a_lot_is_in_the_last_group() -> None:
    state = small.opened()
    small.dosed(state, "P1", level=None, lot="")
    small.dosed(state, "P2", level=3, day=1)
    assert of(state, "level")[-1] == ("", NO_LEVEL, ("P1",))
    assert of(state, "lot")[-1] == ("", NO_LOT, ("P1",))


def test_an_assigned_lot_counts_where_nothing_was_prepared() -> None:
    state = small.opened()
    small.enrolled(state, "P1")
    small.add(state, "P1", x.ProductAssigned, lot="L7", dose=1, bags=("B1",))
    small.give(state, "P1", lot="")
    assert of(state, "lot") == [("L7", "L7", ("P1",))]


def test_who_was_dosed_from_two_lots_is_counted_once() -> None:
    state = small.opened()
    small.dosed(state, "P1", lot="L1")
    small.give(state, "P1", dose=2, day=7, lot="L2")
    small.dosed(state, "P2", day=1, lot="L2")
    assert of(state, "lot") == [("L1 + L2", "L1 + L2", ("P1",)), ("L2", "L2", ("P2",))]


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
@pytest.mark.parametrize("by", ["level", "lot"])
def test_groups_are_a_partition_of_those_dosed(name, by) -> None:
    state = small.under_way(name)
    who = [one for group in groups(state, by) for one in group.participants]
    assert len(who) == len(set(who)) > 3
    with_dose = {one.id for one in state.participants.values() if first_dose_at(state, one)}
    assert set(who) == with_dose

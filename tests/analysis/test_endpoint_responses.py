"""Responses by the protocol's criteria at each visit: what is missing is unknown, never "no"."""

from typing import Any

import pytest

from gradatim.analysis.endpoint_responses import NOT_SEEN, ResponseTable, response_tables
from gradatim.analysis.groups import dosed
from gradatim.conduct.events import findings as f
from gradatim.conduct.events.base import Measured
from gradatim.conduct.state import State
from gradatim.protocol.base import Basis
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC

BEFORE = {"patient_global": 6.0, "spinal_pain": 7.0, "basfi": 5.0}
AFTER = {"patient_global": 3.0, "spinal_pain": 4.0, "basfi": 3.0}


def table(state: State, criterion: str) -> ResponseTable:
    return next(one for one in response_tables(state) if one.criterion.name == criterion)


def answers(state: State, criterion: str) -> dict[tuple[str, str], str]:
    """Give the answers by participant and visit."""
    return {(one.participant, one.visit): one.answer for one in table(state, criterion).responses}


def scored(state: State, who: str, day: int, visit: str, stiffness: float, **values: Any) -> None:
    small.scores(state, who, day, visit, basdai_q5=stiffness, basdai_q6=stiffness, **values)


def test_every_criterion_of_the_protocol_has_a_table_with_its_sources() -> None:
    found = response_tables(small.opened())
    assert [one.criterion.title for one in found] == [
        "BASDAI50",
        "ASDAS disease activity state",
        "ASAS20",
        "ASAS40",
        "ASAS 5/6",
        "ASAS partial remission (2 or less)",
    ]
    assert "Anderson" in found[2].criterion.source
    assert [one.basis for one in found[2].rests_on] == [Basis.PROPOSED]
    assert all(one.visits == () for one in found)
    assert response_tables(small.opened(TABLET)) == ()


def test_asas20_is_computed_from_the_items_of_a_visit() -> None:
    """Three of four domains better by 20 % and 1 unit, and the fourth not worse so."""
    state = small.opened()
    for who, day, stiffness in (("P1", 0, 6.0), ("P2", 1, 8.0)):
        small.dosed(state, who, day=day)
        scored(state, who, day - 3, "baseline", 6.0, **BEFORE)
        scored(state, who, day + 28, "day_28", stiffness, **AFTER)
    assert answers(state, "asas20") == {("P1", "day_28"): "yes", ("P2", "day_28"): "no"}
    (visit,) = table(state, "asas20").visits
    assert (visit.label, visit.counts, visit.overall) == ("day 28", ((1, 1, 0),), (1, 1, 0))
    response = table(state, "asas20").responses[0]
    assert "inflammation 6 to 6" in response.because
    # 5/6 needs CRP and mobility as well, of which neither was measured.
    assert answers(state, "asas_5_6")["P1", "day_28"] == "unknown"


@pytest.mark.parametrize("missing", [*AFTER, "basdai_q5"])
def test_a_missing_component_is_unknown_and_named(missing: str) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    scored(state, "P1", -3, "baseline", 6.0, **BEFORE)
    given = {**AFTER, "basdai_q5": 3.0, "basdai_q6": 3.0, "patient_global": 6.0}
    given.pop(missing)
    small.scores(state, "P1", 28, "day_28", **given)
    (found,) = table(state, "asas20").responses
    assert found.answer == "unknown"
    assert "has no value at follow-up" in found.because
    (visit,) = table(state, "asas20").visits
    assert visit.overall == (0, 0, 1)


def test_without_a_baseline_nothing_is_known() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    scored(state, "P1", 28, "day_28", 0.0, **AFTER)
    (found,) = table(state, "asas20").responses
    assert (found.answer, "at baseline" in found.because) == ("unknown", True)


def test_who_was_not_seen_at_a_visit_is_unknown_there() -> None:
    state = small.opened()
    small.dosed(state, "P1", level=1)
    small.dosed(state, "P2", level=2, day=1)
    for day, visit in ((-3, "baseline"), (28, "day_28")):
        small.scores(state, "P1", day, visit, basdai=6 if day < 0 else 3)
    small.scores(state, "P2", -2, "baseline", basdai=6)
    assert answers(state, "basdai50") == {("P1", "day_28"): "yes", ("P2", "day_28"): "unknown"}
    found = table(state, "basdai50")
    assert found.responses[1].because == NOT_SEEN
    assert found.visits[0].counts == ((1, 0, 0), (0, 0, 1))
    assert found.visits[0].overall == (1, 0, 1)


def test_a_bound_is_no_value_to_compute_with() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.scores(state, "P1", -3, "baseline", basdai=6)
    low = Measured(element="basdai", value=3, unit="{score}", bound="<")
    small.add(state, "P1", f.ScoresRecorded, 28, results=(low,), encounter="day_28")
    (found,) = table(state, "basdai50").responses
    assert found.answer == "unknown"
    assert "BASDAI at follow-up: known only as a bound" in found.because


def test_the_last_value_of_a_visit_counts_and_values_outside_visits_are_counted_apart() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.scores(state, "P1", -3, "baseline", basdai=6)
    for day, visit, value in ((27, "day_28", 5), (29, "day_28", 3), (40, None, 1)):
        small.scores(state, "P1", day, visit, basdai=value)
    found = table(state, "basdai50")
    assert [(one.visit, one.answer) for one in found.responses] == [("day_28", "yes")]
    assert found.outside_visits == 1


def test_visits_come_in_the_order_of_the_schedule() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.scores(state, "P1", -3, "baseline", basdai=6)
    for day, visit in ((84, "week_12"), (7, "day_7"), (28, "day_28")):
        small.scores(state, "P1", day, visit, basdai=3)
    assert [one.visit for one in table(state, "basdai50").visits] == ["day_7", "day_28", "week_12"]


def test_the_state_of_disease_activity_is_named() -> None:
    state = small.opened()
    for number, score in enumerate((1.0, 1.3, 3.5, 3.6)):
        small.dosed(state, f"P{number}", day=number)
        small.scores(state, f"P{number}", number + 28, "day_28", asdas_crp=score)
    assert list(answers(state, "asdas_state").values()) == ["inactive", "low", "high", "very high"]
    (visit,) = table(state, "asdas_state").visits
    assert visit.overall == (1, 1, 1, 1, 0)


def test_everybody_dosed_is_counted_once_at_every_visit() -> None:
    state = small.under_way(UC_MSC)
    people = [one.id for one in dosed(state)]
    known = 0
    for found in response_tables(state):
        for visit in found.visits:
            assert sum(visit.overall) == len(people)
            assert [sum(counts) for counts in visit.counts] == [one.dosed for one in found.groups]
            assert [sum(parts) for parts in zip(*visit.counts, strict=True)] == list(visit.overall)
            here = [one.participant for one in found.responses if one.visit == visit.visit]
            assert here == people
            known += sum(visit.overall[:-1])
        assert all(one.because for one in found.responses)
    assert known > 20

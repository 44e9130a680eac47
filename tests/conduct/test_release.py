"""The release of bags by the protocol's specification: results, limits, the sponsor's exception."""

from typing import Any

import pytest

from gradatim.conduct.events import product as x
from gradatim.conduct.policies.dosing import the_bags_may_be_released
from gradatim.conduct.simulate.opening import passed
from gradatim.conduct.state import State
from gradatim.core.quantity import compare_numbers
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.protocol.base import Basis, Limit
from gradatim.protocol.treatment import ReleaseTest
from tests.analysis import small
from tests.conduct.trials import event

VIABILITY = ReleaseTest(
    name="viability", label="viability", limit=Limit(">=", 80, "%"), basis=Basis.ASSUMED
)
STERILITY = ReleaseTest(name="sterility", label="sterility", answer="negative", basis=Basis.ASSUMED)
GOOD = (
    x.ReleaseResult(test="viability", value=0.85, unit="1"),
    x.ReleaseResult(test="sterility", answer="Negative"),
)
LOW = (x.ReleaseResult(test="viability", value=72, unit="%"), GOOD[1])


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> State:
    """A trial whose protocol has a specification, and a lot that has arrived."""
    made = small.opened()
    study = made.study
    product = study.treatment.product.model_copy(update={"specification": [VIABILITY, STERILITY]})
    treatment = study.treatment.model_copy(update={"product": product})
    specified = study.model_copy(update={"treatment": treatment})
    monkeypatch.setattr(State, "governing", lambda *_: specified)
    bags = (x.Bag(id="B1", volume_ml=10), x.Bag(id="B2", volume_ml=10))
    small.add(made, None, x.ProductReceived, lot="L9", bags=bags)
    return made


def release(**fields: Any) -> x.ProductReleased:
    made = event(x.ProductReleased, "lab", "S01", on=small.on(1), lot="L9", bags=("B1",), **fields)
    assert isinstance(made, x.ProductReleased)
    return made


@pytest.mark.parametrize(
    ("results", "truth", "says"),
    [
        (GOOD, TRUE, "the lot is within its specification"),
        ((), UNKNOWN, "viability: no result; sterility: no result"),
        (GOOD[:1], UNKNOWN, "sterility: no result"),
        (LOW, FALSE, "viability: 72 %, must be >= 80 % (out of specification)"),
        (
            (GOOD[0], x.ReleaseResult(test="sterility", answer="positive")),
            FALSE,
            "sterility: positive, must be negative",
        ),
        (
            (x.ReleaseResult(test="viability", value=72, unit="%", bound=">"), GOOD[1]),
            UNKNOWN,
            "viability: >72 %, must be >= 80 %",
        ),
        ((*GOOD, x.ReleaseResult(test="colour", answer="red")), FALSE, "has no test colour"),
    ],
)
def test_a_lot_is_held_against_the_specification(state, results, truth, says) -> None:
    found = the_bags_may_be_released(state, release(test_results=results))
    assert (found.truth, says in found.text) == (truth, True), found.text


def test_out_of_specification_takes_a_decision_of_the_sponsor(state) -> None:
    sponsor = next(name for (name, _), roles in state.roles.items() if "sponsor" in roles)
    why = {"out_of_specification": "no other lot for this child", "test_results": LOW}
    assert the_bags_may_be_released(state, release(**why)).truth is FALSE
    assert the_bags_may_be_released(state, release(**why, decided_by="lab")).truth is FALSE
    found = the_bags_may_be_released(state, release(**why, decided_by=sponsor))
    assert found.truth is TRUE
    assert f"accepted by {sponsor}" in found.text
    # No decision stands in for a result that nobody has seen.
    unseen = {**why, "test_results": LOW[:1]}
    assert the_bags_may_be_released(state, release(**unseen, decided_by=sponsor)).truth is UNKNOWN


def test_results_of_an_earlier_release_are_those_of_the_lot(state) -> None:
    small.add(state, None, x.ProductReleased, lot="L9", bags=("B2",), test_results=GOOD)
    assert the_bags_may_be_released(state, release()).truth is TRUE
    assert the_bags_may_be_released(state, release(test_results=LOW[:1])).truth is FALSE


@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "="])
def test_a_simulated_result_meets_its_limit(op) -> None:
    result = passed(VIABILITY.model_copy(update={"limit": Limit(op, 5, "mm")}))
    assert result.value is not None
    assert (compare_numbers(result.value, op, 5), result.unit) == (True, "mm")
    assert passed(STERILITY).answer == "negative"


@pytest.mark.parametrize("both", [{}, {"limit": ">= 80 %", "answer": "negative"}])
def test_a_test_has_a_limit_or_an_answer(both) -> None:
    with pytest.raises(ValueError, match="needs a limit or an answer"):
        ReleaseTest(name="t", label="t", basis=Basis.ASSUMED, **both)

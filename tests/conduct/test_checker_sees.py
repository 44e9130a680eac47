"""The second reading sees a product that lacks a rule: each is taken away, and it is noticed."""

from collections.abc import Callable
from typing import Any

import pytest

import gradatim.conduct.policies as product
import gradatim.conduct.trial as recording
from gradatim.conduct.folding import participants as folding
from gradatim.conduct.policies import POLICIES, consent, dosing, entry, urgent
from gradatim.conduct.policies.verdicts import Policy
from gradatim.conduct.views import adverse_events, safety
from tests.conduct.disturbed import disturbed, told_wrongly

Without = Callable[[pytest.MonkeyPatch], None]
MOST = 200
"""Histories that are looked at before it is said that nobody notices; of most, the first few do."""
NOTICED = {
    "consent is not asked for": 20,
    "nobody needs a place": 13,
    "who left is treated": 7,
    "an urgent measure holds nothing": 6,
    "a pause holds nothing": 0,
    "no stopping rule holds": 13,
    "a toxicity of one's own is no matter": 28,
    "the records are not asked": 39,
    "nobody is too warm": 0,
    "one person does for a void": 3,
    "what was a candidate is none": 38,
    "a nurse judges causality": 59,
    "the other number takes nothing along": 9,
    "no answer says what an event is": 17,
    "who died of it is not dead": 73,
}
"""Where each was noticed when this was written: looked at first, to save time."""
SOUND = 20
"""Histories of the product as it is that are looked at."""


def without(policy: Policy) -> Without:
    """Return what leaves a policy out, wherever it is asked."""

    def left_out(patch: pytest.MonkeyPatch) -> None:
        for kind, asked in POLICIES.items():
            if policy in asked:
                patch.setitem(POLICIES, kind, tuple(one for one in asked if one is not policy))
        patch.setattr(product, "GATES", tuple(one for one in product.GATES if one is not policy))

    return left_out


def instead(where: Any, name: str, other: Any) -> Without:
    """Return what puts something else in the place of a part of the product."""
    return lambda patch: patch.setattr(where, name, other)


MUTANTS: dict[str, Without] = {
    "consent is not asked for": without(consent.consent_is_in_force),
    "nobody needs a place": without(dosing.a_place_is_held),
    "who left is treated": without(dosing.treatment_goes_on),
    "an urgent measure holds nothing": without(urgent.no_urgent_measure_holds),
    "a pause holds nothing": without(entry.dosing_is_not_paused),
    "no stopping rule holds": without(dosing.no_stopping_rule_has_fired),
    "a toxicity of one's own is no matter": without(dosing.no_toxicity_is_open),
    "the records are not asked": without(dosing.the_criteria_hold),
    "nobody is too warm": without(dosing.the_records_show_it_in_order),
    "one person does for a void": instead(recording, "bears_on", lambda state, event: ()),
    "what was a candidate is none": instead(safety, "_former", lambda *of: iter(())),
    "a nurse judges causality": instead(adverse_events, "judged", lambda *of: True),
    "the other number takes nothing along": instead(folding, "_goes_along", lambda kind: False),
    "no answer says what an event is": instead(
        adverse_events, "_classified", lambda state, course, position, event: course
    ),
    "who died of it is not dead": instead(adverse_events, "_died", lambda course, event: course),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_rule_that_the_product_lacks_is_missed(
    mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    MUTANTS[mutant](monkeypatch)
    assert any(map(noticed, (NOTICED.get(mutant, 0), *range(MOST))))


def test_the_product_as_it_is_lacks_none() -> None:
    assert not any(map(noticed, range(SOUND)))


def noticed(seed: int) -> bool:
    """Whether a history is told wrongly, or cannot be told at all."""
    try:
        return bool(told_wrongly(disturbed(seed, 60, (0.6,))))
    except KeyError:
        return True

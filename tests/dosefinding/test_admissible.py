"""No design gives what its own counts, or its own bars, forbid; in small trials and off its path.

The packages escalation (issues 1 and 2) and others recommended inadmissible doses.
"""

from itertools import product

import pytest
from scipy import stats

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.decision import advice
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.crm import CrmSettings
from gradatim.dosefinding.designs.registry import DESIGN_KINDS, build, settings_for
from gradatim.dosefinding.outcomes import parse_outcomes
from gradatim.dosefinding.replay import replay
from tests.dosefinding.suite import CASES, RATES, design, enumerated, visits

TARGET = 0.25
FIXED = tuple(name for name, kind in DESIGN_KINDS.items() if not kind.titration)
"""They never come back to a level that had one participant, so they refuse a titration."""


@pytest.mark.parametrize("case", CASES)
def test_it_never_escalates_where_the_level_itself_is_too_toxic(case: str) -> None:
    """P(rate > target) above 0.95 from the level's own counts, whatever a model makes of others."""
    for one in visits(design(case)):
        n, y = (int(part[0]) for part in one.after.at_current_dose())
        if not one.ended and one.decisions.dose[0] > one.after.dose[0]:
            assert n < 3 or stats.beta.sf(TARGET, 1 + y, 1 + n - y) <= 0.95, (n, y)


def test_every_design_is_tried_with_every_modifier_it_allows() -> None:
    """Alone or together with others."""
    for name in DESIGN_KINDS:
        mine = [one for one in CASES.values() if one.design == name]
        assert any(one.titration for one in mine) == (name not in FIXED), name
        assert any(one.stop_too_toxic or one.n_stop or one.start > 1 for one in mine), name
    models = {one.model for one in CASES.values() if isinstance(one, CrmSettings)}
    assert models == {"empiric", "logistic", "logistic2"}


@pytest.mark.parametrize("name", FIXED)
def test_a_titration_that_cannot_be_is_refused(name: str) -> None:
    """3+3 would need advice for one participant at a level."""
    with pytest.raises(UnusableInput, match="cannot follow a titration"):
        build(settings_for(name, 3, titration=True))


def test_only_when_asked_crm_selects_a_level_that_nobody_was_given() -> None:
    """As dfcrm does; everything else stays."""
    as_dfcrm = build(settings_for("crm", 3, target=0.25, cohorts=2, untried=True))
    ours = build(settings_for("crm", 3, target=0.25, cohorts=2))
    ended = [one for one in visits(as_dfcrm) if one.ended and as_dfcrm.select(one.after)[0] >= 0]
    untried = [one for one in ended if one.after.n[0, as_dfcrm.select(one.after)[0]] == 0]
    assert untried
    assert all(ours.select(one.after)[0] < as_dfcrm.select(one.after)[0] for one in untried)
    assert enumerated(as_dfcrm, RATES)["n"] == pytest.approx(enumerated(ours, RATES)["n"])


# --- led otherwise than advised -------------------------------------------------------------------

LED: dict[str, Design] = {
    "boin": build(settings_for("boin", 3, target=0.3)),
    "mtpi2": build(settings_for("mtpi2", 3, target=0.3)),
    "3+3": build(settings_for("three_plus_three", 3)),
    "korn": build(settings_for("three_plus_three_korn", 3)),
    "crm": build(settings_for("crm", 3, target=0.3)),
    "crm that stops": build(settings_for("crm", 3, target=0.3, stop_too_toxic=0.9)),
}


def anyhow(design: Design, cohorts: int) -> list[str]:
    """Write every trial of three participants at a time that skips no level, advised or not."""
    some = [f"{level}{'N' * (3 - k)}{'T' * k}" for level in (1, 2, 3) for k in range(4)]
    found = []
    for parts in product(some, repeat=cohorts):
        highest = 0
        for one in parts:
            if int(one[0]) > highest + 1:
                break
            highest = max(highest, int(one[0]))
        else:
            found.append(" ".join(parts))
    return found


@pytest.mark.parametrize("name", LED)
def test_a_barred_level_is_not_advised_however_the_trial_was_led(name: str) -> None:
    """Neither to be given next nor selected: "never again" holds after a deviation as well."""
    of, wrong = LED[name], []
    for text in [one for cohorts in (1, 2, 3) for one in anyhow(of, cohorts)]:
        try:
            now = replay(of, parse_outcomes(text, 3))
        except UnusableInput:
            continue  # 3+3 knows nothing of nine at a level
        assert now.decisions is not None
        said = advice(of, now.trials, now.decisions)
        if said.action != "hold" and said.dose is not None and said.dose > now.decisions.barred[0]:
            wrong.append((text, said))
    assert not wrong, wrong[:3]

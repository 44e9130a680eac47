"""Figures that papers and packages print, each with its source."""

from math import comb, log

import numpy as np
import pytest
from scipy import stats

from gradatim.dosefinding.characteristics.exact import compile_design, final_states
from gradatim.dosefinding.characteristics.final_states import (
    OperatingCharacteristics,
    summarise,
)
from gradatim.dosefinding.characteristics.small_numbers import (
    excluded_rates,
    passes_3_plus_3,
    small_number_statements,
)
from gradatim.dosefinding.decision_table import Action, Table
from gradatim.dosefinding.designs.boin import boin_table, boundaries, boundary_counts
from gradatim.dosefinding.designs.crm import PRIOR_SD, OneParameter, nearest
from gradatim.dosefinding.designs.intervals import INTERVAL_METHODS, interval
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.designs.settings import DesignSettings
from gradatim.dosefinding.designs.skeleton import spread_skeleton

RATES = (0.05, 0.12, 0.30, 0.45, 0.60)


def expected(of: DesignSettings) -> OperatingCharacteristics:
    """Enumerate a design under the rates that the figures here were computed for."""
    rates = np.array(RATES)
    return summarise(final_states(compile_design(build(of)), rates), rates, 0.3, "exact")


def percent(found: OperatingCharacteristics) -> list[float]:
    """Return the selection of each dose and of none, in percent."""
    return [100 * one.value for one in (*found.selection, found.none_selected)]


def signs(table: Table, n: int) -> str:
    """Return a table's column, from no DLT to all."""
    return " ".join(table.of(n, y).sign for y in range(n + 1))


# --- 3+3 ------------------------------------------------------------------------------------------


def test_3_plus_3_agrees_with_its_closed_form() -> None:
    """Storer 1989, Biometrics 45:927: a dose passes with 0 of 3, or with 1 of 3 and 0 of 3 more."""
    passes = [(1 - p) ** 3 + 3 * p * (1 - p) ** 5 for p in RATES]
    reached = np.cumprod([1.0, *passes])
    closed = [*(reached[1:] * (1 - np.array([*passes[1:], 0.0]))), 1 - passes[0]]
    six = [3 * p * (1 - p) ** 2 for p in RATES]
    found = expected(settings_for("three_plus_three", 5))
    assert percent(found) == pytest.approx([100 * one for one in closed], abs=1e-11)
    size = sum(r * (3 + 3 * more) for r, more in zip(reached, six, strict=False))
    assert found.expected_n.value == pytest.approx(size, abs=1e-12)


def test_3_plus_3_without_de_escalation() -> None:
    """Storer 1989, Biometrics 45:925-937, design A, for the rates above."""
    found = expected(settings_for("three_plus_three", 5))
    assert percent(found) == pytest.approx(
        [12.5131, 42.9023, 32.1042, 9.0148, 0.8099, 2.6558], abs=6e-5
    )
    assert found.expected_n.value == pytest.approx(12.9590, abs=6e-5)


def test_3_plus_3_with_de_escalation() -> None:
    """Korn et al. 1994, Statistics in Medicine 13:1799-1806, section 2, for the rates above."""
    found = expected(settings_for("three_plus_three_korn", 5))
    assert percent(found) == pytest.approx(
        [13.9192, 46.6269, 29.6059, 6.2929, 0.8099, 2.7452], abs=6e-5
    )
    assert found.expected_n.value == pytest.approx(15.3752, abs=6e-5)


# --- BOIN -----------------------------------------------------------------------------------------


def test_boin_boundaries_at_30_percent() -> None:
    """BOIN 2.7.2, get.boundary(target = 0.3, ...): lambda_e and lambda_d."""
    by = boundaries(0.30)
    assert by.escalate == pytest.approx(0.2364906852, abs=5e-11)
    assert by.de_escalate == pytest.approx(0.3585194646, abs=5e-11)


@pytest.mark.parametrize(
    ("target", "low", "high"),
    [
        (0.10, 0.078, 0.119),
        (0.15, 0.118, 0.179),
        (0.20, 0.157, 0.238),
        (0.25, 0.197, 0.298),
        (0.30, 0.236, 0.359),
        (0.35, 0.276, 0.419),
        (0.40, 0.316, 0.480),
    ],
)
def test_boin_boundaries_of_other_targets(target: float, low: float, high: float) -> None:
    """Liu and Yuan 2015, JRSS C 64:507-523, table 1 (the last digit is cut there, not rounded)."""
    by = boundaries(target)
    assert (by.escalate, by.de_escalate) == (
        pytest.approx(low, abs=1e-3),
        pytest.approx(high, abs=1e-3),
    )


def test_boin_counts_at_30_percent() -> None:
    """Yan et al. 2020, Journal of Statistical Software 94(13), boundaries for ten cohorts of 3."""
    found = boundary_counts(boundaries(0.30), 30, equal_stays=True)[:, 3::3]
    assert found.tolist() == [
        [0, 1, 2, 2, 3, 4, 4, 5, 6, 7],
        [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        [3, 4, 5, 7, 8, 9, 10, 11, 12, 14],
    ]
    each = boundary_counts(boundaries(0.30), 12, equal_stays=True)[:2, 1:]
    assert each.tolist() == [
        [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
        [1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5],
    ]


@pytest.mark.parametrize("target", [0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40])
@pytest.mark.parametrize("equal_stays", [True, False])
def test_boin_tables_agree_with_the_formulas(target: float, equal_stays: bool) -> None:
    """Liu and Yuan 2015, equations (4) and (5) and section 2.3, once more with scipy."""
    low = log((1 - 0.6 * target) / (1 - target)) / log((1 - 0.6 * target) / (0.6 * (1 - target)))
    high = log((1 - target) / (1 - 1.4 * target)) / log(1.4 * (1 - target) / (1 - 1.4 * target))
    table = boin_table(boundaries(target), 30, equal_stays)
    for n in range(1, 31):
        for y in range(n + 1):
            toxic = n >= 3 and stats.beta.sf(target, 1 + y, 1 + n - y) > 0.95
            wanted = "E" if y / n <= low else "D" if y / n >= high else "S"
            wanted = "DU" if toxic else wanted
            assert table.of(n, y).sign == wanted, (n, y)


def test_boin_exact() -> None:
    """Package BOIN 2.7.2 enumerated, ten cohorts of 3, target 0.30 (../shared/contract.md, 5)."""
    of = settings_for("boin", 5, target=0.30)
    found = expected(of)
    assert percent(found) == pytest.approx(
        [0.5118, 19.8753, 57.9432, 20.0263, 1.6222, 0.0211], abs=6e-5
    )
    assert [one.value for one in found.patients] == pytest.approx(
        [3.8786, 8.5021, 11.7646, 4.9935, 0.8558], abs=6e-5
    )
    assert found.states == 6564
    assert found.expected_n.value == pytest.approx(29.9946, abs=6e-5)


# --- interval designs -----------------------------------------------------------------------------


def table_of(name: str, target: float, below: float, over: float, cutoff: float = 0.95) -> Table:
    """Compile an interval design's table, up to six participants."""
    kind = INTERVAL_METHODS[name]
    return kind.table(interval(target, below, over, cutoff, kind.fewest), 6)


def test_3_of_6_at_30_percent_is_where_mtpi_stays() -> None:
    """Guo et al. 2017, Contemporary Clinical Trials 58:23-33, section 2.2: Ockham's razor."""
    assert table_of("mtpi", 0.3, 0.05, 0.05).of(6, 3) is Action.STAY
    assert table_of("mtpi2", 0.3, 0.05, 0.05).of(6, 3) is Action.DE_ESCALATE
    assert table_of("keyboard", 0.3, 0.05, 0.05).of(6, 3) is Action.DE_ESCALATE
    assert boin_table(boundaries(0.3), 6, equal_stays=True).of(6, 3) is Action.DE_ESCALATE


@pytest.mark.parametrize(
    ("target", "reach", "escalate", "de_escalate"),
    [
        (0.10, 0.05, (0, 0, 0, 0, 0, 0), (1, 1, 2, 2, 3, 3)),
        (0.15, 0.08, (0, 0, 0, 0, 1, 1), (1, 2, 2, 3, 4, 4)),
        (0.20, 0.08, (0, 0, 0, 1, 1, 2), (1, 2, 3, 4, 5, 5)),
        (0.30, 0.05, (0, 1, 2, 2, 3, 4), (2, 3, 4, 5, 6, 7)),
    ],
)
@pytest.mark.parametrize("name", ["keyboard", "mtpi2"])
def test_keyboard_boundaries(
    name: str, target: float, reach: float, escalate: tuple[int, ...], de_escalate: tuple[int, ...]
) -> None:
    """Package Keyboard 0.1.3, get.boundary.kb(0.1), for 3 to 18; at 0.3 the table of Yan 2017.

    The others by scipy, as are all cells below: a shorter end key counts by its length.
    """
    kind = INTERVAL_METHODS[name]
    table = kind.table(interval(target, reach, reach, 0.95, kind.fewest), 18)
    found = {n: signs(table, n).split() for n in range(3, 19, 3)}
    assert tuple(row.count("E") - 1 for row in found.values()) == escalate
    assert (
        tuple(min(row.index(one) for one in ("D", "DU") if one in row) for row in found.values())
        == de_escalate
    )


def strengths(target: float, reach: float, n: int, y: int) -> list[float]:
    """Return how strongly data speak for less, for the target's interval, for more, by scipy."""
    width = 2 * reach
    steps = range(1, 1 + int(1 / width) + 1)
    below = [(max(target - reach - i * width, 0), target - reach - (i - 1) * width) for i in steps]
    over = [(target + reach + (i - 1) * width, min(target + reach + i * width, 1)) for i in steps]
    post = stats.beta(1 + y, 1 + n - y)
    return [
        max((post.cdf(b) - post.cdf(a)) / (b - a) for a, b in some if b - a > 1e-9)
        for some in (below, [(target - reach, target + reach)], over)
    ]


@pytest.mark.parametrize("target", [0.1, 0.15, 0.2, 0.3, 0.45, 0.55])
@pytest.mark.parametrize("reach", [0.03, 0.05, 0.08])
@pytest.mark.parametrize("name", ["keyboard", "mtpi2"])
def test_every_cell_of_equal_intervals(name: str, target: float, reach: float) -> None:
    """Yan et al. 2017 and Guo et al. 2017: the strongest interval; of a tie the careful action."""
    kind = INTERVAL_METHODS[name]
    table = kind.table(interval(target, reach, reach, 0.95, kind.fewest), 15)
    for n in range(1, 16):
        for y in range(n + 1):
            less, on, more = strengths(target, reach, n, y)
            most = max(less, on, more) * (1 - 1e-9)
            wanted = "D" if more >= most else "S" if on >= most else "E"
            toxic = n >= kind.fewest and stats.beta.sf(target, 1 + y, 1 + n - y) > 0.95
            assert table.of(n, y).sign == ("DU" if toxic else wanted), (n, y)


def test_a_tie_is_broken_to_the_careful_action() -> None:
    """At 0.45 one of two speaks as much for 0.5 to 0.6 as for 0.4 to 0.5: go down."""
    table = table_of("keyboard", 0.45, 0.05, 0.05)
    assert [table.of(n, n // 2).sign for n in (2, 4, 6)] == ["D", "D", "D"]
    table = table_of("keyboard", 0.55, 0.05, 0.05)
    assert [table.of(n, n // 2).sign for n in (2, 4, 6)] == ["S", "S", "S"]


def test_mtpi_2_table() -> None:
    """Guo et al. 2017, Contemporary Clinical Trials 58:23-33, figure 3: target 0.3 +- 0.05."""
    table = table_of("mtpi2", 0.3, 0.05, 0.05)
    assert signs(table, 3) == "E S D DU"
    assert signs(table, 6) == "E E S D DU DU DU"


PRINTED = {
    (3, 0): "E",
    (6, 0): "E",
    (6, 1): "S",
    (3, 2): "D",
    (3, 3): "D",
    (6, 2): "S",
    (6, 3): "D",
    (6, 4): "D",
}


@pytest.mark.parametrize(("target", "reach"), [(0.175, 0.125), (0.10, 0.05)])
def test_mtpi_table(target: float, reach: float) -> None:
    """Clinical Trials 2015;12:24-33 (PMC4344878), tables 2 and 3, which exclude no dose."""
    table = table_of("mtpi", target, reach, reach, cutoff=1.0)
    printed = PRINTED if target == 0.175 else PRINTED | {(6, 2): "D"}
    assert {at: table.of(*at).sign for at in PRINTED} == printed


def test_mtpi_table_with_exclusion() -> None:
    """The same table 2 with the exclusion of Ji et al. 2010: de-escalates, once never to return."""
    table = table_of("mtpi", 0.175, 0.125, 0.125)
    found = {at: table.of(*at).sign for at in PRINTED}
    assert found == {at: "DU" if sign == "D" else sign for at, sign in PRINTED.items()}
    assert stats.beta.sf(0.175, 1 + 3, 1 + 3) > 0.95 > stats.beta.sf(0.175, 1 + 2, 1 + 4)


@pytest.mark.parametrize(
    ("n", "y", "sign"),
    [
        (1, 0, "E"),
        (1, 1, "S"),
        (2, 0, "E"),
        (2, 1, "S"),
        (2, 2, "D"),
        (3, 0, "E"),
        (3, 1, "S"),
        (3, 2, "D"),
        (3, 3, "DU"),
        (4, 1, "S"),
        (4, 2, "D"),
        (6, 1, "E"),
        (6, 2, "S"),
        (6, 3, "D"),
        (6, 4, "DU"),
    ],
)
def test_i3_plus_3_rules(n: int, y: int, sign: str) -> None:
    """Liu et al. 2020, J Biopharm Stat 30:294-304, section 2: y/n and (y - 1)/n against 0.25-0.35.

    At 1 of 4 the rate lies on the lower end, which belongs to the interval.
    """
    assert table_of("i3_plus_3", 0.3, 0.05, 0.05).of(n, y).sign == sign


# --- CRM ------------------------------------------------------------------------------------------

GUESS = (0.05, 0.10, 0.20, 0.35, 0.50, 0.70)
TOX, LEVEL = (0, 0, 1, 0, 0, 1, 1, 0, 0, 0), (3, 4, 4, 3, 3, 4, 3, 2, 2, 2)


def _example() -> tuple[np.ndarray, np.ndarray]:
    n, y = np.zeros((1, 6), dtype=int), np.zeros((1, 6), dtype=int)
    for level, tox in zip(LEVEL, TOX, strict=True):
        n[0, level - 1] += 1
        y[0, level - 1] += tox
    return n, y


def test_crm_empiric() -> None:
    """Package dfcrm 0.2-2.1, crm(prior, 0.2, tox, level), the example of its help page."""
    model, (n, y) = OneParameter(GUESS), _example()
    assert model.estimate(n, y)[0] == pytest.approx(-0.21217153, abs=5e-8)
    rates = model.rates(n, y)
    assert rates[0] == pytest.approx(
        [0.0886529, 0.1553009, 0.2720539, 0.4277898, 0.5708462, 0.7493958], abs=2e-7
    )
    assert nearest(rates, 0.2)[0] + 1 == 2
    assert pytest.approx(1.34) == PRIOR_SD**2


def test_crm_logistic() -> None:
    """Package dfcrm 0.2-2.1, the same with model = "logistic"."""
    model, (n, y) = OneParameter(GUESS, logistic=True), _example()
    assert model.estimate(n, y)[0] == pytest.approx(-0.11011161, abs=5e-8)


def test_skeleton() -> None:
    """Package dfcrm 0.2-2.1, getprior(0.05, 0.25, 3, 5)."""
    assert spread_skeleton(0.05, 0.25, 3, 5) == pytest.approx(
        [0.08397349, 0.15674102, 0.25, 0.35450043, 0.46034311], abs=5e-9
    )


@pytest.mark.parametrize("logistic", [False, True])
def test_skeleton_spaces_neighbours_by_the_indifference_interval(logistic: bool) -> None:
    """Lee and Cheung 2009, Clinical Trials 6:227-238, section 2.3: the definition, solved."""
    from scipy.optimize import brentq

    guess = spread_skeleton(0.06, 0.3, 2, 4, logistic=logistic)
    model = OneParameter(guess, logistic)
    for i in range(3):
        at = brentq(lambda a, i=i: model.rate(np.array([a]))[0, i] - 0.24, -5, 5, xtol=1e-14)
        assert model.rate(np.array([at]))[0, i + 1] == pytest.approx(0.36, abs=1e-10)


# --- small numbers --------------------------------------------------------------------------------


def test_what_small_numbers_exclude() -> None:
    """Clopper and Pearson 1934, page 404, with none of n: 1 - 0.05 ** (1 / n)."""
    assert excluded_rates(3) == "0 of 3 excludes only true DLT rates above 63 % (one-sided 95 %)"
    assert excluded_rates(6) == "0 of 6 excludes only true DLT rates above 39 % (one-sided 95 %)"


def test_what_a_3_plus_3_lets_pass() -> None:
    """Storer 1989, Biometrics 45:927: a true rate of 40 % passes in three of ten trials."""
    by_hand = 0.6**3 + comb(3, 1) * 0.4 * 0.6**2 * 0.6**3
    assert passes_3_plus_3(0.4) == pytest.approx(by_hand, abs=1e-15)
    assert f"{passes_3_plus_3(0.4):.0%}" == "31%"
    assert any("40 % still passes a 3+3 in 31 %" in one for one in small_number_statements(3))

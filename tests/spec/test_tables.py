"""Every row of the specification tables: what the rule language must say of a small person."""

from collections.abc import Iterator

import pytest

from gradatim.core.expression import calculate
from gradatim.core.truth import UNKNOWN
from gradatim.core.verdict import Verdict
from gradatim.rules.describe import describe
from gradatim.rules.evaluate import evaluate
from gradatim.rules.horizon import horizon
from tests.spec.tables import ROWS, Row, table

EVERY_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


def nodes(verdict: Verdict) -> Iterator[Verdict]:
    yield verdict
    for child in verdict.children:
        yield from nodes(child)


@EVERY_ROW
def test_a_row_has_the_truth_the_table_says(row: Row) -> None:
    """The truth, and where the table names them the reason and the words."""
    found = evaluate(row.rule, row.situation())
    assert found.truth is row.truth
    assert (row.reason is None) is (row.truth is not UNKNOWN), "exactly an UNKNOWN has a reason"
    if row.reason is not None:
        assert row.reason in {leaf.reason for leaf in found.deciding()}
    assert row.spec.get("text", "") in " | ".join(node.text for node in nodes(found))


@EVERY_ROW
def test_a_row_says_why(row: Row) -> None:
    """Some leaf in words settles the verdict or leaves it open, and the rule has words too."""
    found = evaluate(row.rule, row.situation())
    assert any(leaf.text for leaf in found.deciding())
    assert describe(row.rule, row.situation().study)


@EVERY_ROW
def test_the_horizon_of_a_row_begins_with_its_truth(row: Row) -> None:
    """The first stretch is the verdict of the given first dose."""
    verdict, stretches = horizon(row.rule, row.situation())
    assert verdict == evaluate(row.rule, row.situation())
    assert stretches[0].truth is row.truth
    assert stretches[0].first == row.situation().anchors["first_dose"]


@pytest.mark.parametrize("row", table("expression")["rows"], ids=str)
def test_an_expression_has_the_result_the_table_says(row: dict) -> None:
    """The value of a tree."""
    found, wanted = calculate(row["expression"], row["given"]), row["result"]
    assert found == (pytest.approx(wanted, rel=1e-9) if isinstance(wanted, int | float) else wanted)

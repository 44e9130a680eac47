"""The tables are complete: nothing of the rule language is left without a row."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest

from gradatim.core.expression import OPERATORS
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.core.verdict import Reason
from gradatim.protocol.base import Bounds, Model, Window
from gradatim.protocol.nodes import NODE_KINDS, NODES, Requirement, kind_of
from tests.spec.tables import ROWS, Row, names, table

EVERY_KIND = pytest.mark.parametrize("kind", NODE_KINDS)


def parts_of(rule: Model) -> Iterator[Model]:
    """Give a rule, the rules in it and what those are made of."""
    yield rule
    for name in type(rule).model_fields:
        value = getattr(rule, name)
        for part in value if isinstance(value, list | tuple) else [value]:
            if isinstance(part, Model):
                yield from parts_of(part)


PARTS = [part for row in ROWS for part in parts_of(row.rule)]


@EVERY_KIND
def test_every_kind_of_node_has_a_table(kind: str) -> None:
    """Some table says that it is about this kind."""
    assert [name for name in names() if kind in table(name)["nodes"]]


@EVERY_KIND
def test_every_kind_of_node_has_rows_of_every_truth(kind: str) -> None:
    """The rows with a rule of this kind come out TRUE, FALSE and UNKNOWN."""
    missing = {TRUE, FALSE, UNKNOWN} - {row.truth for row in ROWS if kind_of(row.rule) == kind}
    assert not missing, (
        f"node `{kind}`: no row of tests/spec/tables comes out {', '.join(map(repr, missing))}"
    )


@pytest.mark.parametrize("name", names())
def test_every_table_is_about_the_nodes_it_names(name: str) -> None:
    """The kinds a table names are the kinds its rules have."""
    kinds = {kind_of(row.rule) for row in ROWS if row.table == name}
    assert kinds == set(table(name)["nodes"])


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_row(reason: Reason) -> None:
    """Each reason for being UNKNOWN is that of some row."""
    assert [row for row in ROWS if row.reason is reason]


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_of_an_expression_has_a_row(operator: str) -> None:
    """Each operator has a row with a result and one without."""
    rows = [row for row in table("expression")["rows"] if operator in str(row["expression"])]
    assert [row for row in rows if row["result"] is not None]


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "="])
def test_every_comparison_has_a_row_exactly_on_the_limit(operator: str) -> None:
    """At a ULN of 1.2: 1.8 against 1.5 x ULN, and a row just beyond that comes out otherwise."""
    rows = [row for row in ROWS if row.spec["rule"].get("is") == f"{operator} 1.5 x ULN"]
    exact = [row for row in rows if row.spec["facts"]["creatinine"] == "1.8 mg/dL, ULN 1.2"]
    assert [row.truth for row in exact] == [TRUE if "=" in operator else FALSE]
    beyond = [row for row in rows if row.spec["facts"]["creatinine"].startswith(("1.79", "1.81"))]
    assert [row.truth for row in beyond] == [FALSE if "=" in operator else TRUE]


@pytest.mark.parametrize("node", [*NODES.values(), Requirement], ids=lambda node: node.__name__)
def test_every_part_of_a_node_is_used_in_a_row(node: type[Model]) -> None:
    """Each field is set, and each of its fixed words used, by some row."""
    used = [part for part in PARTS if type(part) is node]
    for name, field in node.model_fields.items():
        assert [part for part in used if name in part.model_fields_set], f"no row sets {name}"
        if get_origin(field.annotation) is Literal:
            words = {getattr(part, name) for part in used}
            assert words == set(get_args(field.annotation)), f"rows use {name}: {words}"


@pytest.mark.parametrize("bounds", get_args(Bounds))
def test_every_kind_of_bounds_has_rows(bounds: str) -> None:
    """Each way to close a window has rows that come out TRUE and FALSE."""
    found: dict[Any, list[Row]] = {TRUE: [], FALSE: [], UNKNOWN: []}
    for row in ROWS:
        windows = [part for part in parts_of(row.rule) if isinstance(part, Window)]
        if any(window.bounds == bounds for window in windows):
            found[row.truth].append(row)
    assert found[TRUE]
    assert found[FALSE]


def test_rows_are_told_apart() -> None:
    """No two rows have one name, and every rule is made of leaves or is always the same."""
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert all(list(row.rule.leaves()) or row.truth is not UNKNOWN for row in ROWS)

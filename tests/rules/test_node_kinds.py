"""Every kind of node is known wherever kinds of node are told apart, and says its own shape.

A test that fails here names the node, and where and to what it is to be added; CONTRIBUTING.md,
"Add a rule node", follows these tests.
"""

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.exports.cql import rules as cql
from gradatim.protocol.nodes import NODE_KINDS, NODES, Measured, Node
from gradatim.rules.describe import DESCRIPTIONS
from gradatim.rules.evaluate import EVALUATIONS
from gradatim.rules.population.plan import COMPILATIONS
from tests.properties.strategies import RULES, STUDY
from tests.spec.tables import ROWS, names, table

ROOT = Path(__file__).parents[2]
EVERY_KIND = pytest.mark.parametrize("kind", NODE_KINDS)


class Place(NamedTuple):
    """Where kinds of node are told apart.

    Args:
        file: the place, below the root of the checkout.
        what: what a new kind is added to there.
        known: the kinds that are known, by the key that names them.
    """

    file: str
    what: str
    known: Callable[[], Collection[str]]


def keys(*tables: Collection[type[Node]]) -> set[str]:
    """Return the keys of the nodes in some tables."""
    kind_of = {node: kind for kind, node in NODES.items()}
    return {kind_of.get(node, node.__name__) for some in tables for node in some}


def on_the_page() -> set[str]:
    """Return the kinds that are headings, or parts of one, on the page of the language."""
    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    return {kind for kind in NODE_KINDS if re.search(rf"^(## |\*\*).*`{kind}`", page, re.MULTILINE)}


PLACES = (
    Place("src/gradatim/rules/evaluate.py", "EVALUATIONS", lambda: keys(EVALUATIONS)),
    Place("src/gradatim/rules/describe.py", "DESCRIPTIONS", lambda: keys(DESCRIPTIONS)),
    Place("src/gradatim/rules/population/plan.py", "COMPILATIONS", lambda: keys(COMPILATIONS)),
    Place(
        "src/gradatim/exports/cql/rules.py",
        "LEAVES, to CONNECTIVES, or with the reason why not to NOT_EXPRESSED",
        lambda: keys(cql.LEAVES, cql.CONNECTIVES, cql.NOT_EXPRESSED),
    ),
    Place(
        "tests/spec/tables",
        "the `nodes` of a table, with rows",
        lambda: {kind for name in names() for kind in table(name)["nodes"]},
    ),
    Place(
        "tests/properties/strategies.py",
        "the rules that are generated, and with it to the tests of days and of engines",
        lambda: RULES,
    ),
    Place("docs/language.md", "the page, by `make docs`", on_the_page),
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.file)
def test_every_kind_is_known(place: Place) -> None:
    """What is missing is named: the node, the place, and what to add it to."""
    known = set(place.known())
    missing = [
        f"node {NODES[kind].__name__} (`{kind}`) is not known to {place.file}: "
        f"add it to {place.what}"
        for kind in NODE_KINDS
        if kind not in known
    ]
    assert missing == []
    assert known - set(NODE_KINDS) == set(), f"{place.file} knows what is no kind of node"


def test_every_class_of_node_is_a_rule() -> None:
    """A node that `Rule` does not list cannot be written in a protocol."""
    missing = [
        f"node {one.__name__} cannot be written in a protocol: add it to the kinds of `Rule`"
        for one in subclasses(Node)
        if one is not Measured and one not in NODES.values()
    ]
    assert missing == []


def subclasses(of: type[Node]) -> Iterator[type[Node]]:
    """Give every class of node, those that only share fields too."""
    for one in of.__subclasses__():
        yield one
        yield from subclasses(one)


# --- the shape of a node --------------------------------------------------------------------------

REFERENCES: dict[str, Collection[str]] = {
    "element": STUDY.elements,
    "anchor": STUDY.schedule.anchors,
    "encounter": STUDY.schedule.encounters,
}


def strings_in(value: Any) -> Iterator[str]:
    """Give every text in a rule as it is written, at whatever depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings_in(one)


def check_references(rule: Node) -> None:
    """Check that each name in a rule that the study defines is one that the rule says it names."""
    said = {"element": rule.elements(), "anchor": rule.anchors(), "encounter": rule.encounters()}
    every = {name for listed in said.values() for name in listed}
    for text in strings_in(rule.model_dump(by_alias=True, exclude_defaults=True)):
        found = [one for one, defined in REFERENCES.items() if text in defined]
        assert not found or text in every, (
            f"{type(rule).__name__} names the {found[0]} {text!r} in a field whose type does not "
            f"say so: give the field the type AnchorName, ExposureName, ... of protocol/nodes.py"
        )
    for what, listed in said.items():
        assert set(listed) <= set(REFERENCES[what]), f"{type(rule).__name__} names no such {what}"


@EVERY_KIND
@given(data=st.data())
def test_a_node_says_which_elements_anchors_and_encounters_it_names(
    kind: str, data: st.DataObject
) -> None:
    """Of whatever rule of the kind: what is written in it is what it says that it names."""
    check_references(data.draw(RULES[kind]))


@EVERY_KIND
def test_a_renamed_rule_names_the_new_elements_only(kind: str) -> None:
    """Exceptions, exemptions and parts included; everything else stays."""
    new = {name: f"{name}_of_another_study" for name in STUDY.elements}
    old = {after: before for before, after in new.items()}
    rules = [row.rule for row in ROWS if kind in row.spec["rule"]]
    for rule in rules:
        changed = rule.renamed(new)
        assert changed.elements() == tuple(new.get(name, name) for name in rule.elements())
        assert changed.renamed(old) == rule


@EVERY_KIND
def test_a_rule_is_made_of_its_leaves(kind: str) -> None:
    """A leaf is among its own leaves; a connective names only what its parts name."""
    for rule in (row.rule for row in ROWS if kind in row.spec["rule"]):
        leaves = list(rule.leaves())
        assert (rule in leaves) is rule.is_leaf
        assert all(leaf.is_leaf for leaf in leaves)
        assert set(rule.elements()) == {name for leaf in leaves for name in leaf.elements()}
        assert rule.with_parts(lambda part: part) == rule


def test_the_steps_of_contributing_name_every_place() -> None:
    """Whoever adds a node reads where, in the order in which the tests ask for it."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    steps = text.split("## Add a rule node")[1].split("\n## ")[0]
    assert [place.file for place in PLACES if f"`{place.file}`" not in steps] == []

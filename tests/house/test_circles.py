"""No modules import each other in a circle: each can be read after what it stands on."""

import ast
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.house.test_reached import SOURCE, imports, names


def graph(folder: Path = SOURCE) -> dict[str, set[str]]:
    """Give for each module those it imports, inside functions and for types alone too.

    A package without anything but its docstring is only on the way to its modules.
    """
    trees = {name: ast.parse(path.read_text("utf-8")) for name, path in names(folder).items()}
    with_content = {
        name
        for name, tree in trees.items()
        if not all(isinstance(one, ast.Expr) for one in tree.body)
    }
    return {name: {*imports(tree)} & with_content - {name} for name, tree in trees.items()}


def circle(imported: Mapping[str, set[str]]) -> Sequence[str]:
    """Give a circle of modules, the first of them again as the last; empty where there is none."""
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        found: Sequence[str] = error.args[1][::-1]
        return found
    return ()


def test_no_modules_import_each_other():
    """What two modules both need stands in a third, below them; what opens them, above."""
    found = circle(graph())
    assert not found, f"a circle of imports: {' imports '.join(found)}"


def test_a_circle_is_found_inside_functions_and_among_types(tmp_path):
    (tmp_path / "a.py").write_text("from typing import TYPE_CHECKING\nfrom b import x\n")
    (tmp_path / "b.py").write_text("def x():\n    import c\n")
    assert circle(graph(tmp_path)) == ()
    (tmp_path / "c.py").write_text("if True:\n    from a import y\n")
    assert set(circle(graph(tmp_path))) == {"a", "b", "c"}

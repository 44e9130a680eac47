"""A public name has one meaning: what many modules define is in the glossary, or is renamed."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "gradatim"
GLOSSARY = ROOT / "docs" / "glossary.md"
MANY = 3
"""So many modules that define a name make it one that a reader has to tell apart."""
DEMANDED: Mapping[str, str] = {
    "urlpatterns": "Django looks it up in a module of addresses",
    "register": "Django looks it up in a module of template tags",
    "app": "the group of commands of Typer that a module adds to",
    "router": "the group of operations of Ninja that a module adds to",
}
"""Names that a framework, or its custom, demands of a module."""
HANDED_ON = frozenset({"callback", "command", "filter", "get", "post", "simple_tag"})
"""Decorators that hand a function's name on: a command, a template filter, an operation."""
SCHEMAS = "web/api/schemas/"
"""The name of a class here is the one that the OpenAPI document has: outsiders use it."""


def defined(tree: ast.Module) -> Iterator[str]:
    """Yield the public functions, classes and constants that a module defines at its top."""
    for node in tree.body:
        found: list[str] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found = [] if any(map(_hands_on, node.decorator_list)) else [node.name]
        elif isinstance(node, ast.Assign):
            found = [name for target in node.targets for name in _assigned(target)]
        elif isinstance(node, ast.AnnAssign):
            found = list(_assigned(node.target))
        yield from (name for name in found if not name.startswith("_"))


def _assigned(target: ast.expr) -> Iterator[str]:
    """Yield the names that an assignment binds, of a tuple each; of an attribute none."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple):
        for part in target.elts:
            yield from _assigned(part)


def _hands_on(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in HANDED_ON


def modules(folder: Path = SOURCE) -> dict[str, str]:
    """Return the text of each module by its path, without migrations and schemas of the API."""
    return {
        name: path.read_text("utf-8")
        for path in sorted(folder.rglob("*.py"))
        if "migrations" not in path.parts
        and not (name := path.relative_to(folder).as_posix()).startswith(SCHEMAS)
    }


def repeated(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names that many modules define, each with those modules."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for module, text in texts.items():
        for name in defined(ast.parse(text)):
            places[name].add(module)
    return {
        name: sorted(those)
        for name, those in places.items()
        if len(those) >= MANY and name not in DEMANDED
    }


def shared_names() -> set[str]:
    """Return the names that the glossary says several modules share."""
    section = GLOSSARY.read_text("utf-8").split("## Names that several modules share", 1)[1]
    return set(re.findall(r"^\| `(\w+)` \|", section.split("\n## ", 1)[0], re.MULTILINE))


def test_a_name_of_many_modules_stands_in_the_glossary():
    """What means the same in each gets a line there; what does not is given another name."""
    unexplained = {
        name: those for name, those in repeated(modules()).items() if name not in shared_names()
    }
    assert not unexplained, "\n".join(
        f"{name} is defined in {', '.join(those)}" for name, those in unexplained.items()
    )


def test_the_glossary_lists_only_names_that_are_shared():
    """A line about a name that is gone misleads whoever looks for it."""
    assert shared_names() <= set(repeated(modules()))


def test_each_demanded_name_is_one_that_many_modules_define():
    """An exception that nothing needs is taken away."""
    texts = modules()
    for name in DEMANDED:
        found = [module for module, text in texts.items() if name in defined(ast.parse(text))]
        assert len(found) >= MANY, name


def test_every_module_that_the_glossary_names_exists():
    """A word whose home has moved is found again here."""
    named = re.findall(r"`([a-z_/0-9]+\.py)`", GLOSSARY.read_text("utf-8"))
    homes = [path for path in named if not path.startswith("tests/")]
    assert homes
    assert [path for path in homes if not (SOURCE / path).is_file()] == []


@pytest.mark.parametrize(
    "text",
    [
        "def kept(): ...",
        "async def kept(): ...",
        "class kept: ...",
        "kept = 1",
        "kept: int = 1",
        "other, kept = 1, 2",
        "@lru_cache\ndef kept(): ...",
    ],
)
def test_every_way_to_define_a_name_is_seen(text):
    """Three modules that define it are named, two are not."""
    three = {f"{letter}.py": text for letter in "abc"}
    assert repeated(three)["kept"] == ["a.py", "b.py", "c.py"]
    assert repeated({"a.py": text, "b.py": text}) == {}


@pytest.mark.parametrize(
    "text",
    ["def _kept(): ...", "@app.command()\ndef kept(): ...", "if True:\n    pass", "a.kept = 1"],
)
def test_what_is_private_or_handed_on_is_left_alone(text):
    """A command's function has the command's name, and nobody imports it."""
    assert repeated({f"{letter}.py": text for letter in "abc"}) == {}

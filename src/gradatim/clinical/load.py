"""Reading of the tables that travel with this floor."""

import csv
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, NamedTuple, TypeVar

from gradatim.core.documents import Steps, place, read_yaml
from gradatim.core.errors import UnusableInput

Read = TypeVar("Read")


class Table(NamedTuple):
    """A table in YAML: entries by name, and the line of each part.

    Args:
        name: of the file, for messages.
        entries: what the table says.
        lines: the line of each part, by its path.
    """

    name: str
    entries: Mapping[str, Any]
    lines: Mapping[Steps, int]

    def fault(self, path: Steps, what: str, why: str = "", todo: str = "") -> UnusableInput:
        """Return the fault of a part, with its file and line."""
        return UnusableInput(what, place(self.name, self.lines, path), why, todo)

    def at(self, path: Steps) -> Any:
        """Return the part at a path."""
        found: Any = self.entries
        for step in path:
            found = found[step]
        return found

    def mapping(
        self, path: Steps, what: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> Mapping[str, Any]:
        """Return the part at a path, a mapping that has all needed keys and no unknown one.

        Args:
            path: of the part.
            what: the part in words, for messages: `term Anemia`.
            needed: keys that it must have.
            optional: keys that it may have.

        Raises:
            UnusableInput: it is no mapping, lacks a key, or has one that would not be looked at.
        """
        found = self.names(path, what)
        unknown = [key for key in found if key not in needed and key not in optional]
        for key in needed:
            if key not in found:
                why = f"it has {unknown[0]!r}, which is none of its keys" if unknown else ""
                here = (*path, *unknown[:1])
                raise self.fault(here, f"{what} has no {key!r}", why, f"add {key!r}")
        if unknown:
            todo = f"use {', '.join((*needed, *optional))}"
            what = f"{what} has an unknown key {unknown[0]!r}"
            raise self.fault((*path, unknown[0]), what, todo=todo)
        return found

    def names(self, path: Steps, what: str) -> Mapping[str, Any]:
        """Return the part at a path, a mapping of any names.

        Raises:
            UnusableInput: it is not a mapping.
        """
        found = self.at(path)
        if not isinstance(found, dict):
            raise self.fault(path, f"{what} is not a mapping", todo="write `name: value`")
        return found

    def items(self, path: Steps, what: str) -> list[Any]:
        """Return the part at a path, a list; an empty one where there is no such part.

        Raises:
            UnusableInput: it is not a list.
        """
        found = self.at(path[:-1]).get(path[-1], []) if isinstance(path[-1], str) else self.at(path)
        if not isinstance(found, list):
            raise self.fault(path, f"{what} is not a list", todo="write it in square brackets")
        return found

    def texts(self, path: Steps, what: str) -> tuple[str, ...]:
        """Return the part at a path, a list of texts; an empty one where there is no such part.

        Raises:
            UnusableInput: it is not a list of texts.
        """
        found = self.items(path, what)
        for n, one in enumerate(found):
            if not isinstance(one, str):
                todo = "write it in quotation marks"
                raise self.fault((*path, n), f"{what}: {one!r} is not text", todo=todo)
        return tuple(found)

    def read(self, read: Callable[["Table", str], Read]) -> dict[str, Read]:
        """Return every entry as a function reads it, by its name."""
        return {name: read(self, name) for name in self.entries}


def table_text(table: str) -> str:
    """Give the text of a table of this floor, by file name.

    Source: the package's own `tables` folder.
    """
    return files("gradatim.clinical").joinpath("tables", table).read_text(encoding="utf-8")


def csv_rows(table: str) -> list[dict[str, str]]:
    """Give the rows of a CSV table of this floor, by file name; every cell is a string.

    Source: the package's own `tables` folder.
    """
    return list(csv.DictReader(table_text(table).splitlines()))


def entries(table: str) -> Table:
    """Return a YAML table of this floor, by file name.

    Source: the package's own `tables` folder.

    Raises:
        UnusableInput: it is not YAML, or a name stands in it twice.
    """
    return parse_table(table_text(table), f"clinical/tables/{table}")


def parse_table(text: str, name: str) -> Table:
    """Return a YAML table from its text; `name` is used in messages.

    Raises:
        UnusableInput: it is not YAML, or a name stands in it twice.
    """
    lines: dict[Steps, int] = {}
    return Table(name, read_yaml(text.encode(), name, lines, aliases=True), lines)

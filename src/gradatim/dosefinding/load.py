"""Reading a decision table from a file."""

import csv
from pathlib import Path

from gradatim.core.errors import UnusableInput, shortened
from gradatim.dosefinding.decision_table import SIGNS, Action, Table, check_table, empty_actions

HEAD = "DLTs"
MOST, DIGITS = 1_000, 9
_ACTIONS = {sign: action for action, sign in SIGNS.items() if sign}
_EXAMPLE = f"the first line is {HEAD},3,6 and the next ones 0,E,E and 1,S,E"


def read_table(path: str) -> Table:
    """Read a decision table: CSV with the numbers of participants across and of DLTs down.

    A cell is E (escalate), S (stay), H (hold), D (de-escalate), DU (de-escalate, never again) or X
    (stop); cells with more DLTs than participants are empty. Lines that begin with # are comments.

    Raises:
        UnusableInput: the file cannot be read, is not of that form, has a hole or contradicts
        itself.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not a text in UTF-8"
        raise UnusableInput("this table cannot be read", path, why, "check the path") from error
    lines = [
        (n, line)
        for n, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise UnusableInput("this table is empty", path, todo=_EXAMPLE)
    sizes = _head(lines[0], path)
    actions, seen = empty_actions(max(sizes)), set[int]()
    for n, line in lines[1:]:
        cells = _cells(line, f"{path}:{n}")
        y = _count(cells[0], f"{path}:{n}")
        if y in seen:
            raise UnusableInput(f"there are two rows for {y} DLTs", f"{path}:{n}", todo="keep one")
        seen.add(y)
        if len(cells) > len(sizes) + 1:
            raise UnusableInput(
                f"the row has {len(cells) - 1} cells for {len(sizes)} columns",
                f"{path}:{n}",
                todo="remove what is too much",
            )
        for size, cell in zip(sizes, cells[1:], strict=False):
            _fill(actions, size, y, cell, f"{path}:{n}")
    return check_table(Table(actions), path)


def _head(line: tuple[int, str], path: str) -> list[int]:
    where = f"{path}:{line[0]}"
    cells = _cells(line[1], where)
    if cells[0].lower() != HEAD.lower() or len(cells) < 2:
        raise UnusableInput(f"the first line does not begin with {HEAD}", where, todo=_EXAMPLE)
    sizes = [_count(cell, where) for cell in cells[1:]]
    if any(b <= a for a, b in zip([0, *sizes], sizes, strict=False)):
        raise UnusableInput("the numbers of participants do not rise", where, todo=_EXAMPLE)
    return sizes


def _cells(line: str, where: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line]))]
    except csv.Error as error:
        raise UnusableInput("this line cannot be read", where, str(error), _EXAMPLE) from error


def _count(cell: str, where: str) -> int:
    if not (cell.isascii() and cell.isdecimal() and len(cell) <= DIGITS) or int(cell) > MOST:
        raise UnusableInput(
            f"{shortened(cell)} is not a number of people",
            where,
            todo=f"give a whole number up to {MOST:,}; {_EXAMPLE}",
        )
    return int(cell)


def _fill(actions: "object", size: int, y: int, cell: str, where: str) -> None:
    if not cell:
        return
    action = _ACTIONS.get(cell.upper())
    if action is None:
        known = ", ".join(_ACTIONS)
        raise UnusableInput(
            f"{shortened(cell)} is not an action", where, todo=f"use one of {known}"
        )
    if y > size:
        raise UnusableInput(
            f"there cannot be {y} DLTs in {size} participants", where, todo="leave the cell empty"
        )
    actions[size, y] = action  # type: ignore[index]


def write_table(table: Table) -> str:
    """Return a table as `read_table` reads it."""
    sizes = table.sizes()
    rows = [[HEAD, *map(str, sizes)]]
    for y in range(table.most + 1):
        rows.append([str(y), *(Action(table.of(n, y)).sign for n in sizes)])
    return "\n".join(",".join(row) for row in rows) + "\n"

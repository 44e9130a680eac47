"""Lists of terms that a site picks adverse events from, read from a table as text.

A list says how things are called, and by which codes. What an event is by the protocol it does not
say: that is concluded from the protocol's own words and codes alone.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gradatim.clinical.ctcae.terms import folded, says_something
from gradatim.core.codes import system_of
from gradatim.core.errors import UnusableInput

COLUMNS = ("term", "code", "system", "version", "synonyms")
"""What a list may have; only the term is needed."""
LONGEST_TERM, MOST_TERMS = 200, 20_000
BETWEEN_SYNONYMS = ";"
_TODO = f"give a table with the columns {', '.join(COLUMNS)}, of which only term is needed"


class ListedTerm(NamedTuple):
    """A term of a list.

    Args:
        term: as the list writes it.
        code: its code; empty where it has none.
        synonyms: what it is called besides.
    """

    term: str
    code: str = ""
    synonyms: tuple[str, ...] = ()


class TermList(NamedTuple):
    """A list of terms.

    Args:
        system: code system of the codes, by its short name or else its URI; empty: no codes.
        version: of the code system, as its publisher calls it; may be empty.
        terms: in the order of the list.
        by_name: every term that a name, in folded form, is one of.
    """

    system: str
    version: str
    terms: tuple[ListedTerm, ...]
    by_name: Mapping[str, tuple[ListedTerm, ...]]


def read_term_list(text: str, name: str) -> TermList:
    """Read a list of terms: a table with a header, cells apart by commas or tabs.

    Args:
        text: the table.
        name: of the file, for messages.

    Raises:
        UnusableInput: a column, a row or a cell cannot be meant; it names the line.
    """
    lines = [f"{line}\n" for line in re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))]
    between = "\t" if lines and "\t" in lines[0] else ","
    reader = csv.reader(lines, delimiter=between, strict=True)
    rows = _rows(reader, name)
    header, first = next(rows, ([], 1))
    columns = _columns(header, name, first)
    terms: dict[str, tuple[ListedTerm, int]] = {}
    of_codes: set[tuple[str, str]] = set()
    for cells, line in rows:
        where = f"{name}, line {line}"
        row = _row(cells, columns, where)
        term, system = _term(row, where)
        of_codes |= {(system, row.get("version", ""))} - {("", "")}
        if len(of_codes) > 1:
            raise _unusable(
                "the terms are of several systems or versions", where, "make a list of each"
            )
        known = terms.setdefault(folded(term.term), (term, line))
        if known[1] != line:
            why = f"it is the term of line {known[1]}"
            raise _unusable(f"{term.term!r} is there twice", where, "give each term once", why)
        if len(terms) > MOST_TERMS:
            raise _unusable(f"there are more than {MOST_TERMS} terms", where, "give fewer")
    if not terms:
        raise _unusable("there is no term in this list", name, _TODO)
    system, version = next(iter(of_codes), ("", ""))
    found = tuple(term for term, _ in terms.values())
    return TermList(system, version, found, _by_name(found))


def _rows(reader: Iterator[list[str]], name: str) -> Iterator[tuple[list[str], int]]:
    """Yield the rows that are not empty, each with its line."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"{name}, line {reader.line_num}"  # type: ignore[attr-defined]
            raise _unusable("this row cannot be read", where, _TODO, str(error)) from error
        if any(cell.strip() for cell in cells):
            yield [cell.strip() for cell in cells], reader.line_num  # type: ignore[attr-defined]


def _columns(header: Sequence[str], name: str, line: int) -> list[str]:
    columns = [cell.lower() for cell in header]
    where = f"{name}, line {line}"
    if "term" not in columns:
        said = f"there are {', '.join(header)[:200]}" if header else "the table is empty"
        raise _unusable("there is no column term", where, _TODO, said)
    unknown = [one for one in columns if one not in COLUMNS]
    if unknown or len(set(columns)) < len(columns):
        which = unknown[0] if unknown else next(x for x in columns if columns.count(x) > 1)
        why = "nothing is known of such a column" if unknown else "it is there twice"
        raise _unusable(f"the column {which!r} cannot be meant", where, _TODO, why)
    return columns


def _row(cells: Sequence[str], columns: Sequence[str], where: str) -> dict[str, str]:
    if len(cells) != len(columns):
        why = f"there are {len(cells)} cells, and {len(columns)} columns"
        todo = "give each row as many cells as there are columns; quote one with a comma"
        raise _unusable("this row has not the columns of the table", where, todo, why)
    return dict(zip(columns, cells, strict=True))


def _term(row: Mapping[str, str], where: str) -> tuple[ListedTerm, str]:
    """Return the term of a row, and the code system of its code."""
    term, code = row["term"], row.get("code", "")
    system = system_of(row.get("system", ""))
    if not says_something(term) or not 2 <= len(term) <= LONGEST_TERM:
        todo = f"give a term of 2 to {LONGEST_TERM} characters, with a letter or a digit"
        raise _unusable(f"{term[:40]!r} is no term", where, todo)
    if code and not system:
        todo = "name the code system in the column system, such as http://snomed.info/sct"
        raise _unusable(f"nobody can tell of which system the code {code!r} is", where, todo)
    said = (one.strip() for one in row.get("synonyms", "").split(BETWEEN_SYNONYMS))
    synonyms = tuple(dict.fromkeys(one for one in said if says_something(one)))
    return ListedTerm(term, code, synonyms), system


def _by_name(terms: Sequence[ListedTerm]) -> dict[str, tuple[ListedTerm, ...]]:
    """Return what each name is of: a term itself, else whatever has it as a synonym."""
    found: dict[str, tuple[ListedTerm, ...]] = {folded(one.term): (one,) for one in terms}
    own = frozenset(found)
    for one in terms:
        for name in dict.fromkeys(map(folded, one.synonyms)):
            if name not in own:
                found[name] = (*found.get(name, ()), one)
    return found


def _unusable(what: str, where: str, todo: str, why: str = "") -> UnusableInput:
    return UnusableInput(what, where, why, todo)

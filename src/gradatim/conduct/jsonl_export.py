"""The export of the ledger: JSON Lines, which an inspector can read and check without gradatim.

The first line is `{"schema": "gradatim.ledger/1", "trial": ...}`; then one line an event with
position, request, body (the exact bytes as text; bytes that are no UTF-8, which only tampering can
leave, as lone surrogates) and hash (lower-case hexadecimal).
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from gradatim.conduct.chain import Entry
from gradatim.core.errors import UnusableInput

SCHEMA = "gradatim.ledger/1"
FIELDS = {"position": int, "request": str, "body": str, "hash": str}


def export_lines(entries: Iterable[Entry], trial: str) -> Iterator[str]:
    """Write a trial's entries, each line with its end."""
    yield json.dumps({"schema": SCHEMA, "trial": trial}) + "\n"
    for entry in entries:
        body = entry.body.decode("utf-8", "surrogateescape")
        line = {
            "position": entry.position,
            "request": entry.request,
            "body": body,
            "hash": entry.hash.hex(),
        }
        yield json.dumps(line) + "\n"


def parse_lines(lines: Iterable[bytes], where: str = "") -> tuple[str, Iterator[Entry]]:
    """Read an export: its trial, and its entries as they stand, right or wrong.

    A hash that is not 64 lower-case hexadecimal digits is read as no bytes, which fits no event.

    Args:
        lines: of the file.
        where: the file, for the message.

    Raises:
        UnusableInput: a line is not a line of an export; for entries, when they are reached.
    """
    rest = iter(lines)
    header = _object(next(rest, b""), where, 1)
    if set(header) != {"schema", "trial"} or header["schema"] != SCHEMA:
        raise _unusable(where, 1, f"the first line has no schema {SCHEMA}")
    if not isinstance(header["trial"], str) or not header["trial"].isprintable():
        raise _unusable(where, 1, "the trial is not printable text")
    return header["trial"], _entries(header["trial"], rest, where)


def _entries(trial: str, lines: Iterable[bytes], where: str) -> Iterator[Entry]:
    for number, line in enumerate(lines, 2):
        row = _object(line, where, number)
        if {name: type(value) for name, value in row.items()} != FIELDS:
            raise _unusable(where, number, "it has not position, request, body and hash")
        try:
            body = row["body"].encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise _unusable(where, number, str(error)) from error
        yield Entry(trial, row["position"], row["request"], body, _hash(row["hash"]))


def _hash(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        return b""
    return digest if digest.hex() == text else b""


def _object(line: bytes, where: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise _unusable(where, number, str(error)) from error
    if not isinstance(found, dict):
        raise _unusable(where, number, "it is not an object")
    return found


def _unusable(where: str, number: int, why: str) -> UnusableInput:
    return UnusableInput(
        "this is not a ledger's export",
        f"{where}:{number}" if where else f"line {number}",
        why,
        "export the ledger again",
    )

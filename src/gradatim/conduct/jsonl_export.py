"""The export of the ledger: JSON Lines, which an inspector can read and check without gradatim.

The first line is `{"schema": "gradatim.ledger/1", "trial": ...}`; then one line an event with
position, request, body (the exact bytes as text; bytes that are no UTF-8, which only tampering can
leave, as lone surrogates) and hash (lower-case hexadecimal); where the entry is sealed, `seal` with
link and signature (lower-case hexadecimal). A seal of an entry that is not there, which only
tampering can leave, is a line with position and seal alone.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from gradatim.conduct.chain import Entry
from gradatim.conduct.seals import Seal
from gradatim.core.errors import UnusableInput

SCHEMA = "gradatim.ledger/1"
FIELDS = {"position": int, "request": str, "body": str, "hash": str}
SEAL_FIELDS = {"link": str, "signature": str}


def export_lines(entries: Iterable[Entry], trial: str, seals: Iterable[Seal] = ()) -> Iterator[str]:
    """Write a trial's entries with their seals, by position, each line with its end."""
    yield json.dumps({"schema": SCHEMA, "trial": trial}) + "\n"
    rest = iter(seals)
    seal = next(rest, None)
    for entry in entries:
        body = entry.body.decode("utf-8", "surrogateescape")
        line: dict[str, Any] = {
            "position": entry.position,
            "request": entry.request,
            "body": body,
            "hash": entry.hash.hex(),
        }
        while seal is not None and seal.position < entry.position:
            yield _stray(seal)
            seal = next(rest, None)
        if seal is not None and seal.position == entry.position:
            line["seal"] = _in_hex(seal)
            seal = next(rest, None)
        yield json.dumps(line) + "\n"
    while seal is not None:
        yield _stray(seal)
        seal = next(rest, None)


def _in_hex(seal: Seal) -> dict[str, str]:
    return {"link": seal.link.hex(), "signature": seal.signature.hex()}


def _stray(seal: Seal) -> str:
    return json.dumps({"position": seal.position, "seal": _in_hex(seal)}) + "\n"


def parse_lines(lines: Iterable[bytes], where: str = "") -> tuple[str, Iterator[Entry | Seal]]:
    """Read an export: its trial, and its entries and seals as they stand, right or wrong.

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


def _entries(trial: str, lines: Iterable[bytes], where: str) -> Iterator[Entry | Seal]:
    for number, line in enumerate(lines, 2):
        row = _object(line, where, number)
        seal = row.pop("seal", None)
        kinds = {name: type(value) for name, value in row.items()}
        if kinds != FIELDS and not (seal is not None and kinds == {"position": int}):
            raise _unusable(where, number, "it has not position, request, body and hash")
        if kinds == FIELDS:
            try:
                body = row["body"].encode("utf-8", "surrogateescape")
            except UnicodeEncodeError as error:
                raise _unusable(where, number, str(error)) from error
            yield Entry(trial, row["position"], row["request"], body, _hash(row["hash"]))
        if seal is not None:
            if not isinstance(seal, dict) or {k: type(v) for k, v in seal.items()} != SEAL_FIELDS:
                raise _unusable(where, number, "its seal has not link and signature")
            yield Seal(row["position"], _hash(seal["link"]), _hash(seal["signature"]))


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

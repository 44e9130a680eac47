"""Read a FHIR Bundle from a file: bytes to a dict, with a message for all that can go wrong."""

from pathlib import Path
from typing import Any

import msgspec

from gradatim.core.errors import UnusableInput
from gradatim.evidence.fhir.bundles import not_a_bundle

MOST_BYTES = 25_000_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_JSON = "give one FHIR R4 Bundle as JSON in UTF-8"


def load_bundle(path: str | Path, most: int = MOST_BYTES) -> dict[str, Any]:
    """Read a Bundle from a file.

    Args:
        path: the file.
        most: the largest size read, in bytes.

    Raises:
        UnusableInput: the file cannot be read, is too large, or holds no Bundle.
    """
    file = Path(path)
    try:
        if file.exists() and not file.is_file():
            raise UnusableInput(
                "this file cannot be read",
                str(path),
                "it is not a regular file",
                "give the path of a FHIR R4 Bundle",
            )
        size = file.stat().st_size
        content = file.read_bytes() if size <= most else b""
    except OSError as error:
        raise UnusableInput(
            "this file cannot be read",
            str(path),
            str(error.strerror),
            "give the path of a FHIR R4 Bundle",
        ) from error
    if size > most:
        raise _too_large(size, str(path), most)
    return decode(content, str(path), most)


def decode(content: bytes, name: str, most: int = MOST_BYTES) -> dict[str, Any]:
    """Decode a Bundle from JSON.

    Args:
        content: the JSON text, in UTF-8.
        name: what to call it in messages.
        most: the largest size decoded, in bytes.

    Raises:
        UnusableInput: it is too large, no JSON, nested too deeply, or no Bundle.
    """
    if len(content) > most:
        raise _too_large(len(content), name, most)
    bundle = decode_json(content, name)
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise not_a_bundle(bundle, name)
    return bundle


def decode_json(content: bytes, name: str) -> Any:
    """Decode strict JSON; NaN and Infinity are not JSON.

    Raises:
        UnusableInput: it is no JSON; the message names the line.
    """
    content = content.removeprefix(_BYTE_ORDER_MARK)
    try:
        return msgspec.json.decode(content)
    except RecursionError as error:
        why = "no resource needs as many levels"
        raise UnusableInput("this file is nested too deeply", name, why, _JSON) from error
    except UnicodeDecodeError as error:
        where = f"{name}:{_line(content, _first_not_utf8(content))}"
        raise UnusableInput(
            "this file is not JSON", where, "it is not text in UTF-8", _JSON
        ) from error
    except msgspec.DecodeError as error:
        raise _not_json(content, name, str(error)) from error


def _not_json(content: bytes, name: str, why: str) -> UnusableInput:
    if not content.strip():
        return UnusableInput("this file is empty", name, todo=_JSON)
    why, _, at = why.removeprefix("JSON is malformed: ").partition(" (byte ")
    if at:
        byte = int(at.rstrip(")"))
        return UnusableInput("this file is not JSON", f"{name}:{_line(content, byte)}", why, _JSON)
    if "truncated" in why:
        where = f"{name}:{_line(content, len(content))}"
        return UnusableInput("this file is not JSON", where, "it ends too early", _JSON)
    return UnusableInput("this file cannot be decoded", name, why.split(" - at")[0].lower(), _JSON)


def _line(content: bytes, byte: int) -> int:
    return content.count(b"\n", 0, byte) + 1


def _first_not_utf8(content: bytes) -> int:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _too_large(size: int, name: str, most: int) -> UnusableInput:
    return UnusableInput(
        f"this file is {size / 1e6:.0f} MB",
        name,
        f"at most {most / 1e6:.0f} MB are read at once",
        "give one person per Bundle; for many people use a bulk export folder (fhir:DIR)",
    )

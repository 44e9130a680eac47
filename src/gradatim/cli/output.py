"""How commands print: one JSON document, or tables for people."""

import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal obeys instead of showing it: escape sequences, controls of the direction of
writing, and halves of characters, which no encoding can write. Lines and tabs are ours."""


def escaped(text: str) -> str:
    r"""Return text with whatever a terminal would obey written out, such as \x1b and \u202e.

    Source: CWE-150; CVE-2021-42574 (controls of the direction of writing).
    """
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    r"""Return text as one line: as `escaped`, and the ends of lines written out too."""
    return escaped(text).replace("\n", "\\n").replace("\t", "\\t")


def json_bytes(document: Any) -> bytes:
    """Return a value as JSON; what a terminal would obey is escaped as JSON escapes it."""
    import msgspec

    text = msgspec.json.encode(document).decode()
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    import msgspec

    sys.stdout.buffer.write(msgspec.json.format(json_bytes(document), indent=1) + b"\n")
    sys.stdout.buffer.flush()


@lru_cache(maxsize=1)
def console() -> "Console":
    """Give the console that tables for people are printed on; it escapes what it is given."""
    from rich.console import Console

    class EscapingConsole(Console):
        def render_str(self, text: str, **options: Any) -> Any:
            return super().render_str(escaped(text), **options)

    return EscapingConsole(highlight=False)

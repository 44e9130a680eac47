"""How commands print: one JSON document, or tables for people."""

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    import msgspec

    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    sys.stdout.buffer.flush()


@lru_cache(maxsize=1)
def console() -> "Console":
    """Give the console that tables for people are printed on."""
    from rich.console import Console

    return Console(highlight=False)

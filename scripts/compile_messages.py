"""Compile the translations: each django.po beside it to django.mo. `--check` only compares."""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent.parent / "src" / "gradatim" / "web" / "locale"


def compiled(source: Path) -> bytes:
    """Give the compiled messages of a file."""
    buffer = BytesIO()
    with source.open("rb") as file:
        write_mo(buffer, read_po(file))
    return buffer.getvalue()


def main() -> None:
    """Compile, or say what is out of date."""
    stale = []
    for source in sorted(LOCALE.rglob("*.po")):
        target, now = source.with_suffix(".mo"), compiled(source)
        if "--check" not in sys.argv:
            target.write_bytes(now)
        elif not target.is_file() or target.read_bytes() != now:
            stale.append(str(target))
    if stale:
        sys.exit(f"out of date, run scripts/compile_messages.py: {', '.join(stale)}")


if __name__ == "__main__":
    main()

"""What a vocabulary holds, as tables for people and as a document."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from gradatim.core.codes import LABELS
from gradatim.vocabulary.graph import Vocabulary


def as_document(vocabulary: Vocabulary, file: Path) -> dict[str, Any]:
    """Return what a vocabulary file holds, as one JSON document."""
    return {
        "schema": "gradatim.vocabulary/1",
        "file": str(file),
        "sha256": vocabulary.sha256,
        "bytes": file.stat().st_size,
        "systems": dict(vocabulary.counts),
        "sources": [one._asdict() for one in vocabulary.sources],
    }


def vocabulary_tables(vocabulary: Vocabulary, file: Path) -> Iterator[Table | str]:
    """Return the tables that describe a vocabulary file."""
    systems = Table(title="Code systems", title_justify="left", pad_edge=False)
    systems.add_column("system")
    systems.add_column("codes", justify="right")
    for name, count in vocabulary.counts.items():
        systems.add_row(LABELS.get(name, name), f"{count:,}")
    yield systems
    sources = Table(title="Sources", title_justify="left", pad_edge=False)
    for name in ("source", "kind", "version"):
        sources.add_column(name)
    for one in vocabulary.sources:
        sources.add_row(*one)
    yield sources
    size = file.stat().st_size / 1e6
    yield f"{file}: {sum(vocabulary.counts.values()):,} codes, {size:,.1f} MB"
    yield f"sha256 {vocabulary.sha256}"


def warn(notes: Iterable[str]) -> None:
    """Print what the user should know on stderr."""
    for one in notes:
        print(f"note: {one}", file=sys.stderr)


_TITLES = {
    "broader": "is a kind of",
    "above": "and so of",
    "parts": "is made of",
    "perhaps": "may be, or speaks of",
    "replaced_by": "is replaced by",
}


def code_lines(shown: Mapping[str, Any]) -> Iterator[str]:
    """Return what a code is, as lines for people."""
    name = shown["name"] or ("known by its code only" if shown["known"] else "not known")
    yield f"{_shown(shown)}: {name}{'' if shown['active'] else ' (no longer in use)'}"
    for part, title in _TITLES.items():
        for n, one in enumerate(shown[part]):
            called = f"  {one['name']}" if one["name"] else ""
            yield f"  {title if not n else '':<22}{_shown(one)}{called}"
    for n, (outcome, names) in enumerate(shown["elements"].items()):
        yield f"  {'in the protocol' if not n else '':<22}{outcome}: {', '.join(names) or 'none'}"


def _shown(code: Mapping[str, Any]) -> str:
    return f"{LABELS.get(code['system'], code['system'])} {code['code']}"

"""What a vocabulary holds, as tables for people and as a document."""

import sys
from collections.abc import Iterable, Iterator
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

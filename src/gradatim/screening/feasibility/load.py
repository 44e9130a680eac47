"""Read what a prescreen wrote, in chunks; add to its `run.json` what was done with it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gradatim.core.errors import UnusableInput
from gradatim.core.stores import write_whole
from gradatim.screening.feasibility.chunk import Chunk

CHUNK = 1 << 17
"""People read at a time."""
RUN = "run.json"
_AGAIN = "run `gradatim prescreen` again"


@dataclass(frozen=True)
class Files:
    """A folder that a prescreen wrote.

    Args:
        folder: where it is.
        run: the content of `run.json`; empty if there is none.
        names: the columns of each of the files there are, by the file's name without its ending.
    """

    folder: Path
    run: dict[str, Any]
    names: dict[str, tuple[str, ...]]

    @property
    def readings(self) -> dict[str, str]:
        """The readings it was run with, by criterion, where they were not the protocol's."""
        return {str(id): str(name) for id, name in (self.run.get("readings") or {}).items()}

    @property
    def people(self) -> int:
        """How many people the verdicts are of."""
        found = 0
        for path in _parts(self.folder, "verdicts"):
            with _opened(path) as opened:
                found += opened.metadata.num_rows
        return found

    def chunks(
        self,
        verdicts: Sequence[str],
        margins: Sequence[str] = (),
        reasons: Sequence[str] = (),
        about: Sequence[str] = (),
    ) -> Iterator[Chunk]:
        """Give people in chunks, with the columns asked for.

        Args:
            verdicts: columns of truths.
            margins: columns of margins; those that are not in the file are left out.
            reasons: columns of reasons; those that are not in the file are left out.
            about: of `person_id` and `site`, those that are needed.

        Raises:
            UnusableInput: a column of verdicts is missing, the files are damaged, or they do not
                hold the same people in the same order.
        """
        missing = [name for name in (*verdicts, *about) if name not in self.names["verdicts"]]
        if missing:
            raise UnusableInput(
                f"there is no column {', '.join(missing[:5])}",
                str(self.folder / "verdicts.parquet"),
                "the files are not of this version of the protocol",
                _AGAIN,
            )
        beside = {
            "margins": self._there("margins", margins),
            "reasons": self._there("reasons", reasons),
        }
        others = {
            file: _Rows(self.folder, file, ["person_id", *columns])
            for file, columns in beside.items()
            if columns
        }
        main = _Rows(
            self.folder,
            "verdicts",
            list(dict.fromkeys([*verdicts, *about, *(["person_id"] if others else [])])),
        )
        while (rows := main.take(CHUNK)).num_rows:
            found = {file: other.take(rows.num_rows) for file, other in others.items()}
            for file, table in found.items():
                self._same_people(file, rows, table)
            yield Chunk(
                {name: _truths(rows, name, self.folder) for name in verdicts},
                {name: _numbers(found["margins"], name) for name in beside["margins"]},
                {name: _codes(found["reasons"], name) for name in beside["reasons"]},
                {name: rows.column(name) for name in about},
                rows.num_rows,
            )

    def _there(self, file: str, columns: Sequence[str]) -> list[str]:
        return [name for name in columns if name in self.names.get(file, ())]

    def _same_people(self, file: str, rows: pa.Table, other: pa.Table) -> None:
        if not rows.column("person_id").equals(other.column("person_id")):
            raise UnusableInput(
                "this file does not hold the same people as verdicts.parquet",
                str(self.folder / f"{file}.parquet"),
                "the files are of different runs",
                _AGAIN,
            )


def open_files(folder: Path) -> Files:
    """Look at a folder that a prescreen wrote.

    Raises:
        UnusableInput: it holds no verdicts, or what it holds cannot be read.
    """
    if not _parts(folder, "verdicts"):
        raise UnusableInput(
            "there is no verdicts.parquet",
            str(folder),
            "it is not a folder that a prescreen wrote, or the run did not finish",
            "give the folder of `gradatim prescreen -o DIR`",
        )
    names = {
        file: tuple(_schema(folder, file).names)
        for file in ("verdicts", "margins", "reasons")
        if _parts(folder, file)
    }
    return Files(folder, _run(folder), names)


def _parts(folder: Path, file: str) -> list[Path]:
    path = folder / f"{file}.parquet"
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path] if path.is_file() else []


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> UnusableInput:
    return UnusableInput(
        "this file cannot be read as Parquet", str(path), str(error).splitlines()[0], _AGAIN
    )


def _schema(folder: Path, file: str) -> pa.Schema:
    with _opened(_parts(folder, file)[0]) as opened:
        return opened.schema_arrow


class _Rows:
    """The rows of a file or a folder of parts, handed out in the numbers asked for."""

    def __init__(self, folder: Path, file: str, columns: list[str]) -> None:
        self._empty = pa.schema(
            [field for field in _schema(folder, file) if field.name in columns]
        ).empty_table()
        self._batches = self._read(_parts(folder, file), columns)
        self._rest = self._empty

    def _read(self, parts: list[Path], columns: list[str]) -> Iterator[pa.Table]:
        for path in parts:
            with _opened(path) as opened:
                try:
                    for batch in opened.iter_batches(CHUNK, columns=columns):
                        yield pa.Table.from_batches([batch]).select(self._empty.column_names)
                except (pa.ArrowException, OSError, KeyError) as error:
                    raise _damaged(path, error) from error

    def take(self, people: int) -> pa.Table:
        """Give so many rows, or those that are left."""
        held = [self._rest]
        while sum(table.num_rows for table in held) < people:
            batch = next(self._batches, None)
            if batch is None:
                break
            held.append(batch)
        together = pa.concat_tables(held, promote_options="permissive")
        self._rest = together.slice(people)
        return together.slice(0, people).combine_chunks()


def _truths(rows: pa.Table, name: str, folder: Path) -> NDArray[np.int8]:
    found = _codes(rows, name)
    if rows.column(name).null_count or (len(found) and not 0 <= found.min() <= found.max() <= 2):
        raise UnusableInput(
            f"the column {name} holds what is no verdict",
            str(folder / "verdicts.parquet"),
            "verdicts are 0, 1 or 2",
            _AGAIN,
        )
    return found


def _codes(rows: pa.Table, name: str) -> NDArray[np.int8]:
    return np.asarray(rows.column(name).fill_null(0).to_numpy()).astype(np.int8, copy=False)


def _numbers(rows: pa.Table, name: str) -> NDArray[np.floating[Any]]:
    return np.asarray(rows.column(name).to_numpy())


def _run(folder: Path) -> dict[str, Any]:
    path = folder / RUN
    if not path.is_file():
        return {}
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableInput("this file cannot be read", str(path), str(error), _AGAIN) from error
    if not isinstance(run, dict):
        raise UnusableInput("this is not the record of a run", str(path), todo=_AGAIN)
    return run


def append_to_run(folder: Path, key: str, act: dict[str, Any]) -> None:
    """Add an act to a list in `run.json`; the file is replaced whole.

    Raises:
        UnusableInput: it cannot be written.
    """
    run = _run(folder)
    run[key] = [*run.get(key, []), act]
    write_whole(folder / RUN, json.dumps(run, indent=1, ensure_ascii=False) + "\n")

"""The folder of a run: its files appear whole, all of them, or not at all."""

import json
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gradatim.core.errors import UnusableInput

UNFINISHED = ".unfinished"
FILES = frozenset(
    {
        "verdicts.parquet",
        "reasons.parquet",
        "margins.parquet",
        "evidence.parquet",
        "funnel.json",
        "run.json",
        "not_known.json",
        "protocol.yaml",
    }
)
"""What a run writes for each protocol."""


@contextmanager
def written_whole(folder: Path, replace: bool) -> Iterator[Path]:
    """Give a folder to write into; what it holds takes its place when all went well.

    It is beside `folder`, or in it where that exists already: it may be the only place that may be
    written to. What an earlier run left unfinished is removed first.

    Args:
        folder: where the files shall be.
        replace: whether what an earlier run wrote there may be replaced.

    Raises:
        UnusableInput: it holds something already, or cannot be written.
    """
    folder = folder.resolve()
    _check(folder, replace)
    exists = folder.exists()
    beside = folder / UNFINISHED if exists else folder.with_name(f"{folder.name}{UNFINISHED}")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        yield beside
        if exists:
            _put(beside, folder)
        else:
            beside.replace(folder)
    except OSError as error:
        raise UnusableInput(
            "the outputs cannot be written",
            str(folder),
            str(error),
            "choose another folder with -o, or make room",
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _put(beside: Path, folder: Path) -> None:
    """Put the files in the place of those there; verdicts go first and come last."""
    old = [one for one in folder.iterdir() if one != beside]
    for one in sorted(old, key=_is_verdicts, reverse=True):
        shutil.rmtree(one) if one.is_dir() else one.unlink()
    for one in sorted(beside.iterdir(), key=_is_verdicts):
        one.replace(folder / one.name)


def _is_verdicts(file: Path) -> bool:
    return file.name == "verdicts.parquet"


def _check(folder: Path, replace: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise UnusableInput(
            "the output is a file",
            str(folder),
            "a run writes a folder",
            "choose another name with -o",
        )
    held = [one for one in folder.iterdir() if one.name != UNFINISHED] if folder.exists() else []
    if not held:
        return
    runs = [one for one in (folder, *held) if (one / "run.json").is_file()]
    strange = [
        one
        for run in runs or [folder]
        for one in run.iterdir()
        if one.name not in {*FILES, UNFINISHED} and one not in runs
    ]
    if not runs or (replace and strange):
        raise UnusableInput(
            "the output folder is not empty",
            str(folder),
            f"it holds something other than a prescreen: {min(strange or held).name}",
            "choose another with -o",
        )
    if not replace:
        raise UnusableInput(
            "the output folder holds an earlier run",
            str(folder),
            "nothing is overwritten unasked",
            "choose another with -o, or say --replace",
        )
    _check_lists(runs)


def _check_lists(runs: list[Path]) -> None:
    """Refuse to replace a run from which a list of people was made: its record would be lost."""
    for run in runs:
        if b'"recontact"' in (run / "run.json").read_bytes():
            raise UnusableInput(
                "a list for re-contact was made from this run",
                str(run),
                "its role and approval are recorded in run.json",
                "keep the folder, and choose another with -o",
            )


class Parts:
    """Parquet files that grow by a row group for each part of the people."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}

    def add(self, tables: Mapping[str, pa.Table]) -> None:
        """Add rows to the files of those names, to each file beside the others."""
        for name in set(tables).difference(self._writers):
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{name}.parquet"
            schema = tables[name].schema
            self._writers[name] = pq.ParquetWriter(path, schema, compression="zstd")
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: self._writers[name].write_table(tables[name]), tables))

    def close(self) -> None:
        """Finish the files."""
        for writer in self._writers.values():
            writer.close()


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

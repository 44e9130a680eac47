"""The folder of a run: its files appear whole, all of them, or not at all."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gradatim.core.errors import UnusableInput

_MARK = ".unfinished"


@contextmanager
def written_whole(folder: Path, replace: bool) -> Iterator[Path]:
    """Give a folder beside `folder` to write into; it takes its place when all went well.

    What an earlier run left unfinished is removed first.

    Args:
        folder: where the files shall be.
        replace: whether what an earlier run wrote there may be replaced.

    Raises:
        UnusableInput: it holds something already, or cannot be written.
    """
    _check(folder, replace)
    beside = folder.parent / f"{folder.name}{_MARK}"
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        yield beside
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(beside, folder)
    except OSError as error:
        raise UnusableInput("the outputs cannot be written", str(folder), str(error),
                            "choose another folder with -o, or make room") from error  # fmt: skip
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _check(folder: Path, replace: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise UnusableInput("the output is a file", str(folder), "a run writes a folder",
                            "choose another name with -o")  # fmt: skip
    if not folder.exists() or not any(folder.iterdir()):
        return
    ours = (folder / "run.json").exists() or any(folder.glob("*/run.json"))
    if not ours:
        raise UnusableInput(
            "the output folder is not empty", str(folder),
            "it holds something other than a prescreen", "choose another with -o",
        )  # fmt: skip
    if not replace:
        raise UnusableInput("the output folder holds an earlier run", str(folder),
                            "nothing is overwritten unasked",
                            "choose another with -o, or say --replace")  # fmt: skip


class Parts:
    """Parquet files that grow by a row group for each part of the people."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}

    def add(self, name: str, table: pa.Table) -> None:
        """Add rows to the file of that name."""
        if name not in self._writers:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{name}.parquet"
            self._writers[name] = pq.ParquetWriter(path, table.schema, compression="zstd")
        self._writers[name].write_table(table)

    def close(self) -> None:
        """Finish the files."""
        for writer in self._writers.values():
            writer.close()


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

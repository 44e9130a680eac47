"""Writes a table to Parquet in row groups of one size, however its rows arrive."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gradatim.synthetic.omop.arrays import Column
from gradatim.synthetic.omop.rows import TextColumn
from gradatim.synthetic.omop.schema import RECORDS, SCHEMAS

ROW_GROUP = 120_000
_Columns = dict[str, Column | TextColumn]


class TableWriter:
    """One Parquet file; NaN, -1 and a text numbered -1 become NULL where the CDM allows it.

    The file is the same whatever the portions in which its rows were added.
    """

    def __init__(self, folder: Path, table: str, first_id: int = 1) -> None:
        self.rows = 0
        self._schema = SCHEMAS[table]
        self._numbered = f"{table}_id" if table in (*RECORDS, "observation_period") else ""
        self._next = first_id
        self._waiting: _Columns = {}
        plain = [name for name in self._schema.names if name != self._numbered]
        self._file = pq.ParquetWriter(
            folder / f"{table}.parquet",
            _as_written(self._schema),
            compression="zstd",
            compression_level=1,
            use_dictionary=plain,
            store_schema=False,
            column_encoding={self._numbered: "DELTA_BINARY_PACKED"} if self._numbered else None,
        )

    def add(self, columns: Mapping[str, Column | TextColumn]) -> None:
        """Add rows, and write the row groups that they fill."""
        whole = {name: _join(self._waiting.get(name), column) for name, column in columns.items()}
        size = _size(whole)
        full = size - size % ROW_GROUP
        for start in range(0, full, ROW_GROUP):
            self._write(whole, start, start + ROW_GROUP)
        self._waiting = {name: _kept(column, full) for name, column in whole.items()}

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        if size := _size(self._waiting):
            self._write(self._waiting, 0, size)
        self._waiting = {}
        self._file.close()

    def _write(self, columns: _Columns, start: int, stop: int) -> None:
        arrays = []
        for field in self._schema:
            if field.name == self._numbered:
                arrays.append(pa.array(np.arange(self._next, self._next + stop - start)))
                self._next += stop - start
            else:
                arrays.append(_array(_part(columns[field.name], start, stop), field))
        table = pa.Table.from_arrays(arrays, schema=_as_written(self._schema))
        self._file.write_table(table, row_group_size=ROW_GROUP)
        self.rows += stop - start


def write_lists(folder: Path, table: str, columns: Mapping[str, list[object]]) -> None:
    """Write a small table from lists of values, None for NULL."""
    schema = SCHEMAS[table]
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema),
        folder / f"{table}.parquet",
        compression="zstd",
        store_schema=False,
    )


def _as_written(schema: pa.Schema) -> pa.Schema:
    """Give the schema with texts numbered; in the file they are plain strings."""
    numbered = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            pa.field(
                field.name, numbered if field.type == pa.string() else field.type, field.nullable
            )
            for field in schema
        ]
    )


def _array(column: Column | TextColumn, field: pa.Field) -> pa.Array:
    if isinstance(column, TextColumn):
        return _text(column)
    if pa.types.is_floating(field.type):
        return pa.array(column, mask=np.isnan(column.astype(np.float64)))
    if pa.types.is_date(field.type):
        whole = pa.array(column.astype(np.int32), mask=column < 0 if field.nullable else None)
        return whole.view(pa.date32())
    kind = np.int64 if pa.types.is_int64(field.type) else np.int32
    return pa.array(column.astype(kind), mask=column < 0 if field.nullable else None)


def _text(column: TextColumn) -> pa.Array:
    """Give the texts that occur, numbered: the dictionary of a row group holds no others."""
    used = np.flatnonzero(np.bincount(column.numbers + 1, minlength=len(column.texts) + 1)[1:])
    new = np.full(len(column.texts) + 1, -1, dtype=np.int32)
    new[used] = np.arange(len(used), dtype=np.int32)
    numbers = new[column.numbers]  # -1 finds the last, which is -1
    words = pa.array([column.texts[n] for n in used], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), words)


def _size(columns: _Columns) -> int:
    first = next(iter(columns.values()), np.empty(0))
    return len(first.numbers if isinstance(first, TextColumn) else first)


def _join(before: Column | TextColumn | None, after: Column | TextColumn) -> Column | TextColumn:
    if before is None:
        return after
    if isinstance(before, TextColumn) and isinstance(after, TextColumn):
        return TextColumn(np.concatenate([before.numbers, after.numbers]), after.texts)
    return np.concatenate([before, after])


def _kept(column: Column | TextColumn, start: int) -> Column | TextColumn:
    """Copy the end of a column, so that the rest of it can be given back."""
    if isinstance(column, TextColumn):
        return TextColumn(column.numbers[start:].copy(), column.texts)
    kept: Column = column[start:].copy()
    return kept


def _part(column: Column | TextColumn, start: int, stop: int) -> Column | TextColumn:
    if isinstance(column, TextColumn):
        return TextColumn(column.numbers[start:stop], column.texts)
    return column[start:stop]

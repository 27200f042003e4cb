"""A dataset of Parquet parts that can be read at any moment while rows are appended.

Rows of the *open part* are held in memory, and each flush replaces its file by one with all of
them; once it has its full number of rows it is *sealed* and the next part begins. So a part is
always whole, no row is ever in two parts, and the number of files depends on the number of rows
alone, not on how often they were flushed.

All parts carry the same columns with the same types: pandas and DuckDB drop a column without a
word where the first part lacks it, and Polars raises. A column that appears late or widens
therefore makes the sealed parts be written again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from tuner.errors import StorageError
from tuner.store.layout import SweepLayout, replacing
from tuner.store.schema import RowSchema, conform, last_seq

__all__ = [
    "PartWriter",
    "read_batches",
    "read_last_seq",
    "read_schema",
    "read_table",
    "write_slices",
    "write_table",
]

_ROWS_PER_CHUNK = 4096
"""Rows that are dicts at a time; as Arrow columns they take far less memory."""


def write_table(table: pa.Table, path: Path) -> None:
    """Write ``table`` to ``path`` as Parquet (zstd), atomically.

    Raises:
        StorageError: The file cannot be written.
    """
    write_slices([table], table.schema, path)


def write_slices(slices: Iterable[pa.Table], schema: pa.Schema, path: Path) -> None:
    """Write a table that comes in slices to ``path``, as `write_table` otherwise.

    Args:
        slices: Tables of the same ``schema``, a row group each.
        schema: Their columns.
        path: The file.

    Raises:
        StorageError: The file cannot be written.
    """
    floats = {field.name for field in schema if pa.types.is_floating(field.type)}
    with (
        replacing(path) as file,
        pq.ParquetWriter(
            file,
            schema,
            compression="zstd",
            # Measured values hardly repeat: a dictionary of them costs a fifth of the size.
            use_dictionary=[name for name in schema.names if name not in {"seq", *floats}],
            column_encoding={"seq": "DELTA_BINARY_PACKED"} if "seq" in schema.names else None,
        ) as writer,
    ):
        for table in slices:
            writer.write_table(table)


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the table of one Parquet file, which a writer may replace meanwhile.

    Args:
        path: The file.
        columns: The columns that are wanted, those of them that there are; None for all.

    Raises:
        StorageError: The file cannot be read, or is no Parquet file.
    """
    # pq.read_table opens a file twice and fails where it is replaced in between; it would also
    # make a column of a folder that is named like "lr=0.1".
    with _reading(path), pq.ParquetFile(path) as file:
        if columns is None:
            return file.read()
        known = set(file.schema_arrow.names)
        return file.read([name for name in columns if name in known])


def read_batches(path: Path) -> Iterator[pa.Table]:
    """Yield the rows of one Parquet file as small tables.

    Raises:
        StorageError: The file cannot be read, or is no Parquet file.
    """
    with _reading(path), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS_PER_CHUNK):
            yield pa.Table.from_batches([batch])


def read_schema(path: Path) -> pa.Schema:
    """Return the columns of one Parquet file.

    Raises:
        StorageError: The file cannot be read, or is no Parquet file.
    """
    with _reading(path):
        return pq.read_schema(path)


def read_last_seq(path: Path) -> float:
    """Return the highest ``seq`` in one Parquet file by its footer; -1 where it has no rows.

    Returns:
        Infinity where the footer does not say.

    Raises:
        StorageError: The file cannot be read, or is no Parquet file.
    """
    with _reading(path):
        metadata = pq.read_metadata(path)
    index = metadata.schema.to_arrow_schema().get_field_index("seq")
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    if index < 0:
        return math.inf
    found = [group.column(index).statistics for group in groups if group.num_rows]
    return max((each.max if each and each.has_min_max else math.inf for each in found), default=-1)


class PartWriter:
    """Appends rows to the parts of one folder.

    Args:
        folder: An existing folder. If it holds parts, they are continued. If not, the first
            flush writes an empty one, so that the dataset can be opened from then on.
        fixed: The columns that every row has.
        rows_per_part: Rows of a sealed part.

    Attributes:
        stored_seq: The highest ``seq`` in the parts that were there; -1 where there was none.

    Raises:
        StorageError: The folder holds parts that cannot be read.
    """

    def __init__(self, folder: Path, fixed: pa.Schema, *, rows_per_part: int = 50_000) -> None:
        paths = SweepLayout.parts(folder)
        schemas = [read_schema(path) for path in paths]
        self.stored_seq = -1
        self._folder = folder
        self._rows_per_part = rows_per_part
        self._schema = RowSchema(fixed, schemas)
        self._rows: list[dict[str, Any]] = []
        self._chunks: list[pa.Table] = []
        self._sealed = len(paths)
        self._sealed_schema = _common(schemas)
        self._unwritten = not _are_same(self._sealed_schema, self._schema.arrow)
        if paths:
            self._go_on_with(read_table(paths[-1]))

    def coerced(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``row`` as `append` takes it: plain values of the columns' types, no nulls.

        Raises:
            ReportError: A fixed column got a value that is not of its type.
        """
        return self._schema.coerced(row)

    def append(self, row: dict[str, Any], *, fits: bool = False) -> None:
        """Take one row that `coerced` returned, without touching the disk.

        Args:
            row: Values by column.
            fits: Whether rows of such values were taken before, so that there is room.
        """
        if not fits:
            self._schema.widen(row)
        self._unwritten = True
        self._rows.append(row)
        if len(self._rows) >= _ROWS_PER_CHUNK:
            self._take_rows()

    def extend(self, table: pa.Table) -> None:
        """Take many rows at once, as columns; as `append` otherwise."""
        self._take_rows()
        self._schema.cover(table.schema)
        self._chunks.append(table)
        self._unwritten = True

    def flush(self) -> None:
        """Write every row taken so far; does nothing where there are no new ones.

        Raises:
            StorageError: A part cannot be written. All rows are kept for the next flush.
        """
        if not self._unwritten:
            return
        self._take_rows()
        while self._open_rows() >= self._rows_per_part:
            self._seal()
        if self._open_rows() or not self._sealed:
            write_table(self._open_table(), SweepLayout.part(self._folder, self._sealed))
        self._widen_sealed()
        self._unwritten = False

    def _go_on_with(self, last: pa.Table) -> None:
        """Take up the last part, unless it is full."""
        self.stored_seq = last_seq(last)
        if len(last) < self._rows_per_part:
            self._sealed -= 1
            self._chunks = [last]

    def _take_rows(self) -> None:
        if self._rows:
            # In one step: whoever catches a KeyboardInterrupt may go on, with each row once.
            chunk = self._schema.tabulate(self._rows)
            self._chunks, self._rows = [*self._chunks, chunk], []

    def _open_rows(self) -> int:
        return sum(len(chunk) for chunk in self._chunks)

    def _open_table(self) -> pa.Table:
        """Return the rows of the open part, and hold them as one chunk of today's schema."""
        schema = self._schema.arrow
        chunks = [schema.empty_table(), *self._chunks]
        table = pa.concat_tables([conform(chunk, schema) for chunk in chunks])
        self._chunks = [table.combine_chunks()]
        return self._chunks[0]

    def _seal(self) -> None:
        table = self._open_table()
        full, rest = table.slice(0, self._rows_per_part), table.slice(self._rows_per_part)
        write_table(full, SweepLayout.part(self._folder, self._sealed))
        self._chunks, self._sealed = [rest], self._sealed + 1

    def _widen_sealed(self) -> None:
        """Write the sealed parts again where the schema has grown since they were written.

        The first part goes last: pandas and DuckDB take the columns of the first, so until it
        changes they read the others by its columns, and after it all of them have the new ones.
        """
        schema = self._schema.arrow
        if _are_same(schema, self._sealed_schema):
            return
        for index in reversed(range(self._sealed)):
            path = SweepLayout.part(self._folder, index)
            table = read_table(path)
            if not _are_same(table.schema, schema):
                write_table(conform(table, schema), path)
        self._sealed_schema = schema


def _common(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return the schema that all have; one without columns where they differ, or are none."""
    if schemas and all(_are_same(schema, schemas[0]) for schema in schemas):
        return schemas[0]
    return pa.schema([])


def _are_same(left: pa.Schema, right: pa.Schema) -> bool:
    """Return whether columns, types and kinds are the same; Parquet renames the items of lists."""
    kinds = [[field.metadata for field in schema] for schema in (left, right)]
    return cast(bool, left.equals(right)) and kinds[0] == kinds[1]


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"cannot read {path}: {error}") from error

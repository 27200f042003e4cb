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

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tuner.errors import StorageError
from tuner.store.layout import SweepLayout, write_atomically
from tuner.store.schema import RowSchema, conform

__all__ = ["PartWriter", "read_schema", "read_table", "write_table"]

_ROWS_PER_CHUNK = 4096
"""Rows that wait as dicts before they become Arrow columns, which take far less memory."""


def write_table(table: pa.Table, path: Path) -> None:
    """Write ``table`` to ``path`` as Parquet (zstd), atomically.

    Raises:
        StorageError: The file cannot be written.
    """
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    write_atomically(path, buffer.getvalue())


def read_table(path: Path) -> pa.Table:
    """Return the whole table of one Parquet file, which a writer may replace meanwhile.

    Raises:
        StorageError: The file cannot be read, or is no Parquet file.
    """
    # pq.read_table opens a file twice and fails where it is replaced in between; it would also
    # make a column of a folder that is named like "lr=0.1".
    with _reading(path), pq.ParquetFile(path) as file:
        return file.read()


def read_schema(path: Path) -> pa.Schema:
    """Return the columns of one Parquet file.

    Raises:
        StorageError: The file cannot be read, or is no Parquet file.
    """
    with _reading(path):
        return pq.read_schema(path)


class PartWriter:
    """Appends rows to the parts of one folder.

    Args:
        folder: An existing folder without parts. An empty part with the fixed columns is written
            at once, so that the dataset can be opened from the first moment.
        fixed: The columns that every row has.
        rows_per_part: Rows of a sealed part.

    Raises:
        StorageError: The folder holds parts already, or cannot be written.
    """

    def __init__(self, folder: Path, fixed: pa.Schema, *, rows_per_part: int = 100_000) -> None:
        if SweepLayout.parts(folder):
            raise StorageError(f"{folder} already holds parts, and tuner never overwrites them")
        self._folder = folder
        self._rows_per_part = rows_per_part
        self._schema = RowSchema(fixed)
        self._rows: list[dict[str, Any]] = []
        self._chunks: list[pa.Table] = []
        self._sealed = 0
        self._sealed_schema = fixed
        self._unwritten = False
        write_table(fixed.empty_table(), SweepLayout.part(folder, 0))

    def append(self, row: Mapping[str, Any]) -> None:
        """Take one row, without touching the disk; nulls count as absent.

        Raises:
            ReportError: A fixed column got a value that is not of its type.
        """
        self._rows.append(self._schema.admit(row))
        self._unwritten = True
        if len(self._rows) >= _ROWS_PER_CHUNK:
            self._take_rows()

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
        if self._open_rows():
            write_table(self._open_table(), SweepLayout.part(self._folder, self._sealed))
        self._widen_sealed()
        self._unwritten = False

    def _take_rows(self) -> None:
        if self._rows:
            self._chunks.append(self._schema.tabulate(self._rows))
            self._rows = []

    def _open_rows(self) -> int:
        return sum(len(chunk) for chunk in self._chunks)

    def _open_table(self) -> pa.Table:
        """Return the rows of the open part, and hold them as one chunk of today's schema."""
        schema = self._schema.arrow
        table = pa.concat_tables([conform(chunk, schema) for chunk in self._chunks])
        self._chunks = [table.combine_chunks()]
        return self._chunks[0]

    def _seal(self) -> None:
        table = self._open_table()
        full, rest = table.slice(0, self._rows_per_part), table.slice(self._rows_per_part)
        write_table(full, SweepLayout.part(self._folder, self._sealed))
        self._chunks = [rest]
        self._sealed += 1

    def _widen_sealed(self) -> None:
        """Write the sealed parts again where the schema has grown since they were written.

        The first part goes last: pandas and DuckDB take the columns of the first, so until it
        changes they read the others by its columns, and after it all of them have the new ones.
        """
        schema = self._schema.arrow
        if schema.equals(self._sealed_schema, check_metadata=True):
            return
        for index in reversed(range(self._sealed)):
            path = SweepLayout.part(self._folder, index)
            table = read_table(path)
            if not table.schema.equals(schema, check_metadata=True):
                write_table(conform(table, schema), path)
        self._sealed_schema = schema


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"cannot read {path}: {error}") from error

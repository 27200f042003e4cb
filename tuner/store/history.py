"""What happened in a sweep, in order: the tables and the journal as one.

Whoever reads both reads the journal first. What moves into a table meanwhile is then in both, and
its ``seq`` says so: a table is complete up to its highest ``seq``, and the journal adds what is
beyond it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tuner.errors import StorageError
from tuner.store.dataset import read_batches, read_last_seq, read_table
from tuner.store.journal import Kind, Record, read_journal
from tuner.store.layout import SweepLayout
from tuner.store.schema import RowSchema, conform, last_seq, rows_of

__all__ = ["read_history", "rows_beyond", "with_tail"]

_KINDS: tuple[Kind, ...] = ("report", "decision", "event")


def read_history(layout: SweepLayout) -> Iterator[Record]:
    """Yield every report, decision and event of a sweep in the order of seq.

    Rows are read some thousands at a time, so that a long history needs little memory.

    Raises:
        StorageError: A file cannot be read, or the sweep is of schema version 1.
    """
    tail = read_journal(layout)
    streams = [_records(layout.dataset_dir(kind), kind, tail) for kind in _KINDS]
    yield from heapq.merge(*streams, key=attrgetter("seq"))


def rows_beyond(path: Path, seq: int, columns: Sequence[str] | None = None) -> pa.Table | None:
    """Return the rows of one Parquet file that are later than ``seq``; None where there are none.

    Args:
        path: The file.
        seq: The last one that is not wanted.
        columns: As for `read_table`, ``seq`` among them.

    Raises:
        StorageError: The file cannot be read, or is of schema version 1.
    """
    if read_last_seq(path) <= seq:
        return None
    table = read_table(path, columns)
    if "seq" not in table.column_names:
        raise _unordered(path)
    return table.filter(pc.greater(table["seq"], seq))


def with_tail(stored: pa.Table, fixed: pa.Schema, tail: Sequence[Record]) -> pa.Table:
    """Return a stored table with the rows of the journal that it lacks.

    Args:
        stored: Complete up to its highest seq.
        fixed: Its fixed columns.
        tail: Records of the table's kind.
    """
    complete_to = last_seq(stored)
    rows = [{**record.row, "seq": record.seq} for record in tail if record.seq > complete_to]
    if not rows:
        return stored
    schema = RowSchema(fixed, [stored.schema])
    for row in rows:
        schema.widen(row)
    return pa.concat_tables([conform(stored, schema.arrow), schema.tabulate(rows)])


def _records(folder: Path, kind: Kind, tail: Sequence[Record]) -> Iterator[Record]:
    """Yield the rows of a dataset as records, and then those of the tail that it lacks."""
    seq = -1
    for path in SweepLayout.parts(folder):
        for table in read_batches(path):
            if "seq" not in table.column_names:
                raise _unordered(path)
            for row in rows_of(table):
                seq = row.pop("seq")
                yield Record(seq, kind, row)
    yield from (record for record in tail if record.kind == kind and record.seq > seq)


def _unordered(path: Path) -> StorageError:
    return StorageError(
        f"{path} is of schema version 1, which did not record in which order things happened; "
        "read it as a table: tuner export"
    )

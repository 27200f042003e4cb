"""The stored rows of a sweep, part by part, also while the sweep runs.

A part is read at once, so that the sweep may replace it meanwhile, and memory does not grow with
the number of parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from tuner.store import Sweep, SweepLayout
from tuner.store.dataset import read_last_seq, read_table
from tuner.store.journal import read_journal
from tuner.store.reader import TableName
from tuner.store.schema import conform, rows_of

__all__ = ["columns", "count_reports", "count_rows", "parts", "rows_of_trial"]


def parts(dataset: ds.Dataset) -> Iterator[pa.Table]:
    """Yield a dataset's parts as tables, all of the dataset's schema."""
    return (conform(read_table(Path(file)), dataset.schema) for file in dataset.files)


def columns(sweep: Sweep, table: TableName, names: Sequence[str]) -> dict[str, list[Any]]:
    """Return columns of a table by name, in the order in which its rows were written.

    Absent values are None; a column that the table lacks is full of them.
    """
    values: dict[str, list[Any]] = {name: [] for name in names}
    for part in parts(sweep.dataset(table)):
        for name in names:
            known = name in part.column_names
            values[name] += part[name].to_pylist() if known else [None] * len(part)
    return values


def count_rows(sweep: Sweep, table: TableName) -> int:
    """Return how many rows a table has."""
    return sum(pq.read_metadata(file).num_rows for file in sweep.dataset(table).files)


def count_reports(sweep: Sweep) -> int:
    """Return how many reports a sweep has, those of the last seconds among them."""
    layout = SweepLayout(sweep.path)
    tail = [record.seq for record in read_journal(layout) if record.kind == "report"]
    stored = count_rows(sweep, "reports")
    reached = max(map(read_last_seq, layout.parts(layout.reports_dir)), default=-1)
    return stored + sum(seq > reached for seq in tail)


def rows_of_trial(sweep: Sweep, table: TableName, trial_id: str) -> list[dict[str, Any]]:
    """Return the rows of one trial, without their absent values."""
    return [
        row
        for part in parts(sweep.dataset(table))
        for row in rows_of(part.filter(pc.equal(part["trial_id"], trial_id)))
    ]

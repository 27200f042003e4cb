"""A whole table as CSV, JSON or Parquet, part by part: memory does not grow with the rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pyarrow.dataset as ds
import pyarrow.parquet as pq

from tuner.cli.stored import parts
from tuner.cli.strict_json import dumps
from tuner.store.schema import rows_of

__all__ = ["write_csv", "write_json", "write_parquet"]


def write_csv(dataset: ds.Dataset, stream: TextIO) -> None:
    """Write a header and a line per row; lists and configurations are JSON, no value is empty."""
    names = dataset.schema.names
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    for row in _rows(dataset):
        writer.writerow([_cell(row.get(name)) for name in names])


def write_json(dataset: ds.Dataset, stream: TextIO) -> None:
    """Write an array with an object per row, in strict JSON; a value that is absent is null."""
    names = dataset.schema.names
    separator = "["
    for row in _rows(dataset):
        complete = {name: row.get(name) for name in names}
        stream.write(f"{separator}\n{dumps(complete, indent=None)}")
        separator = ","
    stream.write("[]\n" if separator == "[" else "\n]\n")


def write_parquet(dataset: ds.Dataset, path: Path) -> None:
    """Write one Parquet file with the types of the stored ones."""
    with pq.ParquetWriter(path, dataset.schema, compression="zstd") as writer:
        for table in parts(dataset):
            writer.write_table(table)


def _rows(dataset: ds.Dataset) -> Iterator[dict[str, Any]]:
    for table in parts(dataset):
        yield from rows_of(table)


def _cell(value: Any) -> Any:
    return dumps(value, indent=None) if isinstance(value, list | tuple | dict) else value

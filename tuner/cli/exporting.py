"""A whole table as CSV, JSON or Parquet, part by part: memory does not grow with the rows."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import pyarrow.dataset as ds
import pyarrow.parquet as pq

from tuner.cli.stored import parts
from tuner.cli.strict_json import dumps
from tuner.errors import StorageError
from tuner.store.schema import rows_of

__all__ = ["new_file", "write_csv", "write_json", "write_parquet"]


@contextmanager
def new_file(path: Path, *, replace: bool) -> Iterator[Path]:
    """Yield where to write what becomes the file ``path`` at the end, if nothing went wrong.

    A pipe or a device, such as ``/dev/stdout``, is yielded as it is.

    Args:
        path: The file; where it is a link, what it leads to.
        replace: Whether a file that exists gives way.

    Raises:
        StorageError: The file exists and stays, or cannot be written.
    """
    target = path.expanduser().resolve()
    if target.is_dir():
        raise StorageError(f"an export is a file, and {path} is a folder; name a file in it")
    if target.is_file() and not replace:
        raise StorageError(
            f"an export makes a new file, and {path} exists; choose another name, or add --force"
        )
    is_stream = target.exists() and not target.is_file()
    unfinished = target if is_stream else target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield unfinished
        if not is_stream:
            unfinished.replace(target)
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(f"cannot write {path}: {reason}; choose another place") from error
    finally:
        if not is_stream:
            with suppress(OSError):
                unfinished.unlink()


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

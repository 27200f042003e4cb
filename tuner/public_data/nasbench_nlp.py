"""NAS-Bench-NLP's published logs, one JSON file per trained cell in a ZIP archive, as a table."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["CURVES", "LOGS", "convert"]

CURVES = "curves.parquet"
LOGS = "logs.zip"

_SCHEMA = pa.schema(
    {
        "config_id": pa.int16(),  # cells in the order of their recipes' numbers
        "epoch": pa.int8(),
        "train_loss": pa.float32(),
        "val_loss": pa.float32(),
        "test_loss": pa.float32(),
        "epoch_seconds": pa.float32(),
    }
)
_LISTS = ("train_losses", "val_losses", "test_losses", "wall_times")


def convert(source: Path, folder: Path) -> None:
    """Make ``curves.parquet`` in a folder, a row per cell and epoch, of another one's archive."""
    rows = list(_rows(source / LOGS))
    columns = dict(zip(_SCHEMA.names, zip(*rows, strict=True), strict=True))
    part = folder / f"{CURVES}.part"
    pq.write_table(pa.table(columns, schema=_SCHEMA), part, compression="zstd")
    part.replace(folder / CURVES)


def _rows(archive: Path) -> Iterator[tuple[Any, ...]]:
    with zipfile.ZipFile(archive) as logs:
        cells = [json.loads(logs.read(name)) for name in logs.namelist()]
    for number, cell in enumerate(sorted(cells, key=lambda cell: int(cell["recepie_id"]))):
        epochs = zip(*(cell[name] for name in _LISTS), strict=True)
        for epoch, values in enumerate(epochs, start=1):
            yield number, epoch, *values

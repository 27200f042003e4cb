"""What Ray Tune's loggers wrote of one trial: ``result.json``, or ``progress.csv`` without it.

A process that was killed leaves a torn last line, and a restored one writes on behind it. A line
that cannot be read is left out and counted.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

__all__ = ["PROGRESS_FILE", "RESULT_FILE", "RayLog"]

RESULT_FILE = "result.json"
PROGRESS_FILE = "progress.csv"

_NAN = "null"
"""What Ray's encoder makes of a NaN that is numpy's but not Python's (float32)."""

_NUMBER = re.compile(r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf)")
_TEXTS = frozenset({"trial_id", "date", "hostname", "node_ip", "experiment_tag"})
"""Columns that are never numbers: a trial may be called ``1e234567``."""


class RayLog:
    """The reports of one trial, in the order in which they were written.

    Args:
        folder: The trial's folder.

    Attributes:
        damaged: How many lines the last iteration left out.
    """

    def __init__(self, folder: Path) -> None:
        self.damaged = 0
        self._results = folder / RESULT_FILE
        self._progress = folder / PROGRESS_FILE

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each report: nested from ``result.json``, flat (``a/b``) from ``progress.csv``."""
        self.damaged = 0
        if self._results.is_file() and self._results.stat().st_size:
            yield from self._json_reports()
        elif self._progress.is_file():
            yield from self._csv_reports()

    def _json_reports(self) -> Iterator[dict[str, Any]]:
        with self._results.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                report = _decoded(line)
                if report is not None:
                    yield report
                elif line.strip():
                    self.damaged += 1

    def _csv_reports(self) -> Iterator[dict[str, Any]]:
        torn = not _ends_with_newline(self._progress)
        with self._progress.open(encoding="utf-8", errors="replace", newline="") as lines:
            rows = csv.reader(lines)
            names = next(rows, [])
            for row, following in pairwise([*rows, None]):
                if row is None or len(row) != len(names) or (torn and following is None):
                    self.damaged += 1
                else:
                    cells = zip(names, row, strict=True)
                    yield {name: _value(name, cell) for name, cell in cells if cell}


def _decoded(line: str) -> dict[str, Any] | None:
    """Return the report on a line, or None where there is none."""
    try:
        report = json.loads(line)
    except ValueError:
        return None
    if not isinstance(report, dict):
        return None
    config = report.get("config")
    restored: dict[str, Any] = _with_nan(report)
    return restored if config is None else restored | {"config": config}


def _with_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_nan(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_nan(item) for item in value]
    return math.nan if value == _NAN else value


def _value(name: str, cell: str) -> Any:
    """Return what stood in a cell before it became text."""
    if cell in ("True", "False"):
        return cell == "True"
    if name not in _TEXTS and _NUMBER.fullmatch(cell):
        return float(cell)
    if cell.startswith("["):
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    return cell


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        return file.read() == b"\n"

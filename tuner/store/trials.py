"""The table of trials: a row per trial, changed in place and written whole.

Rows are kept in chunks. A flush turns only those chunks into Arrow columns again that hold a
trial which changed, and a chunk whose trials have all ended is kept as columns alone, in far less
memory. So a flush costs little more than writing the file, also at 100,000 trials.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from tuner.errors import SpecError, nearest
from tuner.store.dataset import write_table
from tuner.store.schema import TRIALS, RowSchema, conform, rows_of
from tuner.store.summary import Objective, summarise
from tuner.store.values import flatten

__all__ = ["TrialTable"]

_ROWS_PER_CHUNK = 256
_ENDED = frozenset({"TERMINATED", "ERROR"})


class TrialTable:
    """The rows of ``trials.parquet``, in the order in which trials became known.

    Args:
        path: The file; an empty table is written at once.
        objective: The tuned metric.

    Raises:
        StorageError: The file cannot be written.
    """

    def __init__(self, path: Path, objective: Objective) -> None:
        self._path = path
        self._objective = objective
        self._schema = RowSchema(TRIALS)
        self._positions: dict[str, int] = {}
        self._rows: dict[int, list[dict[str, Any]]] = {}
        self._tables: dict[int, pa.Table] = {}
        self._changed: set[int] = set()
        write_table(TRIALS.empty_table(), path)

    def update(self, trial_id: str, changes: Mapping[str, Any]) -> None:
        """Add or change a trial's row.

        Args:
            trial_id: The trial.
            changes: Values by fixed column of the table; None clears a column. ``config`` is
                nested, and replaces the trial's ``config/<name>`` columns as well.

        Raises:
            SpecError: There is no such column.
            ReportError: A column got a value that is not of its type.
        """
        for name in changes:
            if name not in TRIALS.names:
                raise SpecError(f"no column {name!r} of a trial{nearest(name, TRIALS.names)}")
        row = self._row(trial_id)
        if "config" in changes:
            if row.get("best_iteration") is not None and row.get("best_config") is None:
                changes = {**changes, "best_config": row["config"]}
            cleared = {name: None for name in row if name.startswith("config/")}
            changes = {**changes, **cleared, **flatten({"config": changes["config"] or {}})}
        self._change(row, changes)

    def report(self, trial_id: str, report: Mapping[str, Any], metrics: Mapping[str, Any]) -> None:
        """Take a report into the trial's row.

        Args:
            trial_id: The trial.
            report: The fixed columns of the report.
            metrics: Its metrics by flat name.
        """
        row = self._row(trial_id)
        progress = {"seconds": report.get("time_total_s"), "attempts": report.get("attempt")}
        summary = summarise(row, metrics, self._objective, report.get("training_iteration"))
        self._change(row, progress | summary)

    def flush(self) -> None:
        """Write the table; does nothing where no trial changed.

        Raises:
            StorageError: The file cannot be written. All changes are kept for the next flush.
        """
        if not self._changed:
            return
        for index in self._changed:
            self._tables[index] = self._schema.tabulate(self._rows[index])
        schema = self._schema.arrow
        self._tables = {
            index: conform(self._tables[index], schema) for index in sorted(self._tables)
        }
        write_table(pa.concat_tables(self._tables.values()), self._path)
        for index in self._changed:
            if _is_at_rest(self._rows[index]):
                del self._rows[index]
        self._changed.clear()

    def _row(self, trial_id: str) -> dict[str, Any]:
        """Return a trial's row, a new one if need be, and mark it as changed."""
        position = self._positions.setdefault(trial_id, len(self._positions))
        index, offset = divmod(position, _ROWS_PER_CHUNK)
        if index not in self._rows:
            table = self._tables.get(index)
            self._rows[index] = rows_of(table) if table is not None else []
        rows = self._rows[index]
        if offset == len(rows):
            rows.append(self._schema.admit({"trial_id": trial_id}))
        self._changed.add(index)
        return rows[offset]

    def _change(self, row: dict[str, Any], columns: Mapping[str, Any]) -> None:
        admitted = self._schema.admit(columns)
        for name in columns.keys() - admitted.keys():
            row.pop(name, None)
        row |= admitted


def _is_at_rest(rows: list[dict[str, Any]]) -> bool:
    return len(rows) == _ROWS_PER_CHUNK and all(row.get("status") in _ENDED for row in rows)

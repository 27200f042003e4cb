"""The table of trials: a row per trial, changed in place and written whole.

Rows are kept in chunks. A flush turns only those chunks into Arrow columns again that hold a
trial which changed, and a chunk whose trials have all ended is kept as columns alone, in far less
memory. So a flush costs little more than writing the file, also at 100,000 trials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from tuner.errors import SpecError, nearest
from tuner.objectives import Objective
from tuner.store.dataset import read_table, write_table
from tuner.store.journal import Record
from tuner.store.schema import TRIALS, RowSchema, conform, reports_schema, rows_of
from tuner.store.summary import Highlights, numbers_of
from tuner.store.values import flatten

__all__ = ["SEQ_KEY", "TrialTable"]

_ROWS_PER_CHUNK = 256
_ENDED = frozenset({"TERMINATED", "ERROR"})
_COLUMNS = frozenset(TRIALS.names)

SEQ_KEY = b"tuner:seq"
"""Under which the file says up to which record it is complete."""


class TrialTable:
    """The rows of ``trials.parquet``, in the order in which trials became known.

    Args:
        path: The file. If it exists, its rows are continued. If not, the first flush makes it.
        objectives: What is tuned, the primary first.
        time_attr: Flat name of what measures a trial's progress.

    Attributes:
        stored_seq: The seq up to which the file's rows were complete; -1 where there was none.

    Raises:
        StorageError: The file cannot be read.
    """

    def __init__(self, path: Path, objectives: Sequence[Objective], time_attr: str) -> None:
        stored = read_table(path) if path.exists() else TRIALS.empty_table()
        self.stored_seq = int((stored.schema.metadata or {}).get(SEQ_KEY, -1))
        self._path = path
        self._objectives = objectives
        self._no_metrics = frozenset(reports_schema(time_attr).names)
        self._schema = RowSchema(TRIALS, [stored.schema])
        self._positions = {
            trial_id: position for position, trial_id in enumerate(stored["trial_id"].to_pylist())
        }
        self._rows: dict[int, list[dict[str, Any]]] = {}
        self._tables: dict[int, pa.Table] = {
            start // _ROWS_PER_CHUNK: stored.slice(start, _ROWS_PER_CHUNK)
            for start in range(0, len(stored), _ROWS_PER_CHUNK)
        }
        self._taken: dict[str, Highlights] = {}  # of reports that are not in their rows yet
        self._changed: set[int] = set()
        self._is_missing = not path.exists()

    def coerced(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``changes`` as `update` takes them: plain values of the columns' types.

        Raises:
            SpecError: There is no such column.
            ReportError: A column got a value that is not of its type.
        """
        for name in changes:
            if name not in _COLUMNS:
                raise SpecError(f"no column {name!r} of a trial{nearest(name, _COLUMNS)}")
        cleared = dict.fromkeys(changes)
        return cleared | self._schema.coerced(changes)

    def update(self, changes: Mapping[str, Any]) -> None:
        """Add or change a trial's row.

        Args:
            changes: Values by fixed column, as `coerced` returned them, ``trial_id`` among them;
                None clears a column. ``config`` is nested, and replaces the ``config/<name>``
                columns as well.
        """
        row = self._summed_up(changes["trial_id"])
        if "config" in changes:
            if row.get("best_iteration") is not None and row.get("best_config") is None:
                changes = {**changes, "best_config": row.get("config")}
            cleared = {name: None for name in row if name.startswith("config/")}
            changes = {**changes, **cleared, **flatten({"config": changes["config"] or {}})}
        self._change(row, changes)

    def report(self, report: Mapping[str, Any], *, fits: bool = False) -> None:
        """Take a report, as ``reports/`` holds it, for its trial's row.

        Args:
            report: Values by flat name.
            fits: Whether a report with numbers in the same columns was taken before.
        """
        trial_id = report["trial_id"]
        taken = self._taken.get(trial_id)
        if taken is None:
            taken = self._taken[trial_id] = Highlights(self._row(trial_id), self._objectives)
        taken.take(report)
        if not fits:  # now and not when rows are made up: columns must not depend on flushes
            numbers = numbers_of(report, self._objectives, self._no_metrics)
            for prefix in ("last/", "best/"):
                self._schema.widen({prefix + name: value for name, value in numbers.items()})

    def replay(self, record: Record) -> None:
        """Take what the journal holds of a report or of a change, unless the file had it."""
        if record.seq <= self.stored_seq:
            return
        if record.kind == "report":
            self.report(record.row)
        elif record.kind == "trial":
            self.update(record.row)

    def table(self) -> pa.Table:
        """Return all rows."""
        for trial_id in list(self._taken):
            self._summed_up(trial_id)
        for index in self._changed:
            self._tables[index] = self._schema.tabulate(self._rows[index])
        schema = self._schema.arrow
        self._tables = {
            index: conform(self._tables[index], schema) for index in sorted(self._tables)
        }
        return pa.concat_tables([schema.empty_table(), *self._tables.values()])

    def flush(self, seq: int) -> None:
        """Write the table; does nothing where no trial changed.

        Args:
            seq: Number of the last record that it has taken, which is written with it.

        Raises:
            StorageError: The file cannot be written. All changes are kept for the next flush.
        """
        if not (self._changed or self._is_missing):
            return
        write_table(self.table().replace_schema_metadata({SEQ_KEY: str(seq)}), self._path)
        for index in self._changed:
            if _is_at_rest(self._rows[index]):
                del self._rows[index]
        self._changed.clear()
        self._is_missing = False

    def _summed_up(self, trial_id: str) -> dict[str, Any]:
        """Return a trial's row with the reports that it took, marked as changed."""
        row = self._row(trial_id)
        taken = self._taken.get(trial_id)
        if taken is not None:
            self._change(row, taken.columns(row, self._no_metrics))
            del self._taken[trial_id]
        return row

    def _row(self, trial_id: str) -> dict[str, Any]:
        """Return a trial's row, a new one if need be, and mark it as changed."""
        position = self._positions.setdefault(trial_id, len(self._positions))
        index, offset = divmod(position, _ROWS_PER_CHUNK)
        if index not in self._rows:
            table = self._tables.get(index)
            self._rows[index] = rows_of(table) if table is not None else []
        rows = self._rows[index]
        if offset == len(rows):
            rows.append({"trial_id": trial_id})
        self._changed.add(index)
        return rows[offset]

    def _change(self, row: dict[str, Any], columns: Mapping[str, Any]) -> None:
        for name, value in columns.items():
            if value is None:
                row.pop(name, None)
            else:
                row[name] = value
        self._schema.widen(columns)


def _is_at_rest(rows: list[dict[str, Any]]) -> bool:
    return len(rows) == _ROWS_PER_CHUNK and all(row.get("status") in _ENDED for row in rows)

"""The one way into a sweep's folder: reports, decisions and trials arrive here as plain dicts.

Rows are taken in memory and written at intervals. A write that fails raises and keeps the rows,
so that a later flush can succeed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from tuner.store.dataset import PartWriter
from tuner.store.layout import SCHEMA_VERSION, SweepLayout, write_atomically
from tuner.store.schema import DECISIONS, reports_schema
from tuner.store.summary import Mode, Objective
from tuner.store.trials import TrialTable
from tuner.store.values import flatten, numeric, plain, text

__all__ = ["SweepWriter", "write_spec"]

_REST_PER_FLUSH = 20
"""Seconds between flushes for each second that the last one took: writing costs at most 5 %."""


def write_spec(layout: SweepLayout, content: Mapping[str, Any]) -> None:
    """Write ``sweep.json`` atomically.

    Args:
        layout: The sweep's folder.
        content: The resolved spec under ``"spec"`` (with ``metric``, ``mode`` and ``time_attr``),
            and whatever describes the sweep's state beside it. NaN and infinities are written as
            Python's ``json`` reads them; what JSON lacks is written as its text.

    Raises:
        StorageError: The file cannot be written.
    """
    versioned = {"schema_version": SCHEMA_VERSION, **content}
    encoded = json.dumps(versioned, indent=2, ensure_ascii=False, default=plain)
    write_atomically(layout.spec_file, text(encoded + "\n").encode())


class SweepWriter:
    """Writes what happens in a sweep.

    Args:
        layout: The sweep's folder, new (`SweepLayout.create`).
        metric: Flat name of the tuned metric.
        mode: Whether lower (``"min"``) or higher (``"max"``) is better.
        time_attr: Flat name of what measures a trial's progress.
        flush_every_s: Seconds between two flushes of `maybe_flush`, more where flushes are slow.
        rows_per_part: Rows of a full part of ``reports/`` and ``decisions/``.
        clock: Returns seconds, for the intervals only.

    Raises:
        SpecError: ``mode`` is neither ``"min"`` nor ``"max"``.
        StorageError: The folder holds rows already, or cannot be written.
    """

    def __init__(
        self,
        layout: SweepLayout,
        *,
        metric: str,
        mode: Mode,
        time_attr: str,
        flush_every_s: float = 5.0,
        rows_per_part: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        objective = Objective(metric, mode)
        self._metric = metric
        self._flush_every_s = flush_every_s
        self._clock = clock
        reports = reports_schema(time_attr)
        self._fixed = frozenset(reports.names)
        self._reports = PartWriter(layout.reports_dir, reports, rows_per_part=rows_per_part)
        self._decisions = PartWriter(layout.decisions_dir, DECISIONS, rows_per_part=rows_per_part)
        self._trials = TrialTable(layout.trials_file, objective)
        self._next_flush = clock() + flush_every_s

    def report(self, row: Mapping[str, Any]) -> None:
        """Take one report, and bring the trial's last and best values up to date.

        Args:
            row: trial_id, attempt (from 1), training_iteration, time_total_s, timestamp (unix
                seconds), time_attr, and the metrics, nested or flat. Ints become float64.

        Raises:
            ReportError: A fixed column, such as ``time_attr``, got a value that is no number.
        """
        flat = flatten(row)
        if isinstance(flat.get(self._metric), bool):
            flat[self._metric] = float(flat[self._metric])
        metrics = {name: numeric(value) for name, value in flat.items() if name not in self._fixed}
        self._reports.append(flat | metrics)
        if self._metric in self._fixed:
            metrics[self._metric] = numeric(flat.get(self._metric))
        self._trials.report(flat["trial_id"], flat, metrics)

    def decision(self, row: Mapping[str, Any]) -> None:
        """Take one decision of the scheduler.

        Args:
            row: Values by the names in `tuner.store.schema.DECISIONS`; ``details`` is a dict.

        Raises:
            ReportError: A column got a value that is not of its type.
        """
        self._decisions.append(row)

    def trial(self, trial_id: str, **changes: Any) -> None:
        """Add or change a trial's row; see `TrialTable.update`.

        Raises:
            SpecError: There is no such column.
            ReportError: A column got a value that is not of its type.
        """
        self._trials.update(trial_id, changes)

    def maybe_flush(self) -> None:
        """Flush if it is time to.

        Raises:
            StorageError: As for `flush`; the next attempt waits for its interval as well.
        """
        if self._clock() >= self._next_flush:
            self.flush()

    def flush(self) -> None:
        """Write everything taken so far; trials last, so that they never run ahead of reports.

        Raises:
            StorageError: A file cannot be written. Nothing is lost; a later flush may succeed.
        """
        started = self._clock()
        try:
            self._reports.flush()
            self._decisions.flush()
            self._trials.flush()
        finally:
            ended = self._clock()
            pause = max(self._flush_every_s, _REST_PER_FLUSH * (ended - started))
            self._next_flush = ended + pause

    def close(self) -> None:
        """Write what is left; nothing is held open, so a second call finds nothing to do.

        Raises:
            StorageError: As for `flush`.
        """
        self.flush()

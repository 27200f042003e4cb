"""The one way into a sweep's folder: reports, decisions, events and trials, as plain dicts.

A row is journaled before anything else happens with it, then kept in memory, and written to its
table at intervals. A flush that fails raises and keeps the rows, so that a later one can succeed.

Each table is replaced atomically and knows up to which ``seq`` it is complete; the journal is
removed after all of them. So a writer can die between any two file operations, and `reopen`
finds each record in its table or in the journal, and knows which of them are in both.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypedDict, Unpack

from tuner.errors import ReportError, StorageError
from tuner.objectives import Mode, Objective
from tuner.store.dataset import PartWriter, read_schema
from tuner.store.journal import Journal, Kind, Record, read_journal
from tuner.store.layout import SCHEMA_VERSION, SweepLayout, write_atomically
from tuner.store.schema import DECISIONS, EVENTS, reports_schema
from tuner.store.shapes import KnownShapes
from tuner.store.trials import TrialTable
from tuner.store.values import flatten, numeric, plain, text

__all__ = ["SweepWriter", "write_spec"]

_REST_PER_FLUSH = 20
"""Seconds between flushes for each second that the last one took: writing costs about 5 %."""

_LONGEST_PAUSE_S = 9.0
"""No table is further behind than this and the time of one flush."""


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


class WriterOptions(TypedDict, total=False):
    """What else is tuned; how often a `SweepWriter` writes, and how much at once."""

    secondary: Sequence[Objective]
    flush_every_s: float
    rows_per_part: int
    clock: Callable[[], float]
    before_flush: Callable[[], None]


class SweepWriter:
    """Writes what happens in a sweep.

    Args:
        layout: The sweep's folder, new (`SweepLayout.create`).
        metric: Flat name of the tuned metric.
        mode: Whether lower (``"min"``) or higher (``"max"``) is better.
        time_attr: Flat name of what measures a trial's progress.
        secondary: What is tuned besides.
        flush_every_s: Seconds between two flushes of `maybe_flush`, more where flushes are slow.
        rows_per_part: Rows of a full part of a dataset.
        clock: Returns seconds, for the intervals only.
        before_flush: Called before the journal goes into the tables and is removed.
        existing: Whether the folder is one that `reopen` goes on with.

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
        secondary: Sequence[Objective] = (),
        flush_every_s: float = 5.0,
        rows_per_part: int = 50_000,
        clock: Callable[[], float] = time.monotonic,
        before_flush: Callable[[], None] = lambda: None,
        existing: bool = False,
    ) -> None:
        objectives = (Objective(metric, mode), *secondary)
        if not existing:
            _refuse_rows(layout)
        self._metric = metric
        self._flush_every_s = flush_every_s
        self._clock = clock
        self._before_flush = before_flush
        reports = reports_schema(time_attr)
        self._fixed = frozenset(reports.names)
        self._reports = PartWriter(layout.reports_dir, reports, rows_per_part=rows_per_part)
        self._decisions = PartWriter(layout.decisions_dir, DECISIONS, rows_per_part=rows_per_part)
        self._events = PartWriter(layout.events_dir, EVENTS, rows_per_part=rows_per_part)
        self._shapes = KnownShapes()
        self._trials = TrialTable(layout.trials_file, objectives, time_attr)
        self._journal = Journal(layout, self._take_up(read_journal(layout)))
        self.flush()

    @classmethod
    def reopen(
        cls,
        layout: SweepLayout,
        *,
        metric: str,
        mode: Mode,
        time_attr: str,
        **options: Unpack[WriterOptions],
    ) -> Self:
        """Go on with the folder of a sweep that ended, however it ended.

        What its writer had journaled and not yet written is written first. The arguments are
        those of `SweepWriter`.

        Raises:
            SpecError: ``mode`` is neither ``"min"`` nor ``"max"``.
            StorageError: The folder cannot be read or written, or is of schema version 1, whose
                rows have no order.
        """
        _refuse_unordered(layout)
        layout.make_folders()
        layout.remove_leftovers()
        return cls(layout, metric=metric, mode=mode, time_attr=time_attr, existing=True, **options)

    def report(self, row: Mapping[str, Any]) -> None:
        """Take one report, and bring the trial's last and best values up to date.

        Args:
            row: trial_id, attempt (from 1), training_iteration, time_total_s, timestamp (unix
                seconds), time_attr, and the metrics, nested or flat. Ints become float64.

        Raises:
            ReportError: A fixed column, such as ``time_attr``, got a value that is no number; or
                a metric is called ``seq``, which is a column of the store's own.
            StorageError: The journal cannot be written. The report was not taken.
        """
        shape = self._shapes.of(row)
        stored = shape.stored(row) if shape is not None else None
        if shape is not None and stored is not None:
            stored["seq"] = self._journal.append("report", stored, shape.encoded(stored))
            self._reports.append(stored, fits=True)
            self._trials.report(stored, fits=True)
            return
        stored = self._append("report", self._reports, self._flat(row))
        self._trials.report(stored)
        self._shapes.learn(row, {name: stored[name] for name in stored if name != "seq"})

    def decision(self, row: Mapping[str, Any]) -> None:
        """Take one decision of the scheduler.

        Args:
            row: Values by the names in `tuner.store.schema.DECISIONS`; ``details`` is a dict.

        Raises:
            ReportError: A column got a value that is not of its type.
            StorageError: The journal cannot be written. The decision was not taken.
        """
        self._append("decision", self._decisions, row)

    def event(self, row: Mapping[str, Any]) -> None:
        """Take one event: what happened to a trial, or to the sweep, other than a decision.

        Args:
            row: Values by the names in `tuner.store.schema.EVENTS`; ``details`` is a dict.

        Raises:
            ReportError: A column got a value that is not of its type.
            StorageError: The journal cannot be written. The event was not taken.
        """
        self._append("event", self._events, row)

    def trial(self, trial_id: str, **changes: Any) -> None:
        """Add or change a trial's row; see `TrialTable.update`.

        Raises:
            SpecError: There is no such column.
            ReportError: A column got a value that is not of its type.
            StorageError: The journal cannot be written. The change was not made.
        """
        row = self._trials.coerced({"trial_id": trial_id, **changes})
        self._journal.append("trial", row)
        self._trials.update(row)

    def maybe_flush(self) -> None:
        """Bring the journal to the disk, and flush, each if it is time to.

        Call it several times a second.

        Raises:
            StorageError: As for `flush`; the next attempt waits for its interval as well.
        """
        now = self._clock()
        self._journal.sync(now)
        if now >= self._next_flush:
            self.flush()

    def flush(self) -> None:
        """Write everything taken so far; trials last, so that they never run ahead of reports.

        Raises:
            StorageError: A file cannot be written. Nothing is lost; a later flush may succeed.
        """
        started = self._clock()
        try:
            self._before_flush()
            self._reports.flush()
            self._decisions.flush()
            self._events.flush()
            self._trials.flush(self._journal.next_seq - 1)
            self._journal.discard()
        finally:
            ended = self._clock()
            pause = max(self._flush_every_s, _REST_PER_FLUSH * (ended - started))
            self._next_flush = ended + min(pause, _LONGEST_PAUSE_S)

    def close(self) -> None:
        """Write what is left, and hold no file open; a second call finds nothing to do.

        Raises:
            StorageError: As for `flush`.
        """
        try:
            self.flush()
        finally:
            self._journal.close()

    def _flat(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a report by flat names, its metrics as floats."""
        flat = flatten(row)
        if "seq" in flat:
            raise ReportError(
                f"'seq' is the store's own column; received a metric of that name "
                f"({flat['seq']!r}): report it under another one"
            )
        if isinstance(flat.get(self._metric), bool):
            flat[self._metric] = float(flat[self._metric])
        metrics = {name: numeric(value) for name, value in flat.items() if name not in self._fixed}
        return flat | metrics

    def _append(self, kind: Kind, table: PartWriter, row: Mapping[str, Any]) -> dict[str, Any]:
        """Journal a row, give it to its table, and return it as it will be stored."""
        stored = table.coerced(row)
        stored["seq"] = self._journal.append(kind, stored)
        table.append(stored)
        return stored

    def _take_up(self, records: Sequence[Record]) -> int:
        """Take what the journal holds and the tables lack; return the next seq."""
        tables: dict[Kind, PartWriter] = {
            "report": self._reports,
            "decision": self._decisions,
            "event": self._events,
        }
        for record in records:
            table = tables.get(record.kind)
            if table is not None and record.seq > table.stored_seq:
                table.append({**record.row, "seq": record.seq})
            self._trials.replay(record)
        stored = [self._trials.stored_seq, *(table.stored_seq for table in tables.values())]
        return max(*stored, *(record.seq for record in records)) + 1


def _refuse_rows(layout: SweepLayout) -> None:
    folders = [folder for folder in layout.dataset_dirs if layout.parts(folder)]
    if folders or layout.segments():
        raise StorageError(
            f"{(folders or [layout.journal_dir])[0]} already holds parts, and tuner never "
            "overwrites them; choose another name"
        )


def _refuse_unordered(layout: SweepLayout) -> None:
    for folder in layout.dataset_dirs:
        if any("seq" not in read_schema(path).names for path in layout.parts(folder)):
            raise StorageError(
                f"a sweep is reopened from rows that have an order; {layout.root} is of schema "
                "version 1, which has none: it can be read, and its configurations be run anew"
            )

"""Where a simulation's record goes: into memory, or into a sweep's folder while it runs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, Literal, Protocol, TypeAlias

import pyarrow as pa

from tuner.store import SweepLayout, write_spec
from tuner.store.dataset import PartWriter, write_slices
from tuner.store.record import SweepRecord
from tuner.store.schema import TableName, concatenated, fixed_columns

__all__ = ["FolderTables", "MemoryRecord", "RowTable", "Tables"]

RowTable: TypeAlias = Literal["reports", "decisions", "events"]

Trials: TypeAlias = Callable[[], Iterator[pa.Table]]

_ROW_TABLES: tuple[RowTable, ...] = ("reports", "decisions", "events")
_ROWS_PER_PART = 100_000
_FLUSH_EVERY_S = 5.0
_REST_PER_FLUSH = 20
"""Seconds between flushes for each second that the last one took: writing costs about 5 %."""


class Tables(Protocol):
    """Takes the rows of a simulation as they come."""

    def extend(self, kind: RowTable, rows: pa.Table) -> None:
        """Take further rows of a table."""

    def settle(self, trials: Trials, *, at_once: bool = False) -> None:
        """Bring everything to where others find it, now or when it is time to.

        Args:
            trials: Yields the table of trials as it is now, in slices.
            at_once: Whether not to wait: this is the end.
        """

    def say(self, content: Mapping[str, Any]) -> None:
        """Take what ``sweep.json`` says: the spec under ``"spec"``, and the sweep's state."""


class MemoryRecord(SweepRecord):
    """Keeps a record in memory, where it is read like that of any sweep."""

    def __init__(self) -> None:
        self._tables: dict[TableName, list[pa.Table]] = {}
        self._said: Mapping[str, Any] = {}

    def extend(self, kind: RowTable, rows: pa.Table) -> None:
        """Take further rows of a table."""
        self._tables.setdefault(kind, []).append(rows)

    def settle(self, trials: Trials, *, at_once: bool = False) -> None:
        """Take the table of trials at the end."""
        if at_once:
            self._tables["trials"] = list(trials())

    def say(self, content: Mapping[str, Any]) -> None:
        """Take what ``sweep.json`` would say."""
        self._said = content

    def _content(self) -> dict[str, Any]:
        return dict(self._said)

    def _table(self, kind: TableName) -> pa.Table:
        return concatenated(self._tables.get(kind, ()), fixed_columns(kind, self._time_attr))

    @property
    def _whence(self) -> str:
        return "this simulation"


class FolderTables:
    """Writes tables into a sweep's folder, every few seconds, as its driver does.

    Args:
        layout: The folder, new.
        time_attr: What counts as a trial's time.
        clock: Returns seconds, for the intervals only.
        rows_per_part: Rows of a full part of a dataset.

    Raises:
        StorageError: The folder cannot be written.
    """

    def __init__(
        self,
        layout: SweepLayout,
        time_attr: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        rows_per_part: int = _ROWS_PER_PART,
    ) -> None:
        self._layout = layout
        self._clock = clock
        self._next_flush = clock() + _FLUSH_EVERY_S
        folders = zip(_ROW_TABLES, layout.dataset_dirs, strict=True)
        self._writers: dict[RowTable, PartWriter] = {
            kind: PartWriter(folder, fixed_columns(kind, time_attr), rows_per_part=rows_per_part)
            for kind, folder in folders
        }
        self._rows_per_part = rows_per_part
        self._unwritten: Counter[RowTable] = Counter()
        self._flush()

    def extend(self, kind: RowTable, rows: pa.Table) -> None:
        """Take further rows of a table."""
        self._writers[kind].extend(rows)
        self._unwritten[kind] += len(rows)

    def settle(self, trials: Trials, *, at_once: bool = False) -> None:
        """Write what is not written yet, if it is time to, or ``at_once``; rows also in between.

        Raises:
            StorageError: A file cannot be written. Nothing is lost; a later call may succeed.
        """
        started = self._clock()
        is_due = at_once or started >= self._next_flush
        if is_due or max(self._unwritten.values(), default=0) >= self._rows_per_part:
            self._flush()
        if not is_due:
            return
        slices = trials()
        first = next(slices)
        write_slices(chain([first], slices), first.schema, self._layout.trials_file)
        ended = self._clock()
        self._next_flush = ended + max(_FLUSH_EVERY_S, _REST_PER_FLUSH * (ended - started))

    def say(self, content: Mapping[str, Any]) -> None:
        """Write ``sweep.json``.

        Raises:
            StorageError: It cannot be written.
        """
        write_spec(self._layout, content)

    def _flush(self) -> None:
        for writer in self._writers.values():
            writer.flush()
        self._unwritten.clear()

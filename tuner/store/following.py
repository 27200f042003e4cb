"""What is new in a sweep's record since the last look, also while the sweep runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from operator import attrgetter
from pathlib import Path

import pyarrow.compute as pc

from tuner.store.history import rows_beyond
from tuner.store.journal import Kind, Record, read_journal
from tuner.store.layout import SweepLayout
from tuner.store.schema import last_seq, rows_of

__all__ = ["Follower"]


class Follower:
    """Reads a sweep's record piece by piece: at each look what came since the one before.

    Args:
        layout: The sweep's folder.
        kinds: Which of ``"report"``, ``"decision"`` and ``"event"``.
        trial_id: Of this trial only; None for all, and for the sweep itself.
    """

    def __init__(
        self, layout: SweepLayout, kinds: Collection[Kind], trial_id: str | None = None
    ) -> None:
        self._layout = layout
        self._trial_id = trial_id
        # One per kind: the tables are read one after the other, and each may be ahead.
        self._seen: dict[Kind, int] = dict.fromkeys(kinds, -1)

    def look(self) -> list[Record]:
        """Return what is new, in the order in which it happened.

        Raises:
            StorageError: A file cannot be read, or the sweep is of schema version 1.
        """
        tail = read_journal(self._layout)  # first: what moves into a table meanwhile is in both
        found = [record for kind in self._seen for record in self._new(kind, tail)]
        return sorted(found, key=attrgetter("seq"))

    def _new(self, kind: Kind, tail: Collection[Record]) -> Iterator[Record]:
        for path in SweepLayout.parts(self._layout.dataset_dir(kind)):
            yield from self._rows(kind, path)
        for record in tail:
            if record.kind == kind and record.seq > self._seen[kind]:
                self._seen[kind] = record.seq
                if self._trial_id in (None, record.row.get("trial_id")):
                    yield record

    def _rows(self, kind: Kind, path: Path) -> Iterator[Record]:
        table = rows_beyond(path, self._seen[kind])
        if table is None:
            return
        self._seen[kind] = max(self._seen[kind], last_seq(table))
        if self._trial_id is not None:
            table = table.filter(pc.equal(table["trial_id"], self._trial_id))
        for row in rows_of(table):
            yield Record(row.pop("seq"), kind, row)

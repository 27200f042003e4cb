"""Some columns of a sweep's record, piece by piece: for whoever looks often at a long sweep.

`tuner.store.following` gives whole records one by one. Here a look costs little beside what is
new, also at a million rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from tuner.store.dataset import read_table
from tuner.store.history import rows_beyond
from tuner.store.journal import Kind, Record, read_journal
from tuner.store.layout import SweepLayout
from tuner.store.schema import decoded, last_seq
from tuner.store.trials import SEQ_KEY

__all__ = ["ColumnFollower", "Columns", "Look"]

Columns: TypeAlias = dict[str, list[Any]]
"""Values by column; None where a row has none. ``seq`` is always among the columns."""


@dataclass(frozen=True)
class Look:
    """What is new since the last look.

    Attributes:
        new: The columns of each kind, in the order in which things happened.
        trials: The columns of all trials as they stand, by id.
    """

    new: Mapping[Kind, Columns]
    trials: Mapping[str, Mapping[str, Any]]


class ColumnFollower:
    """Reads columns of a sweep's record, at each look what came since the one before.

    Args:
        layout: The sweep's folder.
        columns: Which columns of reports, decisions and events; one that no row has is None.
        trials: Which columns of the table of trials.
    """

    def __init__(
        self,
        layout: SweepLayout,
        columns: Mapping[Kind, Sequence[str]],
        trials: Sequence[str],
    ) -> None:
        self._layout = layout
        self._columns = columns
        self._trial_columns = trials
        self._seen: dict[Kind, int] = dict.fromkeys(columns, -1)

    def look(self) -> Look:
        """Return what is new, and how the trials stand.

        Raises:
            StorageError: A file cannot be read, or the sweep is of schema version 1.
        """
        tail = read_journal(self._layout)  # first: what moves into a table meanwhile is in both
        new = {kind: self._new(kind, tail) for kind in self._columns}
        return Look(new, self._trials(tail))

    def _new(self, kind: Kind, tail: Sequence[Record]) -> Columns:
        names = tuple(dict.fromkeys((*self._columns[kind], "seq")))
        found: Columns = {name: [] for name in names}
        for part in self._parts(kind, names):
            for name in names:
                found[name] += part[name]
        for record in tail:
            if record.kind == kind and record.seq > self._seen[kind]:
                self._seen[kind] = record.seq
                row = {**record.row, "seq": record.seq}
                for name in names:
                    found[name].append(row.get(name))
        return found

    def _parts(self, kind: Kind, names: Sequence[str]) -> Iterator[Columns]:
        for path in SweepLayout.parts(self._layout.dataset_dir(kind)):
            table = rows_beyond(path, self._seen[kind], names)
            if table is not None:
                self._seen[kind] = max(self._seen[kind], last_seq(table))
                yield _values(table, names)

    def _trials(self, tail: Sequence[Record]) -> dict[str, dict[str, Any]]:
        """Return the trials as they stand: the table, and what the journal changes of it."""
        names, path = self._trial_columns, self._layout.trials_file
        trials: dict[str, dict[str, Any]] = {}
        stored = -1
        if path.exists():
            table = read_table(path, ("trial_id", *names))
            stored = int((table.schema.metadata or {}).get(SEQ_KEY, -1))
            columns = [table[name].to_pylist() for name in names]
            for trial_id, *values in zip(table["trial_id"].to_pylist(), *columns, strict=True):
                trials[trial_id] = dict(zip(names, values, strict=True))
        for record in tail:
            if record.kind == "trial" and record.seq > stored:
                row = trials.setdefault(record.row["trial_id"], dict.fromkeys(names))
                row.update({name: record.row[name] for name in names if name in record.row})
        return trials


def _values(table: pa.Table, names: Sequence[str]) -> Columns:
    absent = [None] * len(table)
    known = set(table.column_names)
    return {
        name: decoded(table[name], table.schema.field(name)) if name in known else absent
        for name in names
    }

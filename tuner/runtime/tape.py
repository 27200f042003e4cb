"""The record of a sweep, read forward, with a view of what lies ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

__all__ = ["Record", "Tape", "is_about"]

_NEXT_STEP = ("suggested", "started", "saved")


class Record(Protocol):
    """One thing that happened."""

    @property
    def seq(self) -> int:
        """Its place among all records."""

    @property
    def kind(self) -> str:
        """``report``, ``decision`` or ``event``."""

    @property
    def row(self) -> Mapping[str, Any]:
        """Its row in the store, without the nulls."""


class Tape:
    """Reads records one by one; looking ahead does not move it.

    Args:
        records: In the order in which they were made.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records = iter(records)
        self._seen: deque[Record] = deque()  # by looking ahead

    def next(self) -> Record | None:
        """Return the next record and move on; None at the end."""
        return self._seen.popleft() if self._seen else next(self._records, None)

    def ahead(self) -> Iterator[Record]:
        """Yield the records from the next one on."""
        yield from list(self._seen)
        for record in self._records:
            self._seen.append(record)
            yield record

    @property
    def ends_undecided(self) -> bool:
        """Whether the process died while it decided about the report that was read last."""
        for record in self.ahead():
            if record.row.get("event") != "saving":
                return record.row.get("event") == "resumed"
        return True

    def find(self, event: str, trial_id: str, *, before: str) -> Record | None:
        """Return the next ``event`` of a trial, unless its event ``before`` comes first."""
        for record in self.ahead():
            if is_about(record, trial_id, event):
                return record
            if is_about(record, trial_id, before):
                return None
        return None

    def copy_of(self, trial_id: str) -> Mapping[str, Any] | None:
        """Return the details of the next exploit that copies a trial, before that starts again."""
        for record in self.ahead():
            details = record.row.get("details") or {}
            if record.row.get("decision") == "EXPLOIT" and details.get("source") == trial_id:
                return dict(details)
            if is_about(record, trial_id, "started"):
                return None
        return None

    def answer(self, trial_id: str) -> str | None:
        """Return what was decided about the report of a trial that was read last.

        Returns:
            ``STOP``, ``PAUSE``, ``CONTINUE``, or ``NOOP`` where it was decided in another way;
            None where the record ends before that is known.
        """
        for record in self.ahead():
            row = record.row
            if row.get("event") == "resumed":
                return None
            if record.kind == "report" or row.get("event") in _NEXT_STEP:
                return "CONTINUE"
            if row.get("decision") == "RETRY":  # which is about a later failure
                continue
            if "asked_by" in row.get("details", ()):  # by a person
                continue
            if record.kind == "decision" and row["trial_id"] == trial_id:
                return str(row["decision"] if row["decision"] in ("STOP", "PAUSE") else "NOOP")
        return None


def is_about(record: Record, trial_id: str, event: str) -> bool:
    """Return whether ``record`` tells of ``event`` of a trial."""
    return record.row.get("event") == event and record.row.get("trial_id") == trial_id

"""Which configurations led to a trial's final weights: its lineage through the trials it copied.

Pure over records. A trial of a population holds at its end the weights of a chain of trials: it
copied one at some time, which had copied another before, and so on to one that began by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuner.errors import SpecError
from tuner.store.following import Follower
from tuner.store.journal import Record
from tuner.store.layout import SweepLayout

__all__ = ["Segment", "changes_config", "lineage", "read_lineage", "reports_along"]


@dataclass(frozen=True)
class Segment:
    """A stretch of a lineage: one trial with one configuration.

    Attributes:
        trial_id: Who trained it.
        config: With what.
        begins: The ``training_iteration`` of the weights it went on from; 0 at the beginning.
        ends: The one at which the next segment went on from it; None for the last segment.
        time: The scenario's time at ``begins``.
        after: It was recorded after this place (``seq``) of the sweep's record,
        before: and before this one.
    """

    trial_id: str
    config: Mapping[str, Any]
    begins: int
    ends: int | None
    time: float
    after: float = -1
    before: float = math.inf


def lineage(records: Iterable[Record], trial_id: str) -> tuple[Segment, ...]:
    """Return the segments that led to the weights of a trial, the first one first.

    Args:
        records: Decisions and events of the sweep, in order.
        trial_id: The trial.

    Raises:
        SpecError: The record lacks what a lineage needs.
    """
    beginnings: dict[str, Mapping[str, Any]] = {}
    changes: dict[str, list[Record]] = {}
    for record in records:
        row = record.row
        details = row.get("details") or {}
        if row.get("event") == "suggested":
            beginnings[row["trial_id"]] = details["config"]
        elif changes_config(record, row.get("trial_id")):
            changes.setdefault(row["trial_id"], []).append(record)
    segments: list[Segment] = []
    ends, before = None, math.inf
    while True:
        earlier = [change for change in changes.get(trial_id, ()) if change.seq < before]
        if not earlier:
            break
        change = earlier[-1]
        segment = _changed(change, ends, before)
        segments.append(segment)
        trial_id = change.row["details"].get("source", trial_id)
        ends, before = segment.begins, change.seq
    if trial_id not in beginnings:
        raise SpecError(f"the record does not say with which configuration trial {trial_id} began")
    segments.append(Segment(trial_id, beginnings[trial_id], 0, ends, 0.0, before=before))
    return tuple(reversed(segments))


def changes_config(record: Record, trial_id: str | None) -> bool:
    """Return whether a record tells of a decision that gave a trial another configuration."""
    row = record.row
    if record.kind != "decision" or row["trial_id"] != trial_id:
        return False
    return row["decision"] == "EXPLOIT" or "config" in (row.get("details") or {})


def read_lineage(layout: SweepLayout, trial_id: str) -> tuple[Segment, ...]:
    """Return the lineage of a trial of a stored sweep; see `lineage`."""
    return lineage(Follower(layout, ["decision", "event"]).look(), trial_id)


def reports_along(
    segments: Sequence[Segment], records: Iterable[Record]
) -> list[Mapping[str, Any]]:
    """Return the reports that a lineage made, none twice, in the order of training_iteration.

    Args:
        segments: As `lineage` returned them.
        records: Reports of the sweep, in order.
    """
    rows: dict[int, Mapping[str, Any]] = {}
    for record in records:
        iteration = record.row["training_iteration"]
        if any(_holds(segment, record, iteration) for segment in segments):
            rows = {known: row for known, row in rows.items() if known < iteration}
            rows[iteration] = record.row
    return list(rows.values())


def _changed(change: Record, ends: int | None, before: float) -> Segment:
    """Return the segment that begins where a decision changed a trial's configuration."""
    row, details = change.row, change.row.get("details") or {}
    begins = details.get("source_iteration", row.get("training_iteration"))
    time = details.get("source_time", row.get("time"))
    copied = row["decision"] == "EXPLOIT"
    if begins is None or time is None or (copied and details.get("source_iteration") is None):
        raise SpecError(
            f"the record does not say from which checkpoint trial {row['trial_id']} went on at "
            f"iteration {row.get('training_iteration')}: a version of tuner wrote it that did not "
            "keep it; run the sweep again"
        )
    return Segment(row["trial_id"], details["config"], begins, ends, time, change.seq, before)


def _holds(segment: Segment, record: Record, iteration: int) -> bool:
    return (
        record.row["trial_id"] == segment.trial_id
        and segment.after < record.seq < segment.before
        and segment.begins < iteration
        and (segment.ends is None or iteration <= segment.ends)
    )

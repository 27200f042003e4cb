"""When trials held a worker, from what was recorded of them. Pure.

The record says when a trial was taken up, paused, failed and ended, and not by which worker. A
stretch is put into the first lane of its node that is free, so lanes are as many as workers were
busy at once.
"""

from __future__ import annotations

import heapq

import numpy as np
import pandas as pd

from tuner.errors import NoResultError
from tuner.figures.frames import Floats
from tuner.store.holding import LETS_GO, RESUMED, STARTED

__all__ = ["busy", "lanes", "stretches"]


def stretches(events: pd.DataFrame, decisions: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Return when each trial held a worker, a row per stretch, in the order in which they began.

    Args:
        events: As `tuner.Sweep.events` gives them.
        decisions: As `tuner.Sweep.decisions` gives them.
        trials: As `tuner.Sweep.trials` gives them.

    Returns:
        ``trial_id``, ``begin`` and ``end`` (seconds since the first one began), ``outcome`` of the
        trial, and ``node``, where it ended; one that still runs ends with the last record, and one
        that ran when a driver was lost with the last record before the next driver.

    Raises:
        NoResultError: No trial was ever taken up.
    """
    marks = pd.concat([_marks(events, "event"), _marks(decisions, "decision")])
    marks = marks.sort_values(["timestamp", "seq"], kind="stable")
    last = float(marks["timestamp"].max()) if len(marks) else 0.0
    open_since: dict[str, float] = {}
    rows: list[tuple[str, float, float]] = []
    before = 0.0
    for trial, now, what in zip(marks["trial_id"], marks["timestamp"], marks["what"], strict=True):
        if what == RESUMED:  # what ran lost its workers some time after the last record
            rows += [(each, since, before) for each, since in open_since.items()]
            open_since.clear()
        elif what == STARTED:
            open_since.setdefault(trial, now)
        elif trial in open_since and what in LETS_GO:
            rows.append((trial, open_since.pop(trial), now))
        before = now
    rows += [(trial, since, last) for trial, since in open_since.items()]
    if not rows:
        raise NoResultError("there is nothing to draw: no trial was taken up by a worker yet")
    frame = pd.DataFrame(rows, columns=["trial_id", "begin", "end"])
    begin = frame["begin"].min()
    about = trials.drop_duplicates("trial_id").set_index("trial_id")
    for column, absent in (("outcome", "running"), ("node", "workers")):
        known = about[column] if column in about else pd.Series(dtype=object)
        frame[column] = frame["trial_id"].map(known).astype(object)
        frame[column] = frame[column].where(frame[column].notna(), absent)
    frame[["begin", "end"]] -= begin
    return frame.sort_values("begin", kind="stable", ignore_index=True)


def lanes(found: pd.DataFrame) -> pd.DataFrame:
    """Return the stretches with ``lane``: the first one of their node that was free, from 0."""
    lane = np.zeros(len(found), dtype=np.int64)
    for rows in found.groupby("node", sort=False).indices.values():
        begins, ends = (found[name].to_numpy(float)[rows] for name in ("begin", "end"))
        free: list[int] = []
        held: list[tuple[float, int]] = []
        count = 0
        for row, begin, end in zip(rows, begins, ends, strict=True):
            while held and held[0][0] <= begin:
                heapq.heappush(free, heapq.heappop(held)[1])
            if not free:
                heapq.heappush(free, count)
                count += 1
            lane[row] = heapq.heappop(free)
            heapq.heappush(held, (float(end), int(lane[row])))
    return found.assign(lane=lane)


def busy(found: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return times at which the number of busy workers changes, and that number from then on."""
    times = np.concatenate([found["begin"], found["end"]]).astype(float)
    steps = np.concatenate([np.ones(len(found)), -np.ones(len(found))])
    order = np.lexsort((steps, times))
    counts = np.cumsum(steps[order])
    last_of_each = np.append(np.diff(times[order]) > 0, True)
    return times[order][last_of_each], counts[last_of_each]


def _marks(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    if not len(frame):
        return pd.DataFrame(columns=["trial_id", "timestamp", "seq", "what"])
    kept = frame[frame["trial_id"].notna() | (frame[column] == RESUMED)]
    return kept[["trial_id", "timestamp", "seq"]].assign(what=kept[column])

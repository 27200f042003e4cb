"""What the record of a sweep shows beside its trials: rungs, how busy all is, curves. Pure.

It is told what is new as columns of values, so that a look at a long sweep costs little.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tuner.bundles import Shape
from tuner.progress.curve_book import CurveBook
from tuner.progress.occupancy import Occupancy
from tuner.progress.rung_book import RungBook
from tuner.progress.snapshot import CurveSample, Gauge, Mode, Rung, ranking_key
from tuner.store.journal import Kind

__all__ = ["Recorded"]

_DECISIONS = frozenset({"STOP", "PAUSE", "RESUME", "EXPLOIT"})

_Columns = Mapping[str, Sequence[Any]]


class _Happened(NamedTuple):
    """An event or a decision."""

    seq: int
    now: float
    what: str
    trial_id: str | None
    details: Mapping[str, Any] | None


class Recorded:
    """Takes a sweep's record piece by piece.

    Args:
        metric: Flat name of what is tuned.
        mode: Whether low (``"min"``) or high values are good.
        time_attr: What counts as a trial's time.
        takes: As of `tuner.progress.occupancy.Occupancy`; ``shape``, ``fuse`` and ``at_most``
            likewise.
        shape: What a trial takes.
        fuse: How many trials share a process.
        at_most: A bound on trials that run at once.
        milestones: Where the scheduler's rungs are, as far as that is known.

    Attributes:
        columns: What it has to be told of reports, decisions and events.
        best: The best finite value of the metric so far.
        last: When the last thing happened that it was told of; None before the first.
        parents: Trial to the one that it last copied.
    """

    def __init__(
        self,
        metric: str,
        mode: Mode,
        time_attr: str,
        *,
        takes: Callable[[str], tuple[float, float]],
        shape: Shape | None,
        fuse: int,
        at_most: int | None,
        milestones: Iterable[float] = (),
    ) -> None:
        self.columns: Mapping[Kind, Sequence[str]] = {
            "report": ("trial_id", time_attr, metric),
            "decision": ("trial_id", "decision", "details", "timestamp"),
            "event": ("trial_id", "event", "details", "timestamp"),
        }
        self.best: float | None = None
        self.last: float | None = None
        self.parents: dict[str, str] = {}
        self._mode: Mode = mode
        self._occupancy = Occupancy(takes, shape, fuse=fuse, at_most=at_most)
        self._rungs = RungBook(mode, milestones)
        self._curves = CurveBook(mode)

    def take(self, reports: _Columns, decisions: _Columns, events: _Columns) -> None:
        """Take what is new, each kind in the order in which it happened.

        Args:
            reports: The columns that `columns` names for each kind, and ``seq``.
            decisions: Likewise.
            events: Likewise.
        """
        ended: list[tuple[str, bool]] = []
        for each in heapq.merge(_rows(decisions, "decision"), _rows(events, "event"), key=_seq):
            self._happen(each)
            if each.what == "ended" and each.trial_id is not None:
                outcome = (each.details or {}).get("outcome")
                ended.append((each.trial_id, outcome == "stopped"))
        _, time, metric = self.columns["report"]
        columns = (reports["trial_id"], reports[time], reports[metric])
        for trial_id, at, value in zip(*columns, strict=True):
            if isinstance(at, int | float) and isinstance(value, int | float):
                self._rungs.report(trial_id, at, value)
                self._curves.report(trial_id, at, value)
                if ranking_key(value, self._mode) < ranking_key(self.best, self._mode):
                    self.best = value
        for trial_id, stopped in ended:  # after what they reported
            self._curves.end(trial_id, stopped=stopped)

    def rungs(self) -> list[Rung]:
        """Return how the rungs stand, the lowest first."""
        return self._rungs.rungs()

    def gauges(self, now: float) -> list[Gauge]:
        """Return how busy all is."""
        return [] if self.last is None else self._occupancy.gauges(max(now, self.last))

    def curves(self, most: int) -> CurveSample:
        """Return learning curves, so many at most."""
        return self._curves.sample(most)

    def _happen(self, each: _Happened) -> None:
        self.last = each.now
        self._occupancy.take(each.now, each.what, each.trial_id, each.details)
        if each.trial_id is None:
            return
        details = each.details or {}
        if each.what in _DECISIONS:
            self._rungs.decide(each.trial_id, each.what, details)
            if each.what == "EXPLOIT" and "source" in details:
                self.parents[each.trial_id] = str(details["source"])


def _rows(columns: _Columns, name: str) -> Iterator[_Happened]:
    names = ("seq", "timestamp", name, "trial_id", "details")
    for seq, now, what, trial_id, details in zip(*(columns[n] for n in names), strict=True):
        yield _Happened(seq, now or 0.0, what, trial_id, details)


def _seq(each: _Happened) -> int:
    return each.seq

"""How many trials reached, passed and wait at each rung, from a sweep's record. Pure.

The record says who was stopped or paused at which rung, and how far each trial came. Who passed a
rung without a halt is in no decision: where a scheduler only stops, those who came so far and were
not stopped there have passed.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tuner.progress.snapshot import Mode, Rung, ranking_key

__all__ = ["RungBook"]


class RungBook:
    """Takes reports and decisions one by one, each kind in the order in which it happened.

    Rungs of different brackets at the same time are told of as one.

    Args:
        mode: Whether low (``"min"``) or high values are good.
        milestones: Where rungs are, as far as is known; those of decisions are found.
    """

    def __init__(self, mode: Mode, milestones: Iterable[float] = ()) -> None:
        self._mode: Mode = mode
        self._milestones = sorted(set(milestones))
        self._furthest: dict[str, float] = {}
        self._bracket: dict[str, Any] = {}
        self._rungs_of: dict[Any, set[float]] = defaultdict(set)
        self._stopped: dict[float, set[str]] = defaultdict(set)
        self._waiting: dict[str, float] = {}
        self._cut: dict[float, float] = {}
        self._best: dict[float, float] = {}
        self._pauses = False

    def report(self, trial_id: str, time: float | None, value: float | None) -> None:
        """Take a report; one without a finite value of the metric reaches no rung."""
        if time is None or value is None or not math.isfinite(value):
            return
        before = self._furthest.get(trial_id, -math.inf)
        if time <= before:
            return
        self._furthest[trial_id] = time
        first, last = bisect_right(self._milestones, before), bisect_right(self._milestones, time)
        for milestone in self._milestones[first:last]:
            self._value_at(milestone, value)

    def decide(self, trial_id: str, decision: str, details: Mapping[str, Any] | None) -> None:
        """Take a decision with its details; one that concerns no rung may end a wait."""
        self._waiting.pop(trial_id, None)
        rung = (details or {}).get("rung")
        if details is None or rung is None:
            return
        milestone = float(rung)
        if milestone not in self._milestones:
            insort(self._milestones, milestone)
        bracket = details.get("bracket")
        self._bracket[trial_id] = bracket
        self._rungs_of[bracket].add(milestone)
        value, cut = details.get("value"), details.get("cutoff")
        if isinstance(value, int | float) and math.isfinite(value):
            self._value_at(milestone, value)
        if isinstance(cut, int | float) and math.isfinite(cut):
            self._cut[milestone] = float(cut)
        if decision == "STOP":
            self._stopped[milestone].add(trial_id)
        elif decision == "PAUSE":
            self._pauses = True
            self._waiting[trial_id] = milestone

    def rungs(self) -> list[Rung]:
        """Return how the rungs stand, the lowest first; none where nothing is known of any."""
        reached = dict(self._reached())
        waiting: dict[float, int] = defaultdict(int)
        for milestone in self._waiting.values():
            waiting[milestone] += 1
        return [
            Rung(
                label=f"{milestone:g}",
                trials=reached[milestone],
                passed=max(
                    0, reached[milestone] - len(self._stopped[milestone]) - waiting[milestone]
                ),
                waiting=waiting[milestone],
                cutoff=self._cut.get(milestone),
                best=self._best.get(milestone),
            )
            for milestone in self._milestones
        ]

    def _reached(self) -> Iterator[tuple[float, int]]:
        """Yield each rung with how many trials have come there."""
        # Where trials pause, each passes the rungs of its bracket, which its first decision tells.
        groups: dict[Any, list[float]] = defaultdict(list)
        if self._pauses:
            for trial_id, bracket in self._bracket.items():
                groups[bracket].append(self._furthest.get(trial_id, -math.inf))
        else:
            groups[None] = list(self._furthest.values())
        for times in groups.values():
            times.sort()
        for milestone in self._milestones:
            passing = (
                times
                for bracket, times in groups.items()
                if not self._pauses or milestone in self._rungs_of[bracket]
            )
            yield milestone, sum(len(times) - bisect_left(times, milestone) for times in passing)

    def _value_at(self, milestone: float, value: float) -> None:
        best = self._best.get(milestone)
        if ranking_key(value, self._mode) < ranking_key(best, self._mode):
            self._best[milestone] = float(value)

"""The rungs of ASHA's stopping form: who came by, and what the next trial must reach. Pure.

Scores are metrics turned so that larger is better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tuner.schedulers.quantiles import RunningQuantile

__all__ = ["Arrival", "Bracket", "Entrant", "Rung"]


@dataclass(slots=True)
class Entrant:
    """A trial that has not ended.

    Attributes:
        bracket: The index of its bracket.
        ahead: The time from which a score of it would be recorded; inf for never.
        time: Of its last report.
        passed: The indices of the rungs in which it is recorded.
    """

    bracket: int
    ahead: float
    time: float = -math.inf
    passed: tuple[int, ...] = ()

    def to_json(self) -> list[Any]:
        """Return it as plain values."""
        times = [None if math.isinf(time) else time for time in (self.ahead, self.time)]
        return [self.bracket, *times, list(self.passed)]

    @classmethod
    def from_json(cls, state: Sequence[Any]) -> Entrant:
        """Return the trial that `to_json` described."""
        bracket, ahead, time, passed = state
        ahead, time = math.inf if ahead is None else ahead, -math.inf if time is None else time
        return cls(bracket, ahead, time, tuple(passed))


class Rung:
    """A time at which trials are compared.

    Args:
        milestone: That time.
        share: Of the trials that are stopped.

    Attributes:
        milestone: As above.
        scores: Of the trials that came by. Their quantile is the cut: what the next trial must
            reach.
        stopped: How many of them were stopped there.
    """

    def __init__(self, milestone: float, share: float) -> None:
        self.milestone = milestone
        self.stopped = 0
        # Ray asks NumPy for a percentile: what the detour rounds away is part of its decisions.
        self.scores = RunningQuantile(share * 100 / 100)


class Arrival(NamedTuple):
    """What a trial met at a rung.

    Attributes:
        rung: Where; it has the score already.
        cut: The score that the trial must reach; None if it is the first.
        others: How many trials came before it.
    """

    rung: Rung
    cut: float | None
    others: int


@dataclass(frozen=True)
class Bracket:
    """The rungs that some of the trials pass.

    Attributes:
        rungs: The lowest first.
        stops_last: Whether trials end at ``max_t``.
    """

    rungs: list[Rung]
    stops_last: bool

    def record(self, entrant: Entrant, time: float, score: float) -> Arrival | None:
        """Record a score at the highest rung reached where its trial is not recorded yet.

        A trial that skipped rungs is recorded at a lower one with each later report: so it is in
        Ray's. Where trials go on beyond ``max_t``, they are recorded once only.
        """
        if time < entrant.ahead:
            return None
        for index in range(len(self.rungs) - 1, -1, -1):
            rung = self.rungs[index]
            if time >= rung.milestone and index not in entrant.passed:
                arrival = Arrival(rung, rung.scores.value, len(rung.scores))
                rung.scores.add(score)
                entrant.passed += (index,)
                entrant.ahead = self.ahead_of(entrant.passed)
                return arrival
        return None

    def ahead_of(self, passed: Sequence[int]) -> float:
        """Return the time from which a score would be recorded; inf for never.

        Args:
            passed: The indices of the rungs in which its trial is recorded.
        """
        first = 0 if self.stops_last else max(passed, default=-1) + 1
        for index in range(first, len(self.rungs)):
            if index not in passed:
                return self.rungs[index].milestone
        return math.inf

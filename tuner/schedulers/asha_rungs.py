"""The rungs of ASHA's stopping form: who came by, and what the next trial must reach. Pure.

Scores are metrics turned so that larger is better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tuner.schedulers.quantiles import quantile
from tuner.schedulers.sorted_blocks import SortedBlocks, doubles

__all__ = ["Arrival", "Bracket", "Entrant", "Rung"]


@dataclass
class Entrant:
    """A trial that has not ended.

    Attributes:
        bracket: The index of its bracket.
        time: Of its last report.
        passed: The indices of the rungs in which it is recorded.
    """

    bracket: int
    time: float = -math.inf
    passed: set[int] = field(default_factory=set)

    def to_json(self) -> list[Any]:
        """Return it as plain values."""
        return [self.bracket, None if self.time == -math.inf else self.time, sorted(self.passed)]

    @classmethod
    def from_json(cls, state: Sequence[Any]) -> Entrant:
        """Return the trial that `to_json` described."""
        bracket, time, passed = state
        return cls(bracket, -math.inf if time is None else time, set(passed))


class Rung:
    """The scores of the trials that came by.

    Args:
        milestone: The time at which trials are compared.
        share: Of the trials that are stopped.
    """

    def __init__(self, milestone: float, share: float) -> None:
        self.milestone = milestone
        self.scores: SortedBlocks[float] = SortedBlocks(make_block=doubles)
        # Ray asks NumPy for a percentile: what the detour rounds away is part of its decisions.
        self._share = share * 100 / 100

    def cut(self) -> float | None:
        """Return the score that the next trial must reach; None where it is the first."""
        return quantile(self.scores, self._share) if self.scores else None


@dataclass(frozen=True)
class Arrival:
    """What a trial met at a rung.

    Attributes:
        milestone: Where the rung is.
        cut: The score that the trial must reach; None if it is the first.
        others: How many trials came before it.
    """

    milestone: float
    cut: float | None
    others: int


@dataclass(frozen=True)
class Bracket:
    """The rungs that some of the trials pass.

    Attributes:
        rungs: The highest first.
        stops_last: Whether trials end at ``max_t``.
    """

    rungs: list[Rung]
    stops_last: bool

    def record(self, entrant: Entrant, time: float, score: float) -> Arrival | None:
        """Record a score at the highest rung reached where its trial is not recorded yet.

        A trial that skipped rungs is recorded at a lower one with each later report: so it is in
        Ray's. Where trials go on beyond ``max_t``, they are recorded once only.
        """
        for index, rung in enumerate(self.rungs):
            if time < rung.milestone:
                continue
            if index not in entrant.passed:
                arrival = Arrival(rung.milestone, rung.cut(), len(rung.scores))
                rung.scores.add(score)
                entrant.passed.add(index)
                return arrival
            if not self.stops_last:
                return None
        return None

    def ahead_of(self, entrant: Entrant) -> float:
        """Return the time from which a score of a trial would be recorded; inf for never."""
        ahead = math.inf
        for index, rung in enumerate(self.rungs):
            if entrant.time < rung.milestone:
                ahead = rung.milestone
            elif index not in entrant.passed:
                return entrant.time  # it skipped this one: its next score is recorded
            elif not self.stops_last:
                break
        return ahead

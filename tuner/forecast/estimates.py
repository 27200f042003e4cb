"""Numbers that are known exactly, or within bounds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

__all__ = ["Estimate", "PlannedRung"]


@dataclass(frozen=True)
class Estimate:
    """A number that is expected.

    Attributes:
        low: It is at least this.
        expected: Its mean.
        high: It is at most this.
    """

    low: float
    expected: float
    high: float

    @classmethod
    def exact(cls, value: float) -> Self:
        """Return a number of which nothing is uncertain."""
        return cls(value, value, value)

    @classmethod
    def of(cls, samples: Sequence[float]) -> Self:
        """Return the mean and the range of samples, at least one."""
        return cls(min(samples), sum(samples) / len(samples), max(samples))

    @property
    def is_exact(self) -> bool:
        """Whether nothing is uncertain."""
        return self.low == self.high

    def __mul__(self, factor: float) -> Estimate:
        """Return the number times a factor of at least 0."""
        return Estimate(self.low * factor, self.expected * factor, self.high * factor)


@dataclass(frozen=True)
class PlannedRung:
    """How many trials train how far.

    Attributes:
        bracket: The place of its bracket, from 0.
        start: Where they come from, in units of ``time_attr``; 0 for a first rung.
        time: Where they train to.
        trials: How many do.
    """

    bracket: int
    start: float
    time: float
    trials: Estimate

    @property
    def epochs(self) -> Estimate:
        """What they train for it, in units of ``time_attr``."""
        return self.trials * (self.time - self.start)

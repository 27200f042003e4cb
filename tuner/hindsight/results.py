"""`Hindsight`: what other schedulers would have done on a finished sweep. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from tuner.display import Display, Displayed, Grid
from tuner.hindsight.wording import HEADINGS, arm_cells
from tuner.plurals import counted

__all__ = ["ArmInHindsight", "Bounds", "Chance", "Hindsight"]

_RANGE = (0.05, 0.95)  # quantiles over the orderings


@dataclass(frozen=True)
class Bounds:
    """A number over all orderings, where each ordering may know it within bounds only.

    Attributes:
        low: The mean of what it is at least.
        high: The mean of what it is at most; ``low`` where all is known.
        smallest: In one ordering out of twenty it may be below.
        largest: In one ordering out of twenty it may be above.
    """

    low: float
    high: float
    smallest: float
    largest: float

    @classmethod
    def of(cls, lows: Sequence[float], highs: Sequence[float]) -> Self:
        """Return the number of which each ordering has a least and a most value."""
        return cls(
            low=math.fsum(lows) / len(lows),
            high=math.fsum(highs) / len(highs),
            smallest=float(np.quantile(lows, _RANGE[0])),
            largest=float(np.quantile(highs, _RANGE[1])),
        )

    def __mul__(self, factor: float) -> Bounds:
        """Return the number times a factor of at least 0."""
        return Bounds(*(value * factor for value in astuple(self)))

    def saved_of(self, whole: float) -> Bounds:
        """Return what share of ``whole`` is saved by spending this number in its place."""
        low, high, smallest, largest = (1 - value / whole for value in astuple(self))
        return Bounds(low=high, high=low, smallest=largest, largest=smallest)


@dataclass(frozen=True)
class Chance:
    """How probable something is over all orderings.

    Attributes:
        low: The share of orderings in which it is certain.
        high: The share in which it is possible.
        smallest: The lower end of the 95 % Wilson interval of ``low``.
        largest: The upper end of that of ``high``.
    """

    low: float
    high: float
    smallest: float
    largest: float

    @classmethod
    def of(cls, certain: int, possible: int, orderings: int) -> Self:
        """Return the chance of what happened in so many orderings."""
        below = binomtest(certain, orderings).proportion_ci(method="wilson")
        above = binomtest(possible, orderings).proportion_ci(method="wilson")
        low, high = float(below.low), float(above.high)
        return cls(certain / orderings, possible / orderings, low, high)


@dataclass(frozen=True, kw_only=True)
class ArmInHindsight:
    """What one scheduler would have done.

    What is saved is measured against the sweep as it was, with its trials in the same order on as
    many workers; below 0 it would have cost more.

    Attributes:
        arm: The scheduler as it is spelled.
        known: The share of orderings in which it needed nothing but what was recorded.
        unknown: The share of the epochs it may have trained that is uncertain, 0 to 1.
        epochs: What it trains; None, like all that follows, if too much is unknown.
        training_s: The seconds that its workers train, summed.
        gpu_hours: The same in GPUs times hours.
        wall_s: How long it takes, in seconds; None unless it is known in all orderings.
        saved: The share of the recorded epochs that it saves.
        saved_training_s: The share of the recorded seconds.
        saved_wall_s: The share of the wall time; None like ``wall_s``.
        keeps_winner: Whether it sees a value as good as the best that was recorded.
        regret: By how much its best value is worse than that, 0 or more, in the metric; at least
            0 where what was not recorded may be better.
        refusal: Why there are no figures, and what to record; None where there are.
    """

    arm: str
    known: float
    unknown: float
    epochs: Bounds | None = None
    training_s: Bounds | None = None
    gpu_hours: Bounds | None = None
    wall_s: Bounds | None = None
    saved: Bounds | None = None
    saved_training_s: Bounds | None = None
    saved_wall_s: Bounds | None = None
    keeps_winner: Chance | None = None
    regret: Bounds | None = None
    refusal: str | None = None


@dataclass(frozen=True, kw_only=True)
class Hindsight(Displayed):
    """What other schedulers would have done on a finished sweep.

    Attributes:
        sweep: Its name.
        scheduler: The one that it had.
        metric: What was tuned.
        trials: How many of its trials were replayed.
        epochs: How many these trained in it.
        best: The best value that they reported.
        concurrency: How many trained at once.
        orderings: In how many orders they were replayed.
        arms: The answers.
        remarks: What was left out or assumed, a line each.
        outcomes: A row per arm and ordering: ``arm``, ``ordering``, ``epochs_low``,
            ``epochs_high``, ``training_s_low``, ``training_s_high``, ``wall_s`` (NaN if unknown),
            ``value`` (the best that it saw for certain), ``regret`` (of that value),
            ``recorded_wall_s`` (of the sweep as it was, in this order).
    """

    sweep: str
    scheduler: str
    metric: str
    trials: int
    epochs: int
    best: float
    concurrency: int
    orderings: int
    arms: tuple[ArmInHindsight, ...]
    remarks: tuple[str, ...]
    outcomes: pd.DataFrame

    @property
    def basis(self) -> str:
        """What was replayed and how often, in a line."""
        return (
            f"{self.scheduler}, {counted(self.trials, 'trial')}, {counted(self.epochs, 'epoch')}, "
            f"best {self.metric} {self.best:.4g}; in {counted(self.orderings, 'order')}, "
            f"{counted(self.concurrency, 'trial')} at a time"
        )

    @property
    def intervals(self) -> str:
        """What the intervals in the answers are, in a line."""
        return "in 90 % of the orders; of probabilities, the 95 % interval"

    def __str__(self) -> str:
        return self._display().text()

    def _display(self) -> Display:
        refusals = dict.fromkeys(arm.refusal for arm in self.arms if arm.refusal is not None)
        notes = (*(f"not known: {refusal}" for refusal in refusals), self.intervals, *self.remarks)
        grid = Grid(tuple(map(arm_cells, self.arms)), HEADINGS)
        return Display(f"{self.sweep}: {self.basis}", (grid,), notes)

    def to_json(self) -> dict[str, Any]:
        """Return all but `outcomes` as JSON-able values."""
        names = ("sweep", "scheduler", "metric", "trials", "epochs", "best", "concurrency")
        told = {name: getattr(self, name) for name in (*names, "orderings", "remarks")}
        return {**told, "arms": [asdict(arm) for arm in self.arms]}

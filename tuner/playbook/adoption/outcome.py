"""What `adopt` returns: what winner and baseline reached when they were trained again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tuner.objectives import Mode, Objective
from tuner.playbook.adoption.paired import PairedDifference, Verdict
from tuner.plurals import counted

__all__ = ["Adoption", "Repeated"]


@dataclass(frozen=True)
class Repeated:
    """What one configuration reached when it was trained again.

    Attributes:
        label: The trial that it was, or ``baseline``.
        config: Its hyperparameters.
        in_sweep: What it reached in the sweep; None if it was no trial.
        values: What it reached in each pair of repeats, in the order of seeds and folds.
        missing: How many of its repeats failed, or had no finite value.
    """

    label: str
    config: Mapping[str, Any]
    in_sweep: float | None
    values: tuple[float, ...]
    missing: int

    @property
    def mean(self) -> float:
        """Over repeats; NaN without any."""
        return float(np.mean(self.values)) if self.values else math.nan

    @property
    def deviation(self) -> float:
        """The standard deviation over repeats; NaN with fewer than two."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else math.nan


@dataclass(frozen=True)
class Adoption:
    """Whether a winner is to be adopted.

    Attributes:
        sweep: Where the studied sweep lies.
        metric: What is compared; of several objectives the first.
        mode: Whether lower or higher is better.
        winner: The best trial of the sweep, or the one that was asked for.
        baseline: What it has to beat.
        baseline_is: How the baseline was chosen.
        seeds: How many seeds.
        folds: How many folds for each of them; None for none.
        difference: By how much the winner is better, and the test.
        verdict: What to do.
        why: The reason.
        remarks: What to know beside that, a line each.
        folder: Where the repeats lie, as a sweep of their own.
    """

    sweep: str
    metric: str
    mode: Mode
    winner: Repeated
    baseline: Repeated
    baseline_is: str
    seeds: int
    folds: int | None
    difference: PairedDifference
    verdict: Verdict
    why: str
    remarks: tuple[str, ...]
    folder: str

    @property
    def optimism(self) -> float:
        """How much worse the winner is over new seeds than in its sweep, in the metric's units."""
        if self.winner.in_sweep is None:
            return math.nan
        objective = Objective(self.metric, self.mode)
        return objective.cost(self.winner.mean) - objective.cost(self.winner.in_sweep)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {**asdict(self), "optimism": self.optimism}

    def text(self) -> str:
        """Return all of it for people."""
        return "\n".join(self._lines())

    def __str__(self) -> str:
        return self.text()

    def _lines(self) -> Iterator[str]:
        over = counted(self.seeds, "seed")
        over += f" x {counted(self.folds, 'fold')}" if self.folds else ""
        yield f"{self.sweep}: {self.metric} ({self.mode}) over {over}"
        yield f"  {'':9} {'trial':10} {'in sweep':>10} {'mean':>10} {'std':>10} {'repeats':>8}"
        for role, side in (("winner", self.winner), ("baseline", self.baseline)):
            before = "-" if side.in_sweep is None else f"{side.in_sweep:.4g}"
            yield (
                f"  {role:9} {side.label:10} {before:>10} {side.mean:>10.4g} "
                f"{side.deviation:>10.2g} {len(side.values):>8}"
            )
        gain = self.difference
        yield f"gain {gain.gain:.4g} [{gain.low:.4g}, {gain.high:.4g}] ({gain.test})"
        if not math.isnan(self.optimism):
            cursed = self.optimism > 0
            label = "winner's curse" if cursed else "no winner's curse"
            way = "worse" if cursed else "better"
            if not self.optimism:
                told = "the winner is as good as in its sweep"
            else:
                told = f"the winner is {abs(self.optimism):.4g} {way} than in its sweep"
            yield f"{label}: over new repeats {told}"
        yield f"{self.verdict}: {self.why}"
        yield from (f"! {remark}" for remark in self.remarks)

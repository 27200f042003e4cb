"""What `adopt` returns: what winner and baseline reached when they were trained again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tuner.display import Display, Displayed, Grid
from tuner.objectives import Mode, Objective
from tuner.playbook.adoption.paired import PairedDifference, Verdict
from tuner.plurals import counted

__all__ = ["Adoption", "Repeated"]


_HEADINGS = ("", "trial", "in sweep", "mean", "std", "repeats")


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
class Adoption(Displayed):
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
        yield self._heading
        for role, label, *figures, repeats in (_HEADINGS, *self._rows()):
            told = " ".join(f"{figure:>10}" for figure in figures)
            yield f"  {role:9} {label:10} {told} {repeats:>8}"
        yield from self._notes()

    def _display(self) -> Display:
        return Display(
            self._heading, (Grid(tuple(self._rows()), _HEADINGS, words=2),), tuple(self._notes())
        )

    @property
    def _heading(self) -> str:
        over = counted(self.seeds, "seed")
        over += f" x {counted(self.folds, 'fold')}" if self.folds else ""
        return f"{self.sweep}: {self.metric} ({self.mode}) over {over}"

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for role, side in (("winner", self.winner), ("baseline", self.baseline)):
            before = "-" if side.in_sweep is None else f"{side.in_sweep:.4g}"
            figures = (before, f"{side.mean:.4g}", f"{side.deviation:.2g}")
            yield (role, side.label, *figures, str(len(side.values)))

    def _notes(self) -> Iterator[str]:
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

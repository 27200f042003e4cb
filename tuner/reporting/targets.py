"""What figures show: the sweep's own metric, or any other value that its trials have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import pandas as pd

from tuner.errors import SpecError, nearest
from tuner.figures.frames import numbers
from tuner.objectives import Mode, Objective
from tuner.store.record import SweepRecord

__all__ = ["Target", "known_metrics", "target_of"]

_BEST = "best/"
_MEASURED: Mapping[str, Mode] = {"seconds": "min", "seconds_per_iteration": "min"}
"""What is known of each trial beside its reports, and the better direction."""


@dataclass(frozen=True)
class Target:
    """A value of trials that a figure shows.

    Attributes:
        name: What it is.
        mode: Its better direction; None where nobody has said it.
        own: Whether it is the sweep's metric.
        measured: Whether it is known of trials, and not of their reports.
    """

    name: str
    mode: Mode | None
    own: bool
    measured: bool

    @property
    def objective(self) -> Objective:
        """The value with its direction.

        Raises:
            SpecError: Nobody has said it.
        """
        if self.mode is None:
            raise SpecError(
                f"which values of {self.name!r} are better is not known; say it: "
                f"{self.name}:min or {self.name}:max"
            )
        return Objective(self.name, self.mode)

    def objective_of_curves(self, sweep: SweepRecord) -> Objective:
        """Return what tells the best curve: the value where its direction is known.

        Args:
            sweep: Whose first objective it is otherwise.

        Raises:
            SpecError: No trial reports the value.
        """
        if self.measured:
            raise SpecError(
                f"{self.name!r} is known of trials, and curves are of what they reported"
            )
        return sweep.objectives[0] if self.mode is None else self.objective

    def trials(self, sweep: SweepRecord) -> pd.DataFrame:
        """Return the trials of a sweep with the value as `tuner.figures` looks it up."""
        trials = sweep.trials()
        if not self.measured:
            return trials
        values = numbers(trials, "seconds")
        if self.name == "seconds_per_iteration":
            values = values / numbers(trials, "iterations")
        return trials.assign(**{f"{at}/{self.name}": values for at in ("best", "last")})


def target_of(sweep: SweepRecord, metric: str | None = None) -> Target:
    """Return what is asked for.

    Args:
        sweep: Whose trials have it.
        metric: ``NAME``, ``NAME:min`` or ``NAME:max``: what trials reported, or ``seconds`` or
            ``seconds_per_iteration``; None for the sweep's metric.

    Raises:
        SpecError: No trial has such a value.
    """
    if metric is None:
        return Target(sweep.metric, sweep.mode, own=True, measured=False)
    name, colon, said = metric.rpartition(":")
    if not colon or said not in ("min", "max"):
        name, said = metric, ""
    if name not in known_metrics(sweep):
        raise SpecError(f"no trial has a value {name!r}{nearest(name, known_metrics(sweep))}")
    measured = f"{_BEST}{name}" not in sweep.trials()
    declared: Mapping[str, Mode] = {each.metric: each.mode for each in sweep.objectives}
    mode = cast("Mode | None", said) or declared.get(name) or (_MEASURED.get(name))
    own = name == sweep.metric and mode == sweep.mode
    return Target(name, mode, own=own, measured=measured)


def known_metrics(sweep: SweepRecord) -> list[str]:
    """Return the names of all values that trials have: those they reported, and measured ones."""
    columns = [str(column) for column in sweep.trials().columns]
    reported = [column.removeprefix(_BEST) for column in columns if column.startswith(_BEST)]
    return list(dict.fromkeys([sweep.metric, *reported, *_MEASURED]))

"""Which hyperparameters matter for another value than the metric, such as the seconds of a step."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tuner.analysis.importance import FEWEST_TRIALS, Importance, forest_importance
from tuner.errors import NoResultError
from tuner.figures.frames import numbers
from tuner.playbook.evidence import Evidence
from tuner.playbook.positions import option_counts
from tuner.plurals import counted
from tuner.reporting.targets import Target
from tuner.store.record import SweepRecord

__all__ = ["importance_for"]


def importance_for(
    evidence: Evidence, sweep: SweepRecord, target: Target, *, seed: int = 0
) -> Importance:
    """Return how much each hyperparameter matters for a value.

    What trials reported is compared at equal time, as the metric is: at the largest time that half
    of them reached. Which values are better makes no difference.

    Args:
        evidence: Of the sweep.
        sweep: What was recorded of it.
        target: The value.
        seed: Of the forest.

    Raises:
        NoResultError: Too few trials have the value, or nothing was searched.
    """
    values = _of_trials(sweep, target) if target.measured else _at_equal_time(evidence, target.name)
    inputs = evidence.positions.reindex(values.index).dropna(how="all")
    if len(inputs) < FEWEST_TRIALS or not len(inputs.columns):
        raise NoResultError(
            f"{counted(len(inputs), 'trial')} to compare by {target.name!r}, and a forest takes "
            f"{FEWEST_TRIALS}"
        )
    options = option_counts(evidence.parameters)
    costs = np.asarray(values[inputs.index], dtype=np.float64)
    return forest_importance(inputs, costs, options=options, seed=seed)


def _of_trials(sweep: SweepRecord, target: Target) -> pd.Series[float]:
    trials = target.trials(sweep)
    values = numbers(trials, f"best/{target.name}")
    known = np.isfinite(values)
    return pd.Series(values[known], index=trials["trial_id"].to_numpy(object)[known])


def _at_equal_time(evidence: Evidence, metric: str) -> pd.Series[float]:
    """Return the last value up to the time that half of the trials reached, by trial_id."""
    time = evidence.reached()
    values = numbers(evidence.reports, metric)
    kept = np.isfinite(values) & (evidence.reports["time"].to_numpy(float) <= time)
    ids = evidence.reports["trial_id"].to_numpy(object)[kept]
    lasts = pd.Series(values[kept]).groupby(ids).last()
    there = evidence.trials.index[evidence.trials["until"] >= time]
    return lasts.reindex(there).dropna()

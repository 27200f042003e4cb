"""What runs spent, what was lost to overhead, and what stopping early saved."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from tuner.analysis.outcomes import Outcomes, require_columns
from tuner.analysis.regret import ALL_TASKS

__all__ = ["mean_usage", "saved_by_stopping"]

_HOUR_S = 3600.0
_OVERHEADS = ("start_s", "save_s", "load_s", "wait_s", "lost_s")
_MEANS = ("trials", "epochs", "seconds", "gpu_seconds", "utilisation", "suggest_s", *_OVERHEADS)


def mean_usage(outcomes: Outcomes) -> pd.DataFrame:
    """Return what a run spent on average, by task and arm, and over all tasks.

    Means are over the finished runs with the seeds that all arms have run; values that are NaN are
    left out.

    Args:
        outcomes: The runs, with the columns ``utilisation`` (share of the workers' time that
            trained, 0 to 1), ``suggest_s`` (CPU seconds of the searcher), and, in seconds summed
            over workers, ``start_s``, ``save_s``, ``load_s`` (checkpoints), ``wait_s`` (idle) and
            ``lost_s`` (work to be done again).

    Returns:
        ``task`` (`ALL_TASKS` in the rows over all), ``arm``, ``runs`` (finished), ``failed``, the
        means of ``trials``, ``epochs``, ``seconds``, ``gpu_seconds`` and of the columns above, and
        ``suggest_ms`` (per trial).

    Raises:
        SpecError: A column is missing.
    """
    require_columns(outcomes.runs, _MEANS, "runs")
    groups = [(task, arm, rows) for task, arm, rows in _groups(outcomes)]
    columns = ["task", "arm", "runs", "failed", *_MEANS, "suggest_ms"]
    rows = []
    for task, arm, runs in groups:
        finished = runs[runs["status"] == "finished"]
        means = finished[list(_MEANS)].astype(float).mean()
        suggest_ms = 1000 * means["suggest_s"] / means["trials"] if len(finished) else math.nan
        rows.append((task, arm, len(finished), len(runs) - len(finished), *means, suggest_ms))
    return pd.DataFrame(rows, columns=columns)


def saved_by_stopping(outcomes: Outcomes) -> pd.DataFrame:
    """Return what stopping early saved against training on, summed over finished runs.

    Only what a scheduler stopped counts: a trial that the budget cut off, that diverged or that
    failed saves nothing.

    Args:
        outcomes: The runs, with the column ``withheld_epochs``: those that trials which a
            scheduler stopped, or left paused, had still to train.

    Returns:
        ``task`` (`ALL_TASKS` in the rows over all), ``arm``, ``trials``, ``epochs`` (trained),
        ``full_epochs`` (with the withheld ones), ``saved`` (share of them), ``gpu_hours`` (spent),
        ``gpu_hours_saved`` (if the epochs not trained took as long as the others on average).

    Raises:
        SpecError: The column is missing.
    """
    require_columns(outcomes.runs, ["withheld_epochs"], "runs")
    columns = ["task", "arm", "trials", "epochs", "full_epochs", "saved", "gpu_hours"]
    rows = []
    for task, arm, runs in _groups(outcomes):
        finished = runs[runs["status"] == "finished"]
        trials, epochs = float(finished["trials"].sum()), float(finished["epochs"].sum())
        full = epochs + float(finished["withheld_epochs"].astype(float).sum(skipna=False))
        hours = float(finished["gpu_seconds"].sum()) / _HOUR_S
        saved = 1 - epochs / full if full else math.nan
        hours_saved = hours * (full / epochs - 1) if epochs else math.nan
        rows.append((task, arm, trials, epochs, full, saved, hours, hours_saved))
    return pd.DataFrame(rows, columns=[*columns, "gpu_hours_saved"])


def _groups(outcomes: Outcomes) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield task, arm and rows of the runs with common seeds, by task and over all."""
    runs = outcomes.runs
    common = np.zeros(len(runs), dtype=bool)
    for task in outcomes.tasks:
        common |= ((runs["task"] == task) & runs["seed"].isin(outcomes.seeds(task))).to_numpy()
    runs = runs[common]
    for task in outcomes.tasks:
        here = runs[runs["task"] == task]
        yield from ((task, arm, here[here["arm"] == arm]) for arm in outcomes.arms)
    yield from ((ALL_TASKS, arm, runs[runs["arm"] == arm]) for arm in outcomes.arms)

"""What runs spent, what was lost to overhead, and what stopping early saved."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from tuner.analysis.outcomes import Outcomes, require_columns
from tuner.analysis.regret import ALL_TASKS
from tuner.errors import SpecError, nearest

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


def saved_by_stopping(outcomes: Outcomes, max_t: int | Mapping[str, int]) -> pd.DataFrame:
    """Return what was saved against training every trial to the end, summed over finished runs.

    Args:
        outcomes: The runs.
        max_t: Epochs of a full training, for all tasks or by task.

    Returns:
        ``task`` (`ALL_TASKS` in the rows over all), ``arm``, ``trials``, ``epochs`` (trained),
        ``full_epochs`` (trials times ``max_t``), ``saved`` (share of them), ``gpu_hours`` (spent),
        ``gpu_hours_saved`` (if the epochs not trained took as long as the others on average).

    Raises:
        SpecError: ``max_t`` is below 1, or not given for a task.
    """
    lengths = {task: _max_t(task, max_t) for task in outcomes.tasks}
    columns = ["task", "arm", "trials", "epochs", "full_epochs", "saved", "gpu_hours"]
    rows = []
    for task, arm, runs in _groups(outcomes):
        finished = runs[runs["status"] == "finished"]
        full = float((finished["trials"] * finished["task"].map(lengths).astype(float)).sum())
        trials, epochs = float(finished["trials"].sum()), float(finished["epochs"].sum())
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


def _max_t(task: str, max_t: int | Mapping[str, int]) -> int:
    if isinstance(max_t, Mapping):
        if task not in max_t:
            raise SpecError(f"no max_t for the task {task!r}{nearest(task, max_t)}")
        max_t = max_t[task]
    if max_t < 1:
        raise SpecError(f"a full training has at least one epoch, got max_t={max_t}")
    return max_t

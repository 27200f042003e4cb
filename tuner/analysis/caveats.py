"""What a reader of a comparison must know before its figures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tuner.analysis.outcomes import Outcomes
from tuner.analysis.ranks import FEWEST_TASKS

__all__ = ["FEWEST_SEEDS", "caveats"]

FEWEST_SEEDS = 5
"""With fewer, intervals cover less than they say."""

_MOST_NAMES = 5  # in one line
_STRETCH = 100  # how much further from the best than first values are the worst one may lie


def caveats(outcomes: Outcomes) -> tuple[str, ...]:
    """Return what limits the answers, a line each.

    These are missing and failed runs, few seeds or tasks, and regret whose scale one value sets.
    """
    return tuple(_lines(outcomes))


def _lines(outcomes: Outcomes) -> Iterator[str]:
    missing, failures = outcomes.missing(), outcomes.failures()
    if len(missing):
        yield (
            f"runs missing: {len(missing)} ({_cells(missing)}); "
            "a seed counts on a task only if every arm has run it"
        )
    left_out = sorted(set(outcomes.runs["task"]) - set(outcomes.tasks))
    if left_out:
        yield f"left out, since no seed was run by every arm: {_listed(left_out)}"
    if len(failures):
        yield (
            f"runs that found nothing: {len(failures)} ({_cells(failures)}); they count against "
            "their arms, as the worst value of the task and as lost to any other run"
        )
    stretched = [task for task in outcomes.tasks if _is_stretched(outcomes, task)]
    if stretched:
        yield (
            f"one very bad value sets the scale of regret on {_listed(stretched)}, so that all "
            "arms seem close to the best; ranks, win rates and speed-ups do not depend on it"
        )
    seeds = min((len(outcomes.seeds(task)) for task in outcomes.tasks), default=0)
    if seeds == 1:
        yield f"one seed has no interval: at least {FEWEST_SEEDS} are needed, better 10"
    elif 0 < seeds < FEWEST_SEEDS:
        yield f"intervals from {seeds} seeds are too short: {FEWEST_SEEDS} are needed, better 10"
    if 0 < len(outcomes.tasks) < FEWEST_TASKS:
        yield (
            f"few tasks ({len(outcomes.tasks)}): the answers are about these alone; "
            f"arms are tested over tasks from {FEWEST_TASKS} on"
        )


def _is_stretched(outcomes: Outcomes, task: str) -> bool:
    runs = (
        outcomes.steps(task, arm, seed) for arm in outcomes.arms for seed in outcomes.seeds(task)
    )
    firsts = [steps.costs[0] for steps in runs if len(steps.costs)]
    if not firsts:
        return False
    extremes, sign = outcomes.extremes(task), outcomes.sign(task)
    typical = np.median(firsts) - sign * extremes.best
    return bool(sign * (extremes.worst - extremes.best) > _STRETCH * typical > 0)


def _cells(frame: pd.DataFrame) -> str:
    cells = zip(frame["task"], frame["arm"], frame["seed"], strict=True)
    return _listed([f"{arm} on {task}, seed {seed}" for task, arm, seed in cells])


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return "; ".join(names[:_MOST_NAMES]) + (f"; and {more} more" if more > 0 else "")

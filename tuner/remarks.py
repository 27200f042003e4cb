"""What is worth knowing of a sweep before it starts, though it can start."""

from __future__ import annotations

from collections.abc import Sequence

from ray.tune.search import Searcher

from tuner.arms import Choice
from tuner.objectives import Objective
from tuner.searchers import learns, takes_objectives

__all__ = ["objective_remarks"]

_JUDGE_NONE = ("fifo", "pbt_replay")


def objective_remarks(
    objectives: Sequence[Objective], scheduler: str, searcher: Choice | Searcher
) -> list[str]:
    """Return what of a sweep goes by the first of several objectives alone.

    Args:
        objectives: What is tuned, the primary first.
        scheduler: Its name, or its class.
        searcher: The searcher, a checked choice or an object.
    """
    if len(objectives) == 1:
        return []
    primary, others = objectives[0].metric, ", ".join(each.metric for each in objectives[1:])
    remarks = []
    if scheduler not in _JUDGE_NONE:
        remarks.append(f"{scheduler} judges trials by {primary} alone, not by {others}")
    if isinstance(searcher, Choice) and learns(searcher) and not takes_objectives(searcher):
        remarks.append(
            f"{searcher} learns {primary} alone, not {others}; optuna:sampler=nsga2 and its other "
            "samplers but cmaes learn all objectives"
        )
    return remarks

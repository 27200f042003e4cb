"""Average ranks of arms over tasks, and which arms differ.

The procedure is that of Demšar (2006, "Statistical Comparisons of Classifiers over Multiple Data
Sets", JMLR 7), with the pairwise tests of Benavoli, Corani and Mangili (2016, "Should We Really
Use Post-Hoc Tests Based on Mean-Ranks?", JMLR 17): a Friedman test whether arms differ at all,
and if so, Wilcoxon's signed-rank test of each pair, with Holm's correction. Whether two arms
differ then does not depend on which others are in the comparison, but for the correction.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from tuner.analysis.significance import (
    Friedman,
    friedman_test,
    holm,
    ranks_by_task,
    signed_rank_test,
)
from tuner.errors import SpecError

__all__ = [
    "FEWEST_TASKS",
    "RankComparison",
    "average_ranks",
    "compare_ranks",
]

FEWEST_TASKS = 5
"""With fewer, arms are not tested over tasks."""


@dataclass(frozen=True)
class RankComparison:
    """Which arms differ over the tasks of a comparison.

    Attributes:
        ranks: Average rank by arm, the best (lowest) first.
        tasks: How many there are.
        alpha: Level of the tests: the chance to find a difference where there is none.
        friedman: The test whether arms differ at all; None with two arms.
        pairs: ``arm``, ``other``, ``p`` (of Wilcoxon's signed-rank test, two-sided), ``p_holm``
            (corrected for the number of pairs), ``differ``: a row per pair, ``arm`` the one of the
            better average rank. No pair differs where Friedman's test finds no difference.
        cliques: Largest groups of arms of which no two differ, each by average rank; a group of
            one is left out. Members need not be neighbours in rank.
        remarks: What limits the answer.
    """

    ranks: pd.Series[float]
    tasks: int
    alpha: float
    friedman: Friedman | None
    pairs: pd.DataFrame
    cliques: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...]


def average_ranks(scores: pd.DataFrame) -> pd.Series[float]:
    """Return the average rank of each arm over tasks, the best first; arms that tie share ranks.

    Args:
        scores: A row per task, a column per arm; lower is better (`tuner.analysis.task_scores`).

    Raises:
        SpecError: There are no tasks, or a score is NaN.
    """
    ranks = pd.Series(ranks_by_task(scores).mean(axis=0), index=scores.columns)
    return ranks.sort_values(kind="stable")


def compare_ranks(scores: pd.DataFrame, alpha: float = 0.05) -> RankComparison:
    """Return which arms differ over tasks.

    Args:
        scores: A row per task, a column per arm; lower is better. Tasks count as independent.
        alpha: Level of the tests.

    Raises:
        SpecError: There are fewer than `FEWEST_TASKS` tasks or two arms, a score is NaN, or
            ``alpha`` is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise SpecError(f"the level of a test is between 0 and 1, got {alpha:g}")
    if len(scores) < FEWEST_TASKS:
        raise SpecError(
            f"arms are tested over at least {FEWEST_TASKS} tasks, got {len(scores)}; "
            "look at the intervals of paired_differences instead"
        )
    if scores.shape[1] < 2:
        raise SpecError(f"a test compares at least two arms, got {scores.shape[1]}")
    ranks = average_ranks(scores)
    friedman = friedman_test(scores) if scores.shape[1] > 2 else None
    pairs = _pairs(scores[ranks.index], alpha)
    if friedman is not None and friedman.p >= alpha:
        pairs["differ"] = False
    same = pairs[~pairs["differ"]]
    alike = set(zip(same["arm"], same["other"], strict=True))
    return RankComparison(
        ranks=ranks,
        tasks=len(scores),
        alpha=alpha,
        friedman=friedman,
        pairs=pairs,
        cliques=tuple(_cliques(list(ranks.index), alike)),
        remarks=tuple(_remarks(len(scores), len(pairs), alpha)),
    )


def _pairs(scores: pd.DataFrame, alpha: float) -> pd.DataFrame:
    rows = [
        (arm, other, signed_rank_test((scores[arm] - scores[other]).to_numpy(float)))
        for arm, other in combinations(scores.columns, 2)
    ]
    pairs = pd.DataFrame(rows, columns=["arm", "other", "p"])
    pairs["p_holm"] = holm(pairs["p"].to_numpy(float))
    pairs["differ"] = pairs["p_holm"] < alpha
    return pairs


def _cliques(arms: list[str], alike: set[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield the maximal cliques of two arms or more (Bron and Kerbosch 1973), by rank."""
    neighbours = {
        arm: {other for pair in alike if arm in pair for other in pair if other != arm}
        for arm in arms
    }

    def grow(clique: set[str], candidates: set[str], tried: set[str]) -> Iterator[set[str]]:
        if not candidates and not tried:
            yield clique
            return
        pivot = max(candidates | tried, key=lambda arm: len(neighbours[arm] & candidates))
        for arm in [arm for arm in arms if arm in candidates - neighbours[pivot]]:
            near = neighbours[arm]
            yield from grow(clique | {arm}, candidates & near, tried & near)
            candidates, tried = candidates - {arm}, tried | {arm}

    found = [sorted(map(arms.index, clique)) for clique in grow(set(), set(arms), set())]
    yield from (tuple(arms[i] for i in clique) for clique in sorted(found) if len(clique) > 1)


def _remarks(tasks: int, pairs: int, alpha: float) -> Iterator[str]:
    if pairs * 2.0 ** (1 - tasks) >= alpha:  # all tasks agree: the smallest p-value there is
        needed = math.floor(1 + math.log2(pairs / alpha)) + 1
        yield (
            f"with {tasks} tasks and {pairs} pairs of arms no pair can be told apart at the level "
            f"{alpha:g}, however different they are: {needed} tasks or fewer arms are needed"
        )

"""Tests over tasks: Friedman's of all arms, Wilcoxon's of a pair, Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from tuner.analysis.steps import Floats
from tuner.errors import SpecError

__all__ = ["Friedman", "friedman_test", "holm", "ranks_by_task", "signed_rank_test"]


@dataclass(frozen=True)
class Friedman:
    """Whether k arms perform alike on n tasks.

    Attributes:
        chi2: Friedman's statistic, corrected for ties (Conover 1999, T1); without ties it is
            Demšar's chi-squared.
        f: Iman and Davenport's (1980) less conservative form of it,
            (n - 1) chi2 / (n (k - 1) - chi2); inf where all tasks agree on an order.
        df: Degrees of freedom of ``f``: k - 1 and (k - 1) (n - 1).
        p: Probability of such an ``f`` if arms perform alike; not below that of n tasks that agree
            on one order, 1 / k!^(n - 1), where the approximation fails.
    """

    chi2: float
    f: float
    df: tuple[int, int]
    p: float


def friedman_test(scores: pd.DataFrame) -> Friedman:
    """Return Friedman's test, with the correction of Iman and Davenport, for at least three arms.

    Args:
        scores: A row per task, a column per arm; lower is better.

    Raises:
        SpecError: There are fewer than two tasks or three arms, or a score is NaN.
    """
    n, k = scores.shape
    if n < 2 or k < 3:
        raise SpecError(f"Friedman's test takes two tasks and three arms, got {n} and {k}")
    ranks = ranks_by_task(scores)
    spread = np.square(ranks).sum() - n * k * (k + 1) ** 2 / 4  # 0 where all arms tie everywhere
    between = np.square(ranks.sum(axis=0) - n * (k + 1) / 2).sum()
    chi2 = float((k - 1) * between / spread) if spread > 0 else 0.0
    rest = n * (k - 1) - chi2
    f = (n - 1) * chi2 / rest if rest > 1e-9 * n * k else math.inf
    df = (k - 1, (k - 1) * (n - 1))
    p = max(float(stats.f.sf(f, *df)), math.factorial(k) ** (1.0 - n))
    return Friedman(chi2, f, df, p)


def signed_rank_test(differences: Sequence[float] | Floats) -> float:
    """Return the two-sided p-value of Wilcoxon's signed-rank test, exactly, ties included.

    Ranks of zero differences are split evenly between the signs, as Demšar (2006, section 3.1.3)
    recommends, and equal magnitudes share ranks. The distribution is that over all signs of the
    other differences with these very ranks, by dynamic programming over its sums, so that no
    normal approximation is needed.

    Args:
        differences: One per task, (n,).
    """
    values = np.asarray(differences, dtype=float)
    doubled = np.rint(2 * stats.rankdata(np.abs(values))).astype(int)  # mid-ranks, made whole
    signed = doubled[values != 0]
    total = int(signed.sum())
    chances = np.zeros(total + 1)
    chances[0] = 1.0
    for rank in signed:
        chances[rank:] = (chances[rank:] + chances[: total + 1 - rank]) / 2
        chances[:rank] /= 2
    positive = int(doubled[values > 0].sum())
    smaller = min(positive, total - positive)
    return min(1.0, 2 * float(chances[: smaller + 1].sum()))


def holm(p_values: Sequence[float] | Floats) -> Floats:
    """Return p-values adjusted for their number by Holm's (1979) step-down procedure."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    scaled = np.minimum(1.0, p[order] * np.arange(len(p), 0, -1))
    adjusted[order] = np.maximum.accumulate(scaled)
    return adjusted


def ranks_by_task(scores: pd.DataFrame) -> Floats:
    """Return the ranks of arms on each task, (tasks, arms), from 1, the best; ties share ranks.

    Args:
        scores: A row per task, a column per arm; lower is better.

    Raises:
        SpecError: There are no tasks or arms, or a score is NaN.
    """
    values = scores.to_numpy(float)
    if not values.size:
        raise SpecError("arms are ranked on at least one task, got none")
    if np.isnan(values).any():
        raise SpecError("arms are ranked by numbers on every task, got NaN")
    return np.asarray(stats.rankdata(values, axis=1))

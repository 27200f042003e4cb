"""The Pareto front: what no other beats in one objective without losing in another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["pareto_front"]

Costs = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def pareto_front(costs: Costs) -> npt.NDArray[np.intp]:
    """Return the positions of the non-dominated rows, by the first cost and then in their order.

    A row dominates another if it is nowhere higher and somewhere lower; equal rows both stay.

    Args:
        costs: A row per candidate, a column per objective, (n, m): lower is better. Rows with a
            value that is NaN or infinite are left out.
    """
    finite = np.flatnonzero(np.isfinite(costs).all(axis=1))
    candidates = costs[finite]
    stays = _pairs_front(candidates) if costs.shape[1] == 2 else _culled(candidates)
    front: npt.NDArray[np.intp] = finite[stays]
    return front[np.argsort(costs[front, 0], kind="stable")]


def _pairs_front(costs: Costs) -> Mask:
    """Return which rows of two columns are not dominated, in O(n log n)."""
    order = np.lexsort((costs[:, 1], costs[:, 0]))
    first, second = costs[order].T
    begins = np.searchsorted(first, first)  # where the rows with the same first cost begin
    lowest = np.concatenate(([np.inf], np.minimum.accumulate(second)))
    stays = np.empty(len(costs), dtype=np.bool_)
    # The lowest second cost among equals, and lower than that of every smaller first cost.
    stays[order] = (second == second[begins]) & (second < lowest[begins])
    return stays


def _culled(costs: Costs) -> Mask:
    """Return which rows are not dominated, in O(n times the size of the front)."""
    stays = np.ones(len(costs), dtype=np.bool_)
    for position, row in enumerate(costs):
        if stays[position]:
            others = costs[stays]
            stays[stays] = (others < row).any(axis=1) | (others == row).all(axis=1)
    return stays

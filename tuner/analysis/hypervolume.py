"""The volume that a set of trials dominates, as it grows (Zitzler and Thiele 1998)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["hypervolumes"]

Floats = npt.NDArray[np.float64]


def hypervolumes(
    costs: Floats, *, reference: Floats | None = None
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return after which trials the dominated volume grew, and what it was then.

    Args:
        costs: A row per trial in their order, a column per objective, (n, m): lower is better.
            Rows that are not finite count for nothing.
        reference: The volume lies between the trials and this point, (m,); those that are not
            better than it everywhere count for nothing. None for the worst finite costs.
    """
    finite = np.isfinite(costs).all(axis=1)
    if reference is None:
        known, reference = np.flatnonzero(finite), costs[finite].max(axis=0)
    else:
        known = np.flatnonzero(finite & (costs < reference).all(axis=1))
    front = np.empty((0, costs.shape[1]))
    places: list[int] = []
    volumes: list[float] = []
    for place in known:
        cost = costs[place]
        if len(front) and (front <= cost).all(axis=1).any():
            continue
        front = np.concatenate([front[~(cost <= front).all(axis=1)], cost[None]])
        places.append(int(place))
        volumes.append(_volume(front, reference))
    return np.array(places, dtype=np.intp), np.array(volumes)


def _volume(front: Floats, reference: Floats) -> float:
    """Return the volume between a front and a point that it dominates.

    Space is cut at each value of the last objective; between two cuts the volume is that of the
    trials below, in one dimension less ("hypervolume by slicing objectives", While et al. 2006).
    """
    if front.shape[1] == 1:
        return float(max(reference[0] - front.min(), 0.0))
    order = np.argsort(front[:, -1], kind="stable")
    cuts = np.append(front[order, -1], reference[-1])
    slices = (
        depth * _volume(front[order[: place + 1], :-1], reference[:-1])
        for place, depth in enumerate(np.diff(cuts))
        if depth > 0
    )
    return float(sum(slices))

"""Where a model expects to improve most. Pure.

Expected improvement (Mockus 1975; Jones et al. 1998) is compared by its logarithm, which tells
places apart also where it is too small for a float (Ament et al. 2023, Unexpected Improvements to
Expected Improvement, 2310.20708).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy.special import erfcx, log_ndtr

from tuner.searchers.gaussian_process import Array

__all__ = ["Score", "log_expected_improvement", "maximise"]

Score: TypeAlias = Callable[[Array], Array]
"""Scores points, (n, p) to (n,); higher is better."""

_ANYWHERE, _NEARBY = 400, 300
_WIDTHS = (0.02, 0.1, 0.3)  # of a step away from a good point
_STEPS = (0.1, 0.03, 0.01, 0.003)  # of the climb that follows
_CLIMBERS, _TRIES = 4, 20
_MOVED = 0.5  # the share of coordinates that a step changes
_HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Return log E[max(best - cost, 0)] of normally distributed costs.

    Args:
        mean: Of the costs, lower is better.
        deviation: Their standard deviations, above 0.
        best: The cost to improve on.
    """
    z = (best - mean) / deviation
    log_density = -0.5 * z * z - _HALF_LOG_TWO_PI
    # EI / deviation = density + z * probability; for z < 0 the two all but cancel, and their
    # ratio, the scaled complementary error function, is what can be told apart.
    ratio = np.sqrt(np.pi / 2) * erfcx(-np.minimum(z, 0.0) / np.sqrt(2))
    below = log_density + np.log(np.maximum(1 + np.minimum(z, 0.0) * ratio, 1e-12))
    above = np.logaddexp(log_density, np.log(np.maximum(z, 1e-300)) + log_ndtr(z))
    return np.asarray(np.log(deviation) + np.where(z < 0, below, above))


def maximise(score: Score, starts: Array, dimensions: int, rng: np.random.Generator) -> Array:
    """Return a point of the cube with a high score, (p,).

    Looks anywhere and around ``starts``, then climbs from the best of these by random steps that
    grow shorter: coordinates of choices and integers have no gradient.

    Args:
        score: To be maximised.
        starts: Points to look around, (k, p); may be empty.
        dimensions: Of the cube, p.
        rng: Draws the points.
    """
    points = rng.random((_ANYWHERE, dimensions))
    if len(starts):
        widths = rng.choice(_WIDTHS, (_NEARBY, 1))
        points = np.vstack(
            [points, _stepped(starts[rng.integers(len(starts), size=_NEARBY)], widths, rng)]
        )
    scores = score(points)
    for width in _STEPS:
        best = np.argsort(-scores, kind="stable")[:_CLIMBERS]
        steps = _stepped(np.repeat(points[best], _TRIES, axis=0), np.array([[width]]), rng)
        points, scores = np.vstack([points[best], steps]), np.append(scores[best], score(steps))
    found: Array = points[np.argmax(scores)]
    return found


def _stepped(points: Array, widths: Array, rng: np.random.Generator) -> Array:
    """Return points beside ``points``: some coordinates moved, at least one of each."""
    moved = rng.random(points.shape) < _MOVED
    moved[np.arange(len(points)), rng.integers(points.shape[1], size=len(points))] = True
    stepped = points + widths * rng.standard_normal(points.shape) * moved
    return np.clip(stepped, 0.0, 1.0)

"""Configurations drawn from a space without a searcher, to see what trials will be like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuner.randomness import PrivateRandomState
from tuner.searchers.screening import MOST_RANDOM_DRAWS
from tuner.searchers.variants import draw_variants
from tuner.space import Constraint, is_feasible

__all__ = ["draw_configs"]


def draw_configs(
    space: Mapping[str, Any], constraint: Constraint | None, number: int, seed: int
) -> list[dict[str, Any]]:
    """Return up to ``number`` feasible configurations, the same for the same seed.

    There are fewer where hardly any that is drawn is feasible. Of a grid, its first combinations
    are among them.

    Args:
        space: A valid space.
        constraint: Says which are feasible; None for all.
        number: How many.
        seed: Of the draws.
    """
    draw, stream = draw_variants(space), PrivateRandomState(seed)
    found: list[dict[str, Any]] = []
    for _ in range(MOST_RANDOM_DRAWS):
        found += [config for config in draw(stream) if is_feasible(constraint, config)]
        if len(found) >= number:
            break
    return found[:number]

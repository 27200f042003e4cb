"""Spaces resolved as Ray Tune resolves them, on a private random stream.

Ray's variant generator knows every kind of value: grids, domains, conditional choices, and
``tune.sample_from`` functions, with or without an argument, which may read other values and draw
from ``random`` and ``numpy.random``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ray.tune.search.sample import Domain
from ray.tune.search.variant_generator import generate_variants

from tuner.errors import SpecError
from tuner.randomness import PrivateRandomState
from tuner.searchers.draws import draw_from
from tuner.space import has_function, has_grid, is_conditional

__all__ = ["ATOMS", "draw_variants", "resolve_variants"]

ATOMS = (bool, int, float, str, type(None))
"""Values that nothing can change, so that nobody has to copy them."""


def draw_variants(
    space: Mapping[str, Any],
) -> Callable[[PrivateRandomState], list[dict[str, Any]]]:
    """Return what does to ``space``, time after time, what `resolve_variants` does once.

    A space without nesting, grids, functions and conditional choices is drawn from at a tenth of
    the cost, with the same draws.
    """
    flat = all(isinstance(value, (Domain, *ATOMS)) for value in space.values())
    if not flat or has_grid(space) or has_function(space) or is_conditional(space):
        return partial(resolve_variants, space)
    draws = {name: draw_from(value) for name, value in space.items() if isinstance(value, Domain)}

    def draw(stream: PrivateRandomState) -> list[dict[str, Any]]:
        config = dict(space)
        for name, draw_value in draws.items():
            config[name] = draw_value(stream.generator)
        return [config]

    return draw


def resolve_variants(space: Mapping[str, Any], stream: PrivateRandomState) -> list[dict[str, Any]]:
    """Return a configuration for every combination of the grids of ``space``; one without grids.

    Args:
        space: A valid space, or a configuration of which only functions are left to call.
        stream: Everything is drawn from it; the global generators are left as they were.

    Raises:
        SpecError: A function of the space fails.
    """
    if not has_function(space):
        drawn = generate_variants(dict(space), random_state=stream.generator)
        return [config for _, config in drawn]
    with stream.active():
        try:
            return [config for _, config in generate_variants(dict(space))]
        except ValueError as error:
            raise SpecError(
                f"the space cannot be drawn from: {error}; a tune.sample_from function takes "
                "no argument, or the config with the values that stand before it"
            ) from error

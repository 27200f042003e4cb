"""Values near a value: the steps of evolution, and what replaces a suggestion that cannot be.

Steps are taken in the unit interval of a parameter, hence on its own scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tuner.searchers.parameters import Draw, Gaussian, Number, Options, Parameter

__all__ = ["kept", "near", "neighbour"]


def neighbour(
    found: Parameter, value: float, spread: float, rng: np.random.Generator
) -> int | float:
    """Return another value of a parameter, as near as ``spread`` says.

    Args:
        found: The parameter.
        value: Where to start: a value, or the position of an option.
        spread: Standard deviation of the step, as a share of the parameter's range. A step that
            quantisation would undo goes to the next multiple. Of options each other one is
            equally near.
        rng: What to draw from.

    Returns:
        ``value`` itself only where there is no other.
    """
    if isinstance(found, Options):
        number = len(found.options)
        return (int(value) + 1 + int(rng.integers(max(1, number - 1)))) % number
    step = rng.normal(0.0, spread)
    moved = found.from_unit(_reflected(found.to_unit(value) + step))
    if moved != value or not found.quantum:
        return moved
    return _next_multiple(found, value, math.copysign(found.quantum, step))


def near(values: Mapping[str, int | float], spread: float, rng: np.random.Generator) -> Draw:
    """Return a draw of parameters around ``values``: numbers move, options do so now and then.

    Args:
        values: Parameters' values by path; one that is missing is drawn from its whole range.
        spread: As of `neighbour`; and the probability that an option is replaced by another.
        rng: What to draw from.
    """

    def draw(path: str, found: Parameter) -> int | float:
        if path not in values:
            return found.from_unit(rng.random())
        if isinstance(found, Options) and rng.random() >= spread:
            return values[path]
        return neighbour(found, values[path], spread, rng)

    return draw


def kept(values: Mapping[str, int | float], rng: np.random.Generator) -> Draw:
    """Return a draw of ``values`` by path; what is missing is drawn from its whole range."""

    def draw(path: str, found: Parameter) -> int | float:
        return values[path] if path in values else found.from_unit(rng.random())

    return draw


def _reflected(position: float) -> float:
    """Fold a position that may lie beyond the ends back into [0, 1]."""
    folded = abs(position) % 2.0
    return 2.0 - folded if folded > 1.0 else folded


def _next_multiple(found: Number | Gaussian, value: float, step: float) -> int | float:
    onward = found.snap(value + step)
    return onward if onward != value else found.snap(value - step)

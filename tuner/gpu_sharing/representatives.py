"""Which configurations stand for a space where the size of models matters.

Which hyperparameter makes a model large is not known. But models grow with their numbers, and
hardly ever shrink, so that the largest is where every number is at its upper end; and each option
that is no number, such as an architecture, may be the largest there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from tuner.searchers.parameters import Options, Parameter, compose, parameters
from tuner.searchers.sampling import draw_configs
from tuner.space import Constraint, has_function, has_grid, is_feasible

__all__ = ["representatives"]

_MOST = 8


def representatives(
    space: Mapping[str, Any], constraint: Constraint | None, *, seed: int = 0
) -> list[dict[str, Any]]:
    """Return up to eight feasible configurations: extremes, the largest first, and drawn ones.

    Args:
        space: A valid space. Of one with grids or functions, all are drawn.
        constraint: Says which are feasible; None for all.
        seed: Of the draws.
    """
    found: list[dict[str, Any]] = []
    corners = [] if has_grid(space) or has_function(space) else list(_corners(space))
    at_least = 3 if corners else _MOST
    for config in corners:
        is_new = config not in found and is_feasible(constraint, config)
        if is_new and len(found) < _MOST - at_least:
            found.append(config)
    drawn = draw_configs(space, constraint, at_least, seed)
    return [*found, *(config for config in drawn if config not in found)]


def _corners(space: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield all numbers at their upper ends, then with each option that is none, then at the lower.

    What lies in the branch of an option has its ends too.
    """
    yield compose(space, partial(_end, {}, 1.0))
    for path, found in parameters(space).items():
        if isinstance(found, Options) and not _is_numeric(found):
            for position in range(len(found.options) - 1):
                yield compose(space, partial(_end, {path: position}, 1.0))
    yield compose(space, partial(_end, {}, 0.0))


def _end(chosen: Mapping[str, int], end: float, path: str, found: Parameter) -> int | float:
    """Return the value of a parameter at its lower (0) or upper (1) end, unless it is chosen."""
    if path in chosen:
        return chosen[path]
    if isinstance(found, Options) and _is_numeric(found):
        order = sorted(range(len(found.options)), key=found.options.__getitem__)
        return order[-1 if end else 0]
    return found.from_unit(end)


def _is_numeric(found: Options) -> bool:
    numbers = [each for each in found.options if isinstance(each, int | float)]
    return len(numbers) == len(found.options) and not any(isinstance(n, bool) for n in numbers)

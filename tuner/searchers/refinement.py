"""Grids that close in: each lies in the cells of the one before, around the best configuration."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ray.tune.search.sample import Categorical, Domain

from tuner.searchers.grids import Grid, Product, Values, spread
from tuner.searchers.parameters import Number, Options, parameter
from tuner.space.leaves import branches
from tuner.space.paths import SEPARATOR, is_grid

__all__ = ["Refinement"]


class Refinement:
    """Places a grid around a configuration, where coarser grids have left room.

    It knows the coordinates of all grids so far, per number. A number gets ``points`` new values
    between the coordinates below and above its present one, evenly spread on its own scale; an
    end of the range stays one of the values. Choices stay as they are.

    Args:
        space: A space that has a grid.
        points: Values per number.
    """

    def __init__(self, space: Mapping[str, Any], points: int) -> None:
        self._space = space
        self._points = points
        self._coordinates: dict[str, tuple[int | float, ...]] = {}

    def around(self, config: Mapping[str, Any]) -> Grid:
        """Return the next grid, around a configuration of the space."""
        return self._group(self._space, config, "")

    def _group(self, space: Mapping[str, Any], config: Mapping[str, Any], prefix: str) -> Grid:
        return Product(
            {
                key: self._around(value, config[key], f"{prefix}{key}")
                for key, value in space.items()
            }
        )

    def _around(self, declared: Any, value: Any, path: str) -> Grid:
        if is_grid(declared):
            declared = Categorical(declared["grid_search"])
        if isinstance(declared, Mapping):
            return self._group(declared, value, f"{path}{SEPARATOR}")
        if not isinstance(declared, Domain):
            return Values((declared,))
        found = parameter(declared)
        if isinstance(found, Number):
            return Values(self._closer(found, value, path))
        if not isinstance(found, Options):
            raise TypeError(f"{path} has no grid: {found!r}")
        position = found.position_of(value)
        option = found.options[position]
        if position in branches(declared):
            return self._group(option, value, f"{path}[{position}]{SEPARATOR}")
        return Values((option,))

    def _closer(self, number: Number, value: float, path: str) -> tuple[int | float, ...]:
        """Return values of ``number`` around ``value``, which become coordinates."""
        known = self._coordinates.get(path) or spread(number, self._points)
        below, above = known[: bisect_left(known, value)], known[bisect_right(known, value) :]
        cell = replace(
            number, lower=below[-1] if below else value, upper=above[0] if above else value
        )
        ends = bool(below) + bool(above)  # known coordinates, which bound the cell
        values = spread(cell, self._points + ends)[bool(below) : -1 if above else None]
        values = values or (number.snap(value),)
        self._coordinates[path] = tuple(sorted({*known, *values, number.snap(value)}))
        return values

"""Configurations as points of a cube, and as inputs of a kernel. Pure.

A point has a coordinate in [0, 1] per parameter of the space, whether a configuration has it or
not. Its *inputs* are what a kernel compares: a number's coordinate, and for a choice a 0 or 1 per
option (one in all, where there are two). What hangs on an option that is not chosen is 1/2 or 0,
so that configurations of the same branch are compared by what they have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tuner.searchers.gaussian_process import Array
from tuner.searchers.parameters import Options, conditions, draw_active, parameters

__all__ = ["Encoding"]


class Encoding:
    """Turns the parameters of a space into points and inputs, and points into parameters.

    Args:
        space: The space.

    Attributes:
        dimensions: How many coordinates a point has, p.
    """

    def __init__(self, space: Mapping[str, Any]) -> None:
        self._parameters = parameters(space)
        self._conditions = conditions(space)
        self._columns = {path: column for column, path in enumerate(self._parameters)}
        self.dimensions = len(self._columns)

    def points(self, configurations: Sequence[Mapping[str, int | float]]) -> Array:
        """Return the points of parameters by path, (n, p); 1/2 for a parameter that is missing."""
        points = np.full((len(configurations), self.dimensions), 0.5)
        for row, values in zip(points, configurations, strict=True):
            for path, value in values.items():
                found = self._parameters[path]
                row[self._columns[path]] = (
                    (value + 0.5) / len(found.options)
                    if isinstance(found, Options)
                    else found.to_unit(value)
                )
        return points

    def values(self, point: Array) -> dict[str, int | float]:
        """Return the parameters of a point, by path: those that its configuration has."""
        return draw_active(
            self._parameters,
            self._conditions,
            lambda path, found: found.from_unit(float(point[self._columns[path]])),
        )

    def inputs(self, points: Array) -> Array:
        """Return the inputs of points, (n, d)."""
        chosen = {
            path: np.minimum((points[:, self._columns[path]] * len(found.options)).astype(int),
                             len(found.options) - 1)
            for path, found in self._parameters.items()
            if isinstance(found, Options)
        }  # fmt: skip
        active: dict[str, np.ndarray[Any, np.dtype[np.bool_]]] = {}
        inputs: list[Array] = []
        for path, found in self._parameters.items():
            there = np.ones(len(points), dtype=bool)
            if path in self._conditions:
                parent, position = self._conditions[path]
                there = active[parent] & (chosen[parent] == position)
            active[path] = there
            if isinstance(found, Options):
                first = 1 if len(found.options) == 2 else 0
                inputs.extend(
                    np.where(there & (chosen[path] == option), 1.0, 0.0)
                    for option in range(first, len(found.options))
                )
            else:
                inputs.append(np.where(there, points[:, self._columns[path]], 0.5))
        return np.stack(inputs, axis=1)

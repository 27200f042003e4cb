"""Grids as sequences: a combination is computed from its index, so none is held in memory.

A grid is in mixed radix, with the last name of the space fastest.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from ray.tune.search.sample import Categorical, Domain, Function

from tuner.errors import SpecError
from tuner.searchers.parameters import Gaussian, Number, Options, parameter
from tuner.space.paths import SEPARATOR, is_grid

__all__ = ["Grid", "Permutation", "Product", "Values", "grid_of", "spread"]


class Grid(Protocol):
    """A part of the space as a sequence: ``size`` values, computed when asked for."""

    @property
    def size(self) -> int:
        """How many values there are."""

    def at(self, index: int) -> Any:
        """Return the value of an index from 0 to ``size`` - 1."""


@dataclass(frozen=True)
class Values:
    """A number, an option or a constant: its values one after the other."""

    values: tuple[Any, ...]

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.values)

    def at(self, index: int) -> Any:
        """Return the value of an index."""
        return self.values[index]


@dataclass(frozen=True)
class Product:
    """A dict: every combination of its values, the last one fastest."""

    children: Mapping[str, Grid]

    @cached_property
    def size(self) -> int:
        """How many combinations there are."""
        return math.prod(child.size for child in self.children.values())

    def at(self, index: int) -> dict[str, Any]:
        """Return the combination of an index."""
        config: dict[str, Any] = dict.fromkeys(self.children)
        for key in reversed(config):
            index, digit = divmod(index, self.children[key].size)
            config[key] = self.children[key].at(digit)
        return config


@dataclass(frozen=True)
class _Union:
    """A choice: the values of its options, one option after the other."""

    options: tuple[Grid, ...]

    @cached_property
    def size(self) -> int:
        return sum(option.size for option in self.options)

    def at(self, index: int) -> Any:
        for option in self.options:
            if index < option.size:
                return option.at(index)
            index -= option.size
        raise IndexError(index)


class Permutation:
    """The indices 0 .. size-1, in order or shuffled (Fisher-Yates that keeps only the swaps).

    Args:
        size: How many there are.
        seed: Shuffles them; None for in order.
    """

    def __init__(self, size: int, seed: int | None) -> None:
        self._size = size
        self._next = 0
        self._rng = None if seed is None else random.Random(seed)
        self._swapped: dict[int, int] = {}

    def __iter__(self) -> Permutation:
        return self

    def __next__(self) -> int:
        if self._next >= self._size:
            raise StopIteration
        here = self._next
        self._next += 1
        if self._rng is None:
            return here
        there = self._rng.randrange(here, self._size)
        moved = self._swapped.pop(here, here)
        if there == here:
            return moved
        index = self._swapped.get(there, there)
        self._swapped[there] = moved
        return index


def grid_of(value: Any, points: int, path: str) -> Grid:
    """Return the grid of a part of the space.

    Args:
        value: A space, or a value in one.
        points: Values per number, where there are more.
        path: Where ``value`` stands in the space, for messages.

    Raises:
        SpecError: A domain has no ends: it is normally distributed, or a function.
    """
    if is_grid(value):
        value = Categorical(value["grid_search"])
    if isinstance(value, Mapping):
        prefix = f"{path}{SEPARATOR}" if path else ""
        return Product({k: grid_of(child, points, f"{prefix}{k}") for k, child in value.items()})
    if not isinstance(value, Domain):
        return Values((value,))
    if isinstance(value, Function):
        raise _no_ends(path, "drawn by a tune.sample_from function")
    values = parameter(value)
    if isinstance(values, Options):
        return _Union(
            tuple(grid_of(o, points, f"{path}[{i}]") for i, o in enumerate(values.options))
        )
    if isinstance(values, Gaussian):
        raise _no_ends(path, "normally distributed")
    return Values(spread(values, points))


def _no_ends(path: str, what: str) -> SpecError:
    return SpecError(
        f"a grid needs values or bounds, but {path!r} is {what}: use the searcher 'random', or "
        "replace it by a bounded domain or tune.choice"
    )


def spread(number: Number, points: int) -> tuple[int | float, ...]:
    """Return up to ``points`` values over the range of ``number``, ascending and distinct."""
    first, last = number.indices
    if number.integer and last - first < points:
        return tuple(number.snap(index * (number.quantum or 1)) for index in range(first, last + 1))
    spaced = np.geomspace if number.log else np.linspace
    values = spaced(number.lower, number.upper, points).tolist()
    return tuple(sorted({number.snap(value) for value in values}))

"""Grid search: every domain becomes a few points, and every combination is tried once.

The grid is never held in memory: a combination is computed from its index, in mixed radix with
the last name of the space fastest.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from ray.tune.search import Searcher
from ray.tune.search.sample import Categorical, Domain, Function

from tuner.arms import JSON
from tuner.errors import SpecError
from tuner.searchers.base import SearchTask, SpaceSearcher, Suggestion
from tuner.searchers.keywords import check_bounds
from tuner.searchers.parameters import Gaussian, Number, Options, parameter
from tuner.space.paths import SEPARATOR, is_grid

__all__ = ["GridSearcher"]

_DEFAULT_POINTS = 5


class GridSearcher(SpaceSearcher):
    """Tries the whole grid once, after the points to evaluate.

    Choices and grids give their values; integers all values, or ``points`` of them where there
    are more; reals ``points`` values. Those are spread evenly over the domain, on a log scale
    where the domain is logarithmic. The branches of a conditional choice are enumerated one
    after the other.

    Args:
        task: What to search.
        points: Values per number.
        shuffle: Try the combinations in a random order (by the task's seed).
    """

    name = "grid"

    def __init__(
        self, task: SearchTask, *, points: int = _DEFAULT_POINTS, shuffle: bool = False
    ) -> None:
        super().__init__(task)
        self._grid = _grid(task.space, points, "")
        self._points = deque(task.points)
        self._order = _Permutation(self._grid.size, task.seed if shuffle else None)

    @classmethod
    def check_options(cls, options: Mapping[str, JSON]) -> None:
        """Check the keywords; raises SpecError."""
        super().check_options(options)
        check_bounds(cls.name, options, {"points": (2, math.inf)})  # a number has two ends

    @classmethod
    def check_space(cls, space: Mapping[str, Any], options: Mapping[str, JSON]) -> None:
        """Refuse domains that have no ends: normal numbers and functions."""
        _grid(space, _DEFAULT_POINTS, "")

    @classmethod
    def default_num_samples(cls, space: Mapping[str, Any]) -> int | None:
        """Return None: the whole grid, once."""
        return None

    @classmethod
    def total_trials(
        cls, space: Mapping[str, Any], options: Mapping[str, JSON], num_samples: int | None
    ) -> int | None:
        """Return the combinations of the grid, or ``num_samples`` where that is less."""
        points = options.get("points", _DEFAULT_POINTS)
        size = _grid(space, points if isinstance(points, int) else _DEFAULT_POINTS, "").size
        return size if num_samples is None else min(size, num_samples)

    def _next_suggestion(self, trial_id: str) -> Suggestion:
        if self._points:
            return deepcopy(dict(self._points.popleft()))
        for index in self._order:
            config: dict[str, Any] = deepcopy(self._grid.at(index))
            if config not in self.task.points:
                return config
        return Searcher.FINISHED


class _Node(Protocol):
    """A part of the space as a sequence: ``size`` values, computed when asked for."""

    @property
    def size(self) -> int: ...

    def at(self, index: int) -> Any: ...


@dataclass(frozen=True)
class _Values:
    values: tuple[Any, ...]

    @property
    def size(self) -> int:
        return len(self.values)

    def at(self, index: int) -> Any:
        return self.values[index]


@dataclass(frozen=True)
class _Product:
    """A dict: every combination of its values, the last one fastest."""

    children: Mapping[str, _Node]

    @cached_property
    def size(self) -> int:
        return math.prod(child.size for child in self.children.values())

    def at(self, index: int) -> dict[str, Any]:
        config: dict[str, Any] = dict.fromkeys(self.children)
        for key in reversed(config):
            index, digit = divmod(index, self.children[key].size)
            config[key] = self.children[key].at(digit)
        return config


@dataclass(frozen=True)
class _Union:
    """A choice: the values of its options, one option after the other."""

    options: tuple[_Node, ...]

    @cached_property
    def size(self) -> int:
        return sum(option.size for option in self.options)

    def at(self, index: int) -> Any:
        for option in self.options:
            if index < option.size:
                return option.at(index)
            index -= option.size
        raise IndexError(index)


class _Permutation:
    """The indices 0 .. size-1, in order or shuffled (Fisher-Yates that keeps only the swaps)."""

    def __init__(self, size: int, seed: int | None) -> None:
        self._size = size
        self._next = 0
        self._rng = None if seed is None else random.Random(seed)
        self._swapped: dict[int, int] = {}

    def __iter__(self) -> _Permutation:
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


def _grid(value: Any, points: int, path: str) -> _Node:
    """Return the grid of a part of the space; raises SpecError where there is none."""
    if is_grid(value):
        value = Categorical(value["grid_search"])
    if isinstance(value, Mapping):
        prefix = f"{path}{SEPARATOR}" if path else ""
        return _Product({k: _grid(child, points, f"{prefix}{k}") for k, child in value.items()})
    if not isinstance(value, Domain):
        return _Values((value,))
    if isinstance(value, Function):
        raise _no_ends(path, "drawn by a tune.sample_from function")
    values = parameter(value)
    if isinstance(values, Options):
        return _Union(tuple(_grid(o, points, f"{path}[{i}]") for i, o in enumerate(values.options)))
    if isinstance(values, Gaussian):
        raise _no_ends(path, "normally distributed")
    return _Values(_spread(values, points))


def _no_ends(path: str, what: str) -> SpecError:
    return SpecError(
        f"a grid needs values or bounds, but {path!r} is {what}: use the searcher 'random', or "
        "replace it by a bounded domain or tune.choice"
    )


def _spread(number: Number, points: int) -> tuple[int | float, ...]:
    """Return up to ``points`` values over the range of ``number``, ascending and distinct."""
    first, last = number.indices
    if number.integer and last - first < points:
        return tuple(number.snap(index * (number.quantum or 1)) for index in range(first, last + 1))
    spaced = np.geomspace if number.log else np.linspace
    values = spaced(number.lower, number.upper, points).tolist()
    return tuple(sorted({number.snap(value) for value in values}))

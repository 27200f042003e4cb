"""PBT's exploring: small moves of a configuration's hyperparameters that stay in their space. Pure.

Ray's PBT multiplies a value by 0.8 or 1.2 whatever its domain: it leaves the bounds
(ray-project/ray #5035), keeps an integer 1 for ever, and turns ``tune.choice([16, 32])`` into 19.
Here each kind of domain moves in its own way; see `moved`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ray.tune.search.sample import Categorical, Domain, Function

from tuner.searchers.parameters import Gaussian, Number, Options, Parameter, compose, parameter
from tuner.space import Constraint, is_feasible
from tuner.space.leaves import branches
from tuner.space.paths import SEPARATOR, is_grid

__all__ = ["Explorer", "moved"]

_MOST_DRAWS = 100


@dataclass(frozen=True, kw_only=True)
class Explorer:
    """Draws neighbours of configurations.

    Attributes:
        space: Nested names to ``ray.tune`` domains, grids and constants.
        mutable: Paths of the domains that may move, as `tuner.space.domains` names them; None
            for all. A choice between branches never moves, only what its active branch holds.
        resample_probability: How often a value is drawn anew from its domain.
        factors: A number is multiplied by one of them otherwise, each > 0.
        constraint: What a configuration has to satisfy; None for nothing.
    """

    space: Mapping[str, Any]
    mutable: Collection[str] | None = None
    resample_probability: float = 0.25
    factors: Sequence[float] = (1.2, 0.8)
    constraint: Constraint | None = None

    def explore(self, config: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        """Return a neighbour of ``config``; ``config`` itself where none in 100 is feasible."""
        for _ in range(_MOST_DRAWS):
            neighbour = self._group(self.space, config, "", rng)
            if is_feasible(self.constraint, neighbour):
                return neighbour
        return dict(config)

    def fill(self, config: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        """Return ``config`` with what it lacks of the space, at its top level, drawn."""
        missing = {key: value for key, value in self.space.items() if key not in config}
        return {**config, **compose(missing, lambda _, found: found.from_unit(rng.random()))}

    def _group(
        self, space: Mapping[str, Any], config: Mapping[str, Any], prefix: str, rng: Any
    ) -> dict[str, Any]:
        own = {
            key: self._value(declared, config[key], f"{prefix}{key}", rng)
            for key, declared in space.items()
            if key in config
        }
        return {key: own.get(key, value) for key, value in config.items()}

    def _value(self, declared: Any, value: Any, path: str, rng: Any) -> Any:
        domain = Categorical(declared["grid_search"]) if is_grid(declared) else declared
        if isinstance(domain, Mapping) and isinstance(value, Mapping):
            return self._group(domain, value, f"{path}{SEPARATOR}", rng)
        if not isinstance(domain, Domain) or isinstance(domain, Function):
            return value
        found, inner = parameter(domain), branches(domain)
        if inner and isinstance(found, Options):
            position = found.position_of(value)
            if position not in inner:
                return value
            return self._group(inner[position], value, f"{path}[{position}]{SEPARATOR}", rng)
        if is_grid(declared) or (self.mutable is not None and path not in self.mutable):
            return value
        return self._move(found, value, rng)

    def _move(self, found: Parameter, value: Any, rng: Any) -> Any:
        anew, position = rng.random() < self.resample_probability, rng.random()
        factor = self.factors[rng.integers(len(self.factors))]
        if not isinstance(found, Options):
            return found.from_unit(position) if anew else moved(found, value, factor)
        order = _in_order(found)
        if anew:
            return found.options[found.from_unit(position)]
        if order is None or value not in order or factor == 1:
            return value
        place = order.index(value) + (1 if factor > 1 else -1)
        return order[min(max(place, 0), len(order) - 1)]


def moved(found: Number | Gaussian, value: float, factor: float) -> int | float:
    """Return ``value`` moved by ``factor``, inside its domain and of its type.

    A value is multiplied, which is a step of constant length on a log scale. Where zero is no
    end of the scale (a domain on both sides of it, a normal one, or a value that is zero) it moves
    by the share ``factor - 1`` of the domain's width, or of its standard deviation. A value with
    a quantum, integers included, moves by one at least. At a bound it stays.

    Args:
        found: The domain.
        value: Lies in it.
        factor: > 0; above 1 away from zero, or upwards.
    """
    if isinstance(found, Gaussian):
        target = value + (factor - 1) * found.sd
    elif value == 0 or found.lower < 0 < found.upper:
        target = value + (factor - 1) * (found.upper - found.lower)
    else:
        target = value * factor
    result = found.snap(target)
    if found.quantum and factor != 1 and result == found.snap(value):
        result = found.snap(value + (found.quantum if target > value else -found.quantum))
    return result


def _in_order(found: Options) -> list[Any] | None:
    """Return options that are all numbers in ascending order; None for other options."""
    numbers = all(isinstance(o, int | float) and not isinstance(o, bool) for o in found.options)
    return sorted(found.options) if numbers else None

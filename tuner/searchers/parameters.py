"""A space as independent parameters, and configurations put together from their values.

The search libraries know numbers and categories, each in their own terms and with their own
gaps. A *parameter* is what they have in common: a number between two inclusive bounds, on a
linear or log scale, possibly a multiple of a quantum; a normal number; or the position among
options. `parameters` gives those of a space by path, `compose` turns their values into a
configuration with exactly the declared types, and `decompose` is its reverse. A
``tune.sample_from`` is no parameter: its value follows from the others, or from chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, TypeAlias

from ray.tune.search.sample import (
    Categorical,
    Domain,
    Float,
    Function,
    Integer,
    LogUniform,
    Normal,
    Quantized,
)

from tuner.space import contains
from tuner.space.leaves import branches
from tuner.space.paths import SEPARATOR, is_grid

__all__ = [
    "Condition",
    "Draw",
    "Gaussian",
    "Number",
    "Options",
    "Parameter",
    "compose",
    "conditions",
    "decompose",
    "draw_active",
    "parameter",
    "parameters",
]

_OPEN_UNIT = 1e-12  # keeps a quantile away from the infinite ends


@dataclass(frozen=True)
class Number:
    """A bounded number.

    Attributes:
        lower: Smallest value, a multiple of the quantum where there is one.
        upper: Largest value, inclusive.
        log: Whether the scale is logarithmic.
        quantum: Values are multiples of it; 1 for plain integers, None for reals.
        integer: Whether values are ``int``.
    """

    lower: float
    upper: float
    log: bool
    quantum: float | None
    integer: bool

    @property
    def edges(self) -> tuple[float, float]:
        """The bounds, half a quantum wider: an end gets as much room as any other multiple."""
        half = (self.quantum or 0.0) / 2
        return self.lower - half, self.upper + half

    @property
    def indices(self) -> tuple[int, int]:
        """The first and the last multiple of the quantum, as indices: value = index * quantum."""
        quantum = self.quantum or 1.0
        return round(self.lower / quantum), round(self.upper / quantum)

    def snap(self, value: float) -> int | float:
        """Return the nearest value of this parameter, with its type."""
        value = min(max(_round_to(value, self.quantum), self.lower), self.upper)
        return round(value) if self.integer else float(value)

    def from_unit(self, position: float) -> int | float:
        """Map a position in [0, 1] to a value; uniform positions give the declared prior."""
        low, high = map(self._scale, self.edges)
        place = low + position * (high - low)
        return self.snap(math.exp(place) if self.log else place)

    def to_unit(self, value: float) -> float:
        """Map a value to its position in [0, 1]."""
        low, high = map(self._scale, self.edges)
        return (self._scale(value) - low) / (high - low)

    def _scale(self, value: float) -> float:
        return math.log(value) if self.log else value


@dataclass(frozen=True)
class Gaussian:
    """A normally distributed number with mean, standard deviation and, maybe, a quantum."""

    mean: float
    sd: float
    quantum: float | None

    def snap(self, value: float) -> float:
        """Return the nearest multiple of the quantum."""
        return float(_round_to(value, self.quantum))

    def from_unit(self, position: float) -> float:
        """Map a position in [0, 1] to the quantile there."""
        inside = min(max(position, _OPEN_UNIT), 1 - _OPEN_UNIT)
        return self.snap(NormalDist(self.mean, self.sd).inv_cdf(inside))

    def to_unit(self, value: float) -> float:
        """Map a value to the probability of a smaller one."""
        return NormalDist(self.mean, self.sd).cdf(value)


@dataclass(frozen=True)
class Options:
    """A choice; its value is the position of the chosen option, so any option comes back as is."""

    options: tuple[Any, ...]

    def snap(self, value: float) -> int:
        """Return a position as an ``int``."""
        return int(value)

    def from_unit(self, position: float) -> int:
        """Map a position in [0, 1] to an option; each has an equal share of the interval."""
        return min(int(position * len(self.options)), len(self.options) - 1)

    def position_of(self, value: Any) -> int:
        """Return the position of the first option that ``value`` is, or lies in."""
        return next(
            position
            for position, option in enumerate(self.options)
            if not contains({"option": option}, {"option": value})
        )


Parameter: TypeAlias = Number | Gaussian | Options
Condition: TypeAlias = tuple[str, int]
Draw: TypeAlias = Callable[[str, Parameter], int | float]


def parameter(domain: Domain) -> Parameter:
    """Return ``domain`` (anything but a ``sample_from``) in the common terms."""
    if isinstance(domain, Categorical):
        return Options(tuple(domain.categories))
    sampler, quantum = domain.get_sampler(), None
    if isinstance(sampler, Quantized):
        sampler, quantum = sampler.get_sampler(), sampler.q
    if isinstance(sampler, Normal):
        return Gaussian(sampler.mean, sampler.sd, quantum)
    if not isinstance(domain, Float | Integer):
        raise TypeError(f"{type(domain).__name__} is no parameter: {domain!r}")
    integer = isinstance(domain, Integer)
    lower, upper = domain.lower, domain.upper
    if integer:
        quantum = quantum or 1
        upper -= quantum == 1  # Ray's upper bound is exclusive, unless q is more than 1
    if quantum:
        lower, upper = _multiple(lower, quantum, math.ceil), _multiple(upper, quantum, math.floor)
    return Number(lower, upper, isinstance(sampler, LogUniform), quantum, integer)


def parameters(space: Mapping[str, Any]) -> dict[str, Parameter]:
    """Return what there is to search, by path: no functions, and no choices of one option."""
    return {path: found for path, found, _ in _walk(space, "", None)}


def conditions(space: Mapping[str, Any]) -> dict[str, Condition]:
    """Return, for every parameter inside a branch, the choice and the position it depends on."""
    return {path: condition for path, _, condition in _walk(space, "", None) if condition}


def draw_active(
    found: Mapping[str, Parameter], when: Mapping[str, Condition], draw: Draw
) -> dict[str, int | float]:
    """Return drawn values of the parameters that a configuration has, by path.

    Args:
        found: As `parameters` returns them: a choice stands before what its branches hold.
        when: As `conditions` returns them.
        draw: Gives the value of a number, or the position of an option; asked in that order.
    """
    values: dict[str, int | float] = {}
    for path, candidate in found.items():
        if path not in when or values.get(when[path][0]) == when[path][1]:
            values[path] = draw(path, candidate)
    return values


def compose(space: Mapping[str, Any], draw: Draw) -> dict[str, Any]:
    """Build a configuration, asking ``draw`` for each parameter in the order of the space.

    Only parameters of the chosen branches are asked for, so ``draw`` may define them by run.

    Args:
        space: A space without grids.
        draw: Gives the value of a number, or the position of an option.

    Returns:
        A configuration nested as the space is, constants included, which shares no mutable
        value with the space. A ``tune.sample_from`` is still itself.
    """
    return _compose(space, draw, "")


def decompose(space: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, int | float]:
    """Return the parameters' values from which `compose` builds ``config``, by path.

    Args:
        space: A space; a grid counts as a choice.
        config: A configuration that lies in it.
    """
    return _decompose(space, config, "")


def _walk(
    space: Mapping[str, Any], prefix: str, condition: Condition | None
) -> Iterator[tuple[str, Parameter, Condition | None]]:
    for key, value in space.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _walk(value, f"{path}{SEPARATOR}", condition)
        elif isinstance(value, Domain) and not isinstance(value, Function):
            found = parameter(value)
            forced = _is_forced(found)
            if not forced:
                yield path, found, condition
            for position, branch in branches(value).items():
                inner = condition if forced else (path, position)
                yield from _walk(branch, f"{path}[{position}]{SEPARATOR}", inner)


def _compose(space: Mapping[str, Any], draw: Draw, prefix: str) -> dict[str, Any]:
    return {key: _resolve(value, draw, f"{prefix}{key}") for key, value in space.items()}


def _resolve(value: Any, draw: Draw, path: str) -> Any:
    if isinstance(value, Mapping):
        return _compose(value, draw, f"{path}{SEPARATOR}")
    if isinstance(value, Function):
        return value
    if not isinstance(value, Domain):
        return deepcopy(value)
    chosen = parameter(value)
    if not isinstance(chosen, Options):
        return chosen.snap(draw(path, chosen))
    position = 0 if _is_forced(chosen) else int(draw(path, chosen))
    if position in branches(value):
        return _compose(chosen.options[position], draw, f"{path}[{position}]{SEPARATOR}")
    return deepcopy(chosen.options[position])


def _decompose(
    space: Mapping[str, Any], config: Mapping[str, Any], prefix: str
) -> dict[str, int | float]:
    values: dict[str, int | float] = {}
    for key, declared in space.items():
        path = f"{prefix}{key}"
        domain = Categorical(declared["grid_search"]) if is_grid(declared) else declared
        if isinstance(domain, Mapping):
            values |= _decompose(domain, config[key], f"{path}{SEPARATOR}")
        elif isinstance(domain, Domain) and not isinstance(domain, Function):
            chosen = parameter(domain)
            if not isinstance(chosen, Options):
                values[path] = chosen.snap(config[key])
                continue
            position = chosen.position_of(config[key])
            if not _is_forced(chosen):
                values[path] = position
            if position in branches(domain):
                branch = f"{path}[{position}]{SEPARATOR}"
                values |= _decompose(chosen.options[position], config[key], branch)
    return values


def _is_forced(candidate: Parameter) -> bool:
    return isinstance(candidate, Options) and len(candidate.options) == 1


def _round_to(value: float, quantum: float | None) -> float:
    return round(value / quantum) * quantum if quantum else value


def _multiple(bound: float, quantum: float, rounding: Callable[[float], int]) -> float:
    """Round ``bound`` inwards to a multiple of ``quantum``, unless it already is nearly one."""
    scaled = bound / quantum
    near = round(scaled)
    return (near if math.isclose(scaled, near, rel_tol=1e-9) else rounding(scaled)) * quantum

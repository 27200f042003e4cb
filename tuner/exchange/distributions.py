"""A space and the values drawn from it, as the parameters of an Optuna study.

Optuna's parameters are flat, each with one distribution in all trials, and a trial holds only
those that it drew. So every leaf of the space is a parameter by its path (``model/lr``), whichever
branch of a conditional choice it lies in; what is constant is none. Where Optuna has no such
distribution (normal numbers, functions, steps on a log scale), or a value lies outside (a
population's trials may leave the space), the parameter's range is that of the values as well.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from ray.tune.search.sample import Categorical, Domain, Float, Integer

from tuner.searchers.parameters import Number, parameter
from tuner.space import flatten
from tuner.space.paths import SEPARATOR, is_grid
from tuner.store.values import to_json

__all__ = ["StudyParameter", "study_parameters"]

_MOST_STEPS = 10**9  # Optuna's decimals have 28 digits, and beyond them it raises


@dataclass(frozen=True)
class StudyParameter:
    """A parameter of a study.

    Attributes:
        distribution: Where its values come from.
        textual: Whether its options are the JSON text of those of the space.
    """

    distribution: BaseDistribution
    textual: bool = False

    def encode(self, value: Any) -> Any:
        """Return the value of a config as Optuna holds it."""
        if isinstance(self.distribution, CategoricalDistribution):
            return _option(value, self.textual)
        if isinstance(self.distribution, IntDistribution):
            return int(value)
        has_step = isinstance(self.distribution, FloatDistribution) and self.distribution.step
        return _rounded(value) if has_step else float(value)


def study_parameters(
    space: Mapping[str, Any], configs: Iterable[Mapping[str, Any]]
) -> dict[str, StudyParameter]:
    """Return the parameters of a study by path, in the order of the space.

    Args:
        space: The search space; an empty one where it is unknown.
        configs: The nested configs of all trials.
    """
    seen: dict[str, dict[str, Any]] = {}
    for config in configs:
        for path, value in flatten(config).items():
            seen.setdefault(path, {})[to_json(value)] = value
    leaves: dict[str, list[Any]] = {}
    for path, leaf in _leaves(space, ""):
        leaves.setdefault(path, []).append(leaf)
    found = {
        path: _study_parameter(leaves.get(path, []), list(seen.get(path, {}).values()))
        for path in [*leaves, *(path for path in seen if path not in leaves)]
    }
    return {path: item for path, item in found.items() if item is not None}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield what may stand at each path: domains, and constants or options of choices."""
    if is_grid(value):
        value = Categorical(value["grid_search"])
    if isinstance(value, Categorical):
        for option in value.categories:
            yield from _leaves(option, path)
    elif isinstance(value, Mapping) and (value or not path):
        for key, item in value.items():
            yield from _leaves(item, f"{path}{SEPARATOR}{key}" if path else key)
    else:
        yield path, value


def _study_parameter(leaves: Sequence[Any], seen: Sequence[Any]) -> StudyParameter | None:
    """Return one parameter; None for what never varies.

    Args:
        leaves: What the space has at its path.
        seen: The distinct values that trials had there.
    """
    domains = [leaf for leaf in leaves if isinstance(leaf, Domain)]
    constants = [leaf for leaf in leaves if not isinstance(leaf, Domain)]
    if domains and all(isinstance(leaf, Float | Integer) for leaf in leaves) and _numeric(seen):
        return _numbers(domains, seen)
    distinct = list({to_json(value): value for value in [*constants, *seen]}.values())
    if len(distinct) < 2:
        return None
    return _numbers([], distinct) if not constants and _numeric(distinct) else _options(distinct)


def _numeric(values: Sequence[Any]) -> bool:
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        for value in values
    )


def _numbers(domains: Sequence[Domain], seen: Sequence[float]) -> StudyParameter | None:
    """Return the narrowest distribution that holds what ``domains`` hold, and the values."""
    bounded = [found for found in map(parameter, domains) if isinstance(found, Number)]
    low = min([*(number.lower for number in bounded), *seen], default=None)
    high = max([*(number.upper for number in bounded), *seen], default=None)
    if low is None or high is None:
        return None  # a normal number that no trial drew
    log = bool(bounded) and all(number.log for number in bounded) and low > 0
    step = None if log else _step({number.quantum for number in bounded}, low, [high, *seen])
    integer = all(isinstance(domain, Integer) for domain in domains)
    if integer and all(isinstance(value, int) for value in seen):
        return StudyParameter(IntDistribution(int(low), int(high), log, int(step or 1)))
    if step is not None:
        low, high = _rounded(low), _rounded(high)
    return StudyParameter(FloatDistribution(float(low), float(high), log, step))


def _step(quanta: set[float | None], low: float, values: Sequence[float]) -> float | None:
    """Return the one quantum, if all values lie whole steps above ``low``, counted in decimals."""
    quantum = quanta.pop() if len(quanta) == 1 else None
    if quantum is None:
        return None
    lowest, step = _decimal(low), _decimal(quantum)
    steps = [(_decimal(value) - lowest) / step for value in values]
    fits = all(count.denominator == 1 and count <= _MOST_STEPS for count in steps)
    return quantum if fits else None


def _decimal(value: float) -> Fraction:
    return Fraction(str(_rounded(value)))


def _rounded(value: float) -> float:
    """Return ``value`` without a rounding error: 0.3 for 3 * 0.1. Optuna computes in decimals."""
    return float(f"{value:.15g}")


def _options(values: Sequence[Any]) -> StudyParameter:
    """Return a choice; as text throughout where Optuna could not tell 1 from 1.0 or True."""
    plain = [_option(value, False) for value in values]
    textual = len(dict.fromkeys(plain)) < len(plain)
    options = dict.fromkeys(_option(value, textual) for value in values)
    return StudyParameter(CategoricalDistribution(list(options)), textual)


def _option(value: Any, textual: bool) -> Any:
    """Return an option as Optuna stores it: a scalar, or else JSON text."""
    if isinstance(value, float) and not math.isfinite(value):
        textual = True
    if not textual and (value is None or isinstance(value, str | bool | int | float)):
        return value
    return json.dumps(value, default=str)

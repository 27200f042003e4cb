"""Does a configuration lie in a space?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from ray.tune.search.sample import Categorical, Domain, Float, Integer, Normal

from tuner.space.leaves import branches, sampler_and_quantum
from tuner.space.paths import SEPARATOR, is_grid

__all__ = ["contains"]

_TOLERANCE = 1e-9  # relative: exp(log(upper)) may exceed upper by a rounding error


def contains(
    space: Mapping[str, Any], config: Mapping[str, Any], *, partial: bool = False
) -> list[str]:
    """Return what keeps ``config`` out of ``space``, a line each; nothing if it lies in it.

    Args:
        space: A valid space.
        config: A configuration, nested as the space is.
        partial: Whether names may be missing from ``config``, as in a point to evaluate of
            which the searcher draws the rest.
    """
    return _group_problems(space, config, "", partial)


def _group_problems(space: Mapping[str, Any], config: Any, prefix: str, partial: bool) -> list[str]:
    if not isinstance(config, Mapping):
        return [f"{prefix.rstrip(SEPARATOR)} must be a dict, but is {config!r}"]
    problems = [f"{prefix}{key} is not in the space" for key in config if key not in space]
    for key, spec in space.items():
        if key in config:
            problems += _value_problems(spec, config[key], f"{prefix}{key}", partial)
        elif not partial:
            problems.append(f"{prefix}{key} is missing")
    return problems


def _value_problems(spec: Any, value: Any, path: str, partial: bool) -> list[str]:
    if is_grid(spec):
        spec = Categorical(spec["grid_search"])
    if isinstance(spec, Categorical):
        return _choice_problems(spec, value, path, partial)
    if isinstance(spec, Float | Integer):
        return _range_problems(spec, value, path)
    if isinstance(spec, Domain):
        return []  # sample_from: only its function knows
    if isinstance(spec, Mapping) and spec:
        return _group_problems(spec, value, f"{path}{SEPARATOR}", partial)
    return [] if _same(spec, value) else [f"{path} is fixed at {spec!r}, but is {value!r}"]


def _choice_problems(choice: Categorical, value: Any, path: str, partial: bool) -> list[str]:
    conditional = branches(choice)
    attempts = [
        _group_problems(branch, value, f"{path}[{position}]{SEPARATOR}", partial)
        for position, branch in conditional.items()
    ]
    plain = [c for position, c in enumerate(choice.categories) if position not in conditional]
    if [] in attempts or any(_same(category, value) for category in plain):
        return []
    if plain or not attempts:
        return [f"{path} must be one of {choice.categories!r}, but is {value!r}"]
    return min(attempts, key=len)  # the branch that was most likely meant


def _range_problems(domain: Float | Integer, value: Any, path: str) -> list[str]:
    kind = int | np.integer if isinstance(domain, Integer) else int | float | np.number
    if isinstance(value, bool) or not isinstance(value, kind) or not math.isfinite(value):
        noun = "a whole number" if isinstance(domain, Integer) else "a finite number"
        return [f"{path} must be {noun}, but is {value!r}"]
    sampler, quantum = sampler_and_quantum(domain)
    if quantum is not None and not math.isclose(
        value / quantum, round(value / quantum), rel_tol=_TOLERANCE, abs_tol=_TOLERANCE
    ):
        return [f"{path} must be a multiple of {quantum!r}, but is {value!r}"]
    if isinstance(sampler, Normal):
        return []
    lower, upper = domain.lower, domain.upper
    slack = _TOLERANCE * max(abs(lower), abs(upper)) if isinstance(domain, Float) else 0
    exclusive = isinstance(domain, Integer) and quantum in (None, 1)
    if lower - slack <= value <= upper + slack and not (exclusive and value == upper):
        return []
    bounds = f"{lower!r} <= value {'<' if exclusive else '<='} {upper!r}"
    return [f"{path} must satisfy {bounds}, but is {value!r}"]


def _same(expected: Any, value: Any) -> bool:
    """Compare plain data: NaN equals NaN, and True is not 1."""
    if isinstance(expected, Mapping):
        return (
            isinstance(value, Mapping)
            and expected.keys() == value.keys()
            and all(_same(expected[key], value[key]) for key in expected)
        )
    if isinstance(expected, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(expected) == len(value)
            and all(map(_same, expected, value))
        )
    if isinstance(expected, bool | np.bool_) != isinstance(value, bool | np.bool_):
        return False
    return (_is_nan(expected) and _is_nan(value)) or bool(expected == value)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float | np.floating) and math.isnan(value)

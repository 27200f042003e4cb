"""Refuses spaces that no searcher could draw from, naming the place and the remedy.

Ray Tune itself takes any object for a constant, so that a forgotten call (``tune.loguniform``)
or another library's distribution reaches the trainable as its "value".
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from ray.tune.search.sample import (
    Categorical,
    Domain,
    Float,
    Function,
    Integer,
    LogUniform,
    Normal,
)

from tuner.errors import SpaceError
from tuner.space.leaves import domains, grid_size, sampler_and_quantum
from tuner.space.paths import SEPARATOR, is_grid

__all__ = ["validate"]

_FOREIGN_LIBRARIES = ("scipy", "hyperopt", "optuna", "ConfigSpace", "skopt")
_LARGEST = 2**63 - 1  # NumPy, which draws, and Parquet have no larger whole numbers


def validate(space: Any) -> None:
    """Check that a searcher can draw from ``space`` and JSON can hold what it draws.

    Raises:
        SpaceError: The space is empty or no mapping; a key is no plain name; a value is neither
            a domain nor plain data; bounds are reversed or not finite; a choice is empty.
    """
    if not isinstance(space, Mapping):
        raise SpaceError(
            "a space must be a dict of names to ray.tune domains, but it is a "
            f"{type(space).__name__}"
        )
    if not space:
        raise SpaceError(
            "a space must not be empty; add at least one domain, "
            'for instance {"lr": tune.loguniform(1e-4, 1)}'
        )
    _check_group(space, "")


def _check_group(group: Mapping[Any, Any], prefix: str) -> None:
    for key, value in group.items():
        if not isinstance(key, str) or not key or SEPARATOR in key:
            raise SpaceError(
                f"{_place(prefix)} has the key {key!r}, but a name must be a non-empty string "
                f"without {SEPARATOR!r} (which joins the names of nested dicts)"
            )
        _check_value(value, f"{prefix}{key}")


def _check_value(value: Any, path: str) -> None:
    if isinstance(value, Domain):
        _check_domain(value, path)
    elif is_grid(value):
        _check_grid(value["grid_search"], path)
    elif isinstance(value, Mapping):
        _check_keys_that_ray_reads(value, path)
        _check_group(value, f"{path}{SEPARATOR}")
    else:
        _check_constant(value, path)


def _check_keys_that_ray_reads(group: Mapping[Any, Any], path: str) -> None:
    if "grid_search" in group:
        raise SpaceError(
            f"{_place(path)} has grid_search beside other keys, but Ray takes a grid only from a "
            f"dict with no other key: {sorted(map(str, group))}"
        )
    if set(group) == {"eval"}:
        raise SpaceError(
            f"{_place(path)} is a dict whose only key is 'eval': Ray Tune would run its value as "
            "Python code; rename the key"
        )


def _check_grid(options: Any, path: str) -> None:
    if not isinstance(options, list | tuple) or not options:
        raise SpaceError(
            f"{_place(path)} must list at least one value, but grid_search is {options!r}"
        )
    for position, option in enumerate(options):
        _check_option(option, f"{path}[{position}]")


def _check_domain(domain: Domain, path: str) -> None:
    if isinstance(domain, Categorical):
        _check_grid_or_choice(domain, path)
    elif isinstance(domain, Float | Integer):
        _check_range(domain, path)
    elif not isinstance(domain, Function):
        raise SpaceError(
            f"{_place(path)} must be a domain made by ray.tune (uniform, choice, ...), "
            f"but it is a {type(domain).__name__}"
        )


def _check_grid_or_choice(domain: Categorical, path: str) -> None:
    if domain.is_grid():
        _check_grid(domain.categories, path)
        return
    if not domain.categories:
        raise SpaceError(f"{_place(path)} must offer at least one value, but tune.choice got []")
    for position, option in enumerate(domain.categories):
        _check_option(option, f"{path}[{position}]")
        if isinstance(option, Mapping) and any(d.is_grid() for d in domains(option).values()):
            raise SpaceError(
                f"{_place(f'{path}[{position}]')} has a grid_search inside a choice, so the "
                f"number of trials would depend on chance ({grid_size(option)} or 1); "
                "use tune.choice inside, or grid_search outside"
            )


def _check_option(option: Any, path: str) -> None:
    if isinstance(option, Domain):
        raise SpaceError(
            f"{_place(path)} is a bare domain as an option, which has no name of its own; "
            'wrap it: {"kind": "drawn", "value": tune.uniform(0, 1)}'
        )
    _check_value(option, path)


def _check_range(domain: Float | Integer, path: str) -> None:
    sampler, quantum = sampler_and_quantum(domain)
    if quantum is not None and (not _is_finite(quantum) or quantum <= 0):
        raise SpaceError(f"{_place(path)} must have a quantum > 0, but q is {quantum!r}")
    if isinstance(sampler, Normal):
        _check_normal(sampler, path)
        return
    lower, upper = domain.lower, domain.upper
    if not _is_finite(lower) or not _is_finite(upper):
        raise SpaceError(
            f"{_place(path)} must have finite bounds, but they are {lower!r} and {upper!r}"
        )
    if isinstance(domain, Integer) and not (_is_whole(lower) and _is_whole(upper)):
        raise SpaceError(
            f"{_place(path)} must have whole bounds, but they are {lower!r} and {upper!r}; "
            "use tune.uniform or tune.quniform for fractions"
        )
    if isinstance(domain, Integer) and max(abs(lower), abs(upper)) > _LARGEST:
        raise SpaceError(
            f"{_place(path)} must have whole numbers of 64 bits, but the bounds are {lower!r} and "
            f"{upper!r}; use tune.loguniform or tune.uniform, and round what is drawn"
        )
    if isinstance(sampler, LogUniform) and lower <= 0:
        raise SpaceError(
            f"{_place(path)} is on a log scale and must have a lower bound > 0, but it is {lower!r}"
        )
    if lower >= upper:
        raise SpaceError(
            f"{_place(path)} must have lower < upper, but the bounds are {lower!r} and {upper!r}; "
            "swap them, or write the value itself where it is fixed"
        )
    if quantum is not None and math.floor(upper / quantum) < math.ceil(lower / quantum):
        raise SpaceError(
            f"{_place(path)} has no multiple of q={quantum!r} between {lower!r} and {upper!r}"
        )


def _check_normal(sampler: Normal, path: str) -> None:
    if not _is_finite(sampler.mean) or not _is_finite(sampler.sd):
        raise SpaceError(
            f"{_place(path)} must have a finite mean and sd, but they are "
            f"{sampler.mean!r} and {sampler.sd!r}"
        )


def _check_constant(value: Any, path: str) -> None:
    if value is None or isinstance(value, bool | int | float | str | np.bool_ | np.number):
        if isinstance(value, complex | np.complexfloating):
            raise SpaceError(f"{_place(path)} is a complex number, which JSON and Parquet lack")
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            place = f"{path}[{position}]"
            if isinstance(item, Domain) or is_grid(item):
                raise SpaceError(
                    f"{_place(place)} is a domain inside a {type(value).__name__}, which not every "
                    'searcher can draw; use a dict: {"first": ..., "second": ...}'
                )
            _check_list_item(item, place)
    else:
        raise SpaceError(_not_a_domain(value, path))


def _check_list_item(item: Any, path: str) -> None:
    _check_value(item, path)
    if isinstance(item, Mapping) and domains(item):
        raise SpaceError(
            f"{_place(path)} is a dict with domains inside a list, which not every searcher can "
            "draw; use nested dicts, or tune.choice of dicts for a conditional space"
        )


def _not_a_domain(value: Any, path: str) -> str:
    library = type(value).__module__.partition(".")[0]
    if inspect.isfunction(value) and value.__module__.startswith("ray.tune"):
        name = f"tune.{value.__name__}"
        return f"{_place(path)} is {name} itself; call it with its arguments: {name}(...)"
    if library in _FOREIGN_LIBRARIES:
        return (
            f"{_place(path)} must be a ray.tune domain, but it is a {type(value).__name__} of "
            f"{library}; write it with tune.uniform, tune.loguniform, tune.randint, tune.choice ..."
        )
    if inspect.isroutine(value) or inspect.isclass(value) or callable(value):
        return (
            f"{_place(path)} must be a domain or plain data, but it is the callable {value!r}; "
            "choose by a name (tune.choice(['relu', 'tanh'])) and look it up in the trainable, "
            "or draw with tune.sample_from"
        )
    return (
        f"{_place(path)} must be a domain, None, a bool, number or string, or a list, tuple or "
        f"dict of these, but it is a {type(value).__name__}; "
        "put objects into the trainable with tune.with_parameters"
    )


def _is_finite(bound: Any) -> bool:
    return isinstance(bound, int | float | np.number) and math.isfinite(bound)


def _is_whole(bound: Any) -> bool:
    return isinstance(bound, int | np.integer) and not isinstance(bound, bool)


def _place(path: str) -> str:
    return f"space[{path.rstrip(SEPARATOR)!r}]" if path else "space"

"""Points to evaluate: configurations that somebody typed, as the space declares them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ray.tune.search.sample import Categorical, Domain, Function

from tuner.searchers.parameters import Options, parameter
from tuner.space.leaves import branches
from tuner.space.paths import is_grid

__all__ = ["as_declared"]


def as_declared(space: Mapping[str, Any], point: Mapping[str, Any]) -> dict[str, Any]:
    """Return a point with the types that a space declares, such as ``1.0`` for ``1``.

    Args:
        space: A valid space.
        point: A complete configuration that lies in it, with the values of its functions.
    """
    return {key: _declared(declared, point[key]) for key, declared in space.items()}


def _declared(declared: Any, value: Any) -> Any:
    domain = Categorical(declared["grid_search"]) if is_grid(declared) else declared
    if isinstance(domain, Mapping):
        return as_declared(domain, value)
    if isinstance(domain, Function):
        return deepcopy(value)
    if not isinstance(domain, Domain):
        return deepcopy(domain)
    chosen = parameter(domain)
    if not isinstance(chosen, Options):
        return chosen.snap(value)
    position = chosen.position_of(value)
    option = chosen.options[position]
    return as_declared(option, value) if position in branches(domain) else deepcopy(option)

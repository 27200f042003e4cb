"""Where configurations lie in their space: each hyperparameter on its declared scale, 0 to 1."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from ray import tune

from tuner.searchers.parameters import Options, Parameter, decompose, parameters
from tuner.space import contains, from_json

__all__ = ["flat_name", "option_counts", "positions", "searchable"]

_BRANCH = re.compile(r"\[\d+\]")


def searchable(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored space (`tuner.space.to_json`) as one whose parameters can be told.

    A grid becomes the choice between its values. The function of a ``tune.sample_from`` is not
    stored; one that is never called stands for it.
    """
    return from_json(_searchable(document))


def positions(
    space: Mapping[str, Any], configs: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Parameter], pd.DataFrame]:
    """Return the parameters of a space by path, and where each configuration lies.

    Args:
        space: As `searchable` returns it.
        configs: Configurations.

    Returns:
        The parameters, and a row per configuration with a column each: the position of a number
        in its domain, from 0 to 1, or of an option among the options, from 0; NaN where the
        configuration does not have it, and everywhere if it does not lie in the space.
    """
    found = parameters(space)
    rows = [_row(space, found, config) for config in configs]
    return found, pd.DataFrame(rows, columns=list(found), dtype=float)


def flat_name(path: str) -> str:
    """Return what a parameter is called in a flat configuration: its path without branches."""
    return _BRANCH.sub("", path)


def option_counts(found: Mapping[str, Parameter]) -> dict[str, int]:
    """Return how many options the parameters have that are choices."""
    return {name: len(each.options) for name, each in found.items() if isinstance(each, Options)}


def _row(
    space: Mapping[str, Any], found: Mapping[str, Parameter], config: Mapping[str, Any]
) -> dict[str, float]:
    if contains(space, config):
        return {}
    return {name: _position(found[name], value) for name, value in decompose(space, config).items()}


def _position(parameter: Parameter, value: float) -> float:
    return value if isinstance(parameter, Options) else min(max(parameter.to_unit(value), 0.0), 1.0)


def _searchable(value: Any) -> Any:
    if isinstance(value, list):
        return [_searchable(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get("type")
    if kind == "sample_from":
        return tune.sample_from(_unknown)
    if kind == "grid_search":
        return {"type": "choice", "categories": [_searchable(item) for item in value["values"]]}
    return {key: _searchable(item) for key, item in value.items()}


def _unknown(_: Mapping[str, Any]) -> float:
    return math.nan

"""The values of a hyperparameter that trials are grouped by: options, or bins of a number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from ray.tune.search.sample import Domain

from tuner.analysis.steps import Floats
from tuner.errors import SpecError, nearest
from tuner.searchers.parameters import Number, Options, Parameter

__all__ = ["hyperparameter", "levels"]

_FEW = 6
"""A number that can take so few values is grouped by value."""


def hyperparameter(name: str, known: Iterable[str]) -> str:
    """Return the path of a hyperparameter that was given by it, or by its last part.

    Raises:
        SpecError: There is no such one, or several end so.
    """
    paths = list(known)
    if name in paths:
        return name
    ending = [path for path in paths if path.rpartition("/")[2] == name]
    if len(ending) > 1:
        raise SpecError(f"{name!r} is one of {', '.join(ending)}; give the whole path")
    if not ending:
        raise SpecError(f"nothing was searched by the name {name!r}{nearest(name, paths)}")
    return ending[0]


def levels(places: pd.Series[float], parameter: Parameter, bins: int) -> pd.Series[Any]:
    """Return the level of each trial: its option, its value, or the bin that it lies in.

    Args:
        places: Positions, as `tuner.playbook.positions` has them.
        parameter: The hyperparameter.
        bins: Into how many parts of equal width on its scale a number's domain is divided.

    Returns:
        Their names; None where the trial does not have it.
    """
    there = places.notna()
    names, codes = _coded(np.asarray(places[there], dtype=np.float64), parameter, bins)
    names = _distinct(names)
    found = pd.Series(None, index=places.index, dtype=object)
    found[there] = [names[int(code)] for code in codes]
    return found


def _coded(places: Floats, parameter: Parameter, bins: int) -> tuple[list[str], Floats]:
    if isinstance(parameter, Options):
        return [_option_name(option) for option in parameter.options], places
    if isinstance(parameter, Number) and parameter.quantum:
        first, last = parameter.indices
        if last - first < _FEW:
            quantum = parameter.quantum
            values = [parameter.from_unit(float(place)) for place in places]
            codes = np.array([round(value / quantum) - first for value in values], dtype=float)
            return [f"{parameter.snap(quantum * k):g}" for k in range(first, last + 1)], codes
    edges = [parameter.from_unit(float(edge)) for edge in np.linspace(0, 1, bins + 1)]
    names = [f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges)]
    if not isinstance(parameter, Number):  # a normal number has no ends
        names[0], names[-1] = f"below {edges[1]:.3g}", f"above {edges[-2]:.3g}"
    return names, np.minimum(np.floor(places * bins), bins - 1)


def _option_name(option: Any) -> str:
    """Return an option's text; of a branch, its constants."""
    if isinstance(option, Mapping):
        constants = [str(value) for value in option.values() if not isinstance(value, Domain)]
        return ", ".join(constants) or str(list(option))
    if isinstance(option, float) and math.isfinite(option):
        return f"{option:g}"
    return str(option)


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names that differ: those that do not are numbered."""
    return [
        name if list(names).count(name) == 1 else f"{name} ({place + 1})"
        for place, name in enumerate(names)
    ]

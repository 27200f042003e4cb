"""Checks the keywords of a choice against the signature that takes them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tuner.arms import JSON
from tuner.errors import SpecError, nearest

__all__ = ["check_bounds", "check_keywords"]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "None": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
}


def check_keywords(
    name: str,
    options: Mapping[str, JSON],
    accepts: Callable[..., Any],
    *,
    besides: Collection[str] = (),
) -> None:
    """Check that ``accepts`` takes every option by keyword, with a value of its type.

    Args:
        name: What the options belong to, for the message.
        options: Keyword to value.
        accepts: A callable with annotated keyword-only parameters.
        besides: Parameters of ``accepts`` that are not the user's to give.

    Raises:
        SpecError: A keyword is unknown or takes an object that cannot be spelled, or a value is
            of another type.
    """
    parameters = {
        parameter.name: str(parameter.annotation)
        for parameter in inspect.signature(accepts).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and parameter.name not in besides
    }
    for keyword, value in options.items():
        if keyword not in parameters:
            hint = nearest(keyword, parameters) if parameters else "; it takes no keywords"
            raise SpecError(f"{name!r} has no keyword {keyword!r}{hint}")
        _check_value(f"{name}:{keyword}", value, parameters[keyword])


def check_bounds(
    name: str, options: Mapping[str, JSON], bounds: Mapping[str, tuple[float, float]]
) -> None:
    """Check that the numbers among the (checked) options lie within their inclusive bounds.

    Raises:
        SpecError: One does not.
    """
    for keyword, (low, high) in bounds.items():
        value = options.get(keyword)
        if isinstance(value, int | float) and not low <= value <= high:
            bound = f">= {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
            raise SpecError(f"{name}:{keyword} must be {bound}; got {value!r}")


def _check_value(place: str, value: JSON, annotation: str) -> None:
    alternatives = [part.strip() for part in annotation.split("|")]
    spellable = [part for part in alternatives if part in _TYPES]
    if spellable in ([], ["None"]):
        raise SpecError(
            f"{place} takes an object ({annotation}), which cannot be spelled; got {value!r}: "
            "build the searcher in Python and pass the instance"
        )
    wanted = {kind for part in spellable for kind in _TYPES[part]}
    if type(value) not in wanted:
        kinds = " or ".join(part.lower() for part in spellable)
        raise SpecError(f"{place} must be {kinds}; got {value!r} ({type(value).__name__})")

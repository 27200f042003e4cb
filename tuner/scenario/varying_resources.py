"""Resources that a scenario gives otherwise than in numbers: by configuration, or "auto"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ray.tune import PlacementGroupFactory

from tuner.errors import ScenarioError
from tuner.scenario.callables import refusal_of_one_config
from tuner.scenario.resources import check_resources

__all__ = ["AUTO", "ResourcesOf", "request_of", "settle_varying"]

ResourcesOf: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, float]]
"""Says of a configuration what its trial takes; it has to be deterministic."""

AUTO = "auto"
"""Stands, as the amount of ``gpu``, for the share of a GPU that a probe finds."""


def settle_varying(
    given: Any, function: ResourcesOf | None, auto: bool
) -> tuple[Any, ResourcesOf | None, bool]:
    """Divide what was given as a scenario's resources into amounts, and where they come from.

    ``dataclasses.replace`` hands on what an earlier call returned; what it replaces comes first.

    Args:
        given: Amounts, one of which may be `AUTO`, a function, or whatever else.
        function: That of before; it holds where nothing else is given.
        auto: Whether the share was to be measured before; so it is as long as it is a whole GPU.

    Returns:
        The amounts, empty for a function; the function, if any; whether to measure the share.

    Raises:
        ScenarioError: A function takes other arguments than one configuration.
    """
    if callable(given) and not isinstance(given, PlacementGroupFactory):
        _check_function(given)
        return {}, given, False
    if not isinstance(given, Mapping):
        return given, None, False
    if not given and function is not None:
        return given, function, False
    asked = given.get("gpu")
    if asked == AUTO:
        return {**given, "gpu": 1.0}, None, True
    return given, None, auto and asked == 1


def request_of(function: ResourcesOf, config: Mapping[str, Any]) -> dict[str, float]:
    """Return what the trial of a configuration takes, as a scenario spells it.

    Raises:
        ScenarioError: The function raises, or answers with what Ray cannot grant.
    """
    try:
        return check_resources(function(config))
    except ScenarioError as error:
        raise ScenarioError(f"resources of the configuration {dict(config)}: {error}") from error
    except Exception as error:
        raise ScenarioError(
            f"the function of resources raised {type(error).__name__}: {error}, for the "
            f"configuration {dict(config)}"
        ) from error


def _check_function(function: ResourcesOf) -> None:
    error = refusal_of_one_config(function)
    if error is not None:
        raise ScenarioError(
            "a function of resources takes one configuration and returns a dict such as "
            f'{{"cpu": 1, "gpu": 0.25}}, but is {function!r} ({error})'
        ) from error

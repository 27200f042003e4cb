"""What one trial may ask for, as Ray can grant it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tuner.errors import ScenarioError

__all__ = ["check_resources"]

_SMALLEST = 1e-4  # Ray counts resources in ten-thousandths
_BUILT_IN = {"CPU": "cpu", "GPU": "gpu", "gpus": "gpu", "cpus": "cpu", "Memory": "memory"}


def check_resources(resources: Any) -> dict[str, float]:
    """Return a copy of a trial's ``resources``.

    Args:
        resources: ``cpu``, ``gpu``, ``memory`` (bytes) and custom names to amounts >= 0.

    Raises:
        ScenarioError: A name or an amount that Ray cannot grant, or nothing asked for at all.
    """
    if not isinstance(resources, Mapping):
        raise ScenarioError(
            f'resources must be a dict such as {{"cpu": 1, "gpu": 0.25}}, but is {resources!r}'
        )
    for name, amount in resources.items():
        _check_name(name)
        _check_amount(name, amount)
    if not any(resources.values()):
        raise ScenarioError(
            f"a trial must ask for something, but resources is {dict(resources)!r}; "
            'use for instance {"cpu": 0.1} for a trial that mostly waits'
        )
    return dict(resources)


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name:
        raise ScenarioError(f"a resource's name must be a non-empty string, but is {name!r}")
    if name in _BUILT_IN:
        raise ScenarioError(f"unknown resource {name!r}; did you mean {_BUILT_IN[name]!r}?")


def _check_amount(name: str, amount: Any) -> None:
    place = f"resources[{name!r}]"
    if not isinstance(amount, int | float) or isinstance(amount, bool):
        raise ScenarioError(f"{place} must be a number, but is {amount!r}")
    if not math.isfinite(amount) or amount < 0:
        raise ScenarioError(f"{place} must be finite and >= 0, but is {amount!r}")
    if 0 < amount < _SMALLEST:
        raise ScenarioError(
            f"{place} must be 0 or at least {_SMALLEST} (Ray counts in ten-thousandths), "
            f"but is {amount!r}"
        )
    if name == "gpu" and amount > 1 and amount != int(amount):
        raise ScenarioError(
            f"{place} must be a fraction up to 1 or a whole number of GPUs, but is {amount!r}; "
            f"use {math.floor(amount)} or {math.ceil(amount)}"
        )

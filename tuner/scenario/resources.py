"""What one trial may ask for, as Ray can grant it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ray.tune import PlacementGroupFactory

from tuner.bundles import total
from tuner.errors import ScenarioError, SpecError

__all__ = [
    "Bundles",
    "Resources",
    "check_resources",
    "overridden",
    "settle_resources",
    "strategy_of",
]

Bundles: TypeAlias = tuple[Mapping[str, float], ...]
Resources: TypeAlias = (
    Mapping[str, Any]
    | Sequence[Mapping[str, float]]
    | PlacementGroupFactory
    | Callable[[Mapping[str, Any]], Mapping[str, float]]
)
"""What one trial takes: amounts by name, of which ``gpu`` may be ``"auto"``; a list of bundles, or
Ray's object for one; or a function of the configuration (`tuner.scenario.varying_resources`)."""

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


def settle_resources(given: Any, before: Bundles) -> tuple[dict[str, float], Bundles]:
    """Return what one trial takes altogether, and how that is divided; empty if it is not.

    Args:
        given: What `check_resources` takes, a list of that, or Ray's object. The first of several
            bundles is for the trial's own process, and may be empty.
        before: How the resources were divided; kept where they are still the same altogether.

    Raises:
        ScenarioError: One is no bundle that Ray can grant, or all of them are empty.
    """
    if isinstance(given, list | tuple | PlacementGroupFactory):
        bundles = _check_bundles(given)
        return total(bundles), bundles if len(bundles) > 1 else ()
    if before and given == total(before):
        return dict(given), before
    return check_resources(given), ()


def strategy_of(given: Any) -> str | None:
    """Return how Ray's object places bundles, as a scenario spells it; None for anything else."""
    return given.strategy.lower() if isinstance(given, PlacementGroupFactory) else None


def overridden(own: Mapping[str, float], bundles: Bundles, given: Resources) -> Resources:
    """Return what a trial takes where a sweep asks for something else than its scenario.

    Args:
        own: What the scenario's trials take together.
        bundles: How that is divided; empty for a single bundle.
        given: What the sweep asks for: amounts replace those of the same name, bundles all.

    Raises:
        SpecError: Amounts are given for a scenario of several bundles.
    """
    if not isinstance(given, Mapping):
        return given
    if bundles:
        raise SpecError(
            f"the scenario's trials take {len(bundles)} bundles, so that resources={dict(given)} "
            "may mean any of them; give a list of bundles instead"
        )
    return {**own, **given}


def _check_bundles(given: Any) -> Bundles:
    bundles = _spelled(given) if isinstance(given, PlacementGroupFactory) else list(given)
    if not bundles:
        raise ScenarioError("resources in bundles must have at least one, but there is none")
    first, *others = bundles
    head = {} if first == {} and others else check_resources(first)
    return head, *(check_resources(bundle) for bundle in others)


def _spelled(factory: PlacementGroupFactory) -> list[dict[str, float]]:
    names = {"CPU": "cpu", "GPU": "gpu"}
    bundles = [{names.get(name, name): n for name, n in b.items()} for b in factory.bundles]
    return [{}, *bundles] if factory.head_bundle_is_empty else bundles


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

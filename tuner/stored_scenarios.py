"""The scenario of a stored sweep, found again: the same one, or refused with what has changed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tuner import space as spaces
from tuner.errors import ScenarioError, SpecError
from tuner.objectives import Objective
from tuner.scenario import Scenario, load_scenario
from tuner.spec import SweepSpec

__all__ = ["load_stored", "scenario_again", "stored_scenario"]

_COMPARED_BY = ("metric", "mode", "time_attr")
_RESUME_WITH = "resume with tuner.resume(path, scenario=...)"


def stored_scenario(stored: SweepSpec, given: Scenario | str | None = None) -> Scenario:
    """Return the scenario of a stored sweep as the sweep tunes it: its objectives, its space.

    Args:
        stored: What the sweep was asked to do.
        given: How to get the scenario, where the spec does not say, or it has moved.

    Raises:
        ScenarioError: It cannot be loaded, or is not given though it must be.
        SpecError: It has changed since.
    """
    chosen = load_stored(stored, given)
    if stored.own_space:
        chosen = chosen.with_space(spaces.from_json(stored.space))
    _check_unchanged(stored, chosen)
    return chosen


def scenario_again(
    stored: SweepSpec, given: Scenario | str | None, *, remedy: str, rule: str
) -> Scenario:
    """Return the scenario of a stored sweep, to train some of its configurations again.

    Its space may have changed since; what its trials are compared by must not.

    Args:
        stored: What the sweep was asked to do.
        given: How to get the scenario, where the spec does not say, or it has moved.
        remedy: How to give it, where it must be given.
        rule: Why it must be compared by the same, as a sentence begins.

    Raises:
        ScenarioError: It cannot be loaded, is not given though it must be, or has another metric,
            mode or time_attr.
    """
    scenario = load_stored(stored, given, remedy)
    for name in _COMPARED_BY:
        then, now = getattr(stored, name), getattr(scenario, name)
        if then != now:
            raise ScenarioError(
                f"{rule}, and scenario {scenario.name!r} has another {name} now: "
                f"{then} -> {now}; bring it back"
            )
    return scenario


def load_stored(
    stored: SweepSpec, given: Scenario | str | None, remedy: str = _RESUME_WITH
) -> Scenario:
    """Return the scenario of a stored sweep as it is now, with the sweep's own objectives.

    Args:
        stored: What the sweep was asked to do.
        given: How to get the scenario, where the spec does not say, or it has moved.
        remedy: How to give it, where it must be given.

    Raises:
        ScenarioError: It cannot be loaded, or is not given though it must be.
    """
    chosen = _loaded(stored, given, remedy)
    return _with_objectives(chosen, stored.objectives) if stored.own_objectives else chosen


def _loaded(stored: SweepSpec, given: Scenario | str | None, remedy: str) -> Scenario:
    if given is not None:
        return load_scenario(given)
    if stored.source is None:
        raise ScenarioError(
            f"scenario {stored.scenario!r} was built in Python and is not stored; {remedy}, or "
            "name a module or file (--scenario)"
        )
    try:
        return load_scenario(stored.source)
    except ScenarioError as error:
        raise ScenarioError(f"{error}; if it has moved, name it with --scenario") from error


def _with_objectives(scenario: Scenario, objectives: Sequence[Objective]) -> Scenario:
    """Return ``scenario`` with other objectives."""
    metrics, modes = [each.metric for each in objectives], [each.mode for each in objectives]
    return dataclasses.replace(scenario, metric=metrics, mode=modes, objectives=())


def _check_unchanged(stored: SweepSpec, scenario: Scenario) -> None:
    """Refuse a scenario that is not the one that the sweep was started with, saying how."""
    now, then = spaces.to_json(dict(scenario.space)), dict(stored.space)
    differences = _differences(
        spaces.flatten({"space": _as_stored(then)}), spaces.flatten({"space": _as_stored(now)})
    )
    remedy = "or give the new space on purpose (--space, space=)" if differences else ""
    for name in _COMPARED_BY:
        before, after = getattr(stored, name), getattr(scenario, name)
        if before != after:
            differences.append(f"{name}: {before} -> {after}")
    if stored.objectives[1:] != scenario.objectives[1:]:
        told = (", ".join(map(str, each.objectives)) for each in (stored, scenario))
        differences.append(f"objectives: {' -> '.join(told)}")
    if differences:
        raise SpecError(
            f"scenario {scenario.name!r} has changed since the sweep was started "
            f"({'; '.join(differences)}); bring it back as it was"
            f"{', ' if remedy else ''}{remedy}"
        )


def _as_stored(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a document is once it has been to a file and back."""
    read: Mapping[str, Any] = json.loads(json.dumps(document, default=str))
    return {name: json.dumps(value, sort_keys=True) for name, value in read.items()}


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    told = []
    for name in {**then, **now}:
        short = name.removeprefix("space/")
        if name not in now:
            told.append(f"{short} is gone")
        elif name not in then:
            told.append(f"{short} is new")
        elif then[name] != now[name]:
            told.append(f"{short}: {then[name]} -> {now[name]}")
    return told

"""From a stored sweep to one that can go on: what may change, and what must be as it was."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, cast

from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from tuner import space as spaces
from tuner.bundles import Placement
from tuner.errors import ScenarioError, SpecError, nearest
from tuner.objectives import Objective
from tuner.options import SweepOptions
from tuner.places import Place
from tuner.planning import Plan, resolve_plan
from tuner.scenario import Scenario, load_scenario
from tuner.scenario.resources import Resources
from tuner.schedulers import SCHEDULERS
from tuner.spec import SweepSpec, WorkerMode

__all__ = [
    "RUN_SETTINGS",
    "ResumeOptions",
    "replan",
    "scenario_again",
    "stored_scenario",
]

_SEARCHES_ELSEWHERE = ("random", "halton", "sobol", "hyperopt", "optuna", "evolution")
_KEEPS_ITS_RUNGS = ("fifo", "asha", "median")  # when max_t grows
_COMPARED_BY = ("metric", "mode", "time_attr")
_RESUME_WITH = "resume with tuner.resume(path, scenario=...)"
_REMEDIES = {
    "max_t": "resume with max_t (--max-t) to let trials train longer, or start another sweep",
    "grace_period": "only another sweep would take it over",
    "resources": "resume with resources (--cpus-per-trial, --gpus-per-trial) to change them",
}


class ResumeOptions(TypedDict, total=False):
    """What may change when a sweep is resumed; the rest stays as it was.

    ``num_samples`` is the new total, or ``"+100"`` for so many more; ``max_t`` may only grow, and
    needs the final checkpoints (``keep_final``); ``space`` replaces the scenario's. ``scheduler``
    and ``searcher`` are for sweeps that were started with Ray's objects, which nothing stores.
    """

    scheduler: TrialScheduler
    searcher: Searcher
    num_samples: int | str
    max_t: int
    space: Mapping[str, Any]
    max_concurrent_trials: int | None
    time_budget_s: float | None
    resources: Resources
    placement: Placement | None
    address: str | None
    num_cpus: int | None
    num_gpus: int | None
    share: float
    metrics: bool | None
    wait_for_resources_s: float | None
    max_failures: int
    fail_fast: bool
    trial_timeout_s: float | None
    keep_checkpoints: int
    worker_mode: WorkerMode
    max_trials_per_worker: int
    fuse: int
    callbacks: Any
    progress: str


RUN_SETTINGS = (
    "max_concurrent_trials",
    "placement",
    "address",
    "num_cpus",
    "num_gpus",
    "share",
    "metrics",
    "wait_for_resources_s",
    "max_failures",
    "fail_fast",
    "trial_timeout_s",
    "checkpoint_frequency",
    "keep_checkpoints",
    "keep_final",
    "worker_mode",
    "max_trials_per_worker",
    "fuse",
)
"""How a sweep runs, whatever it searches."""

_CARRIED_OVER = (
    "time_budget_s",
    "grace_period",
    "max_t",
    "points_to_evaluate",
    "seed",
    *RUN_SETTINGS,
    "notes",
    "tags",
)


def replan(
    stored: SweepSpec, folder: Place, scenario: Scenario | str | None, changes: ResumeOptions
) -> Plan:
    """Return the plan of a stored sweep with ``changes``, its scheduler and searcher fresh.

    Args:
        stored: What the sweep was asked to do.
        folder: Where it lies now.
        scenario: How to get the scenario, where the spec does not say, or it has moved.
        changes: What shall be different.

    Raises:
        ScenarioError: The scenario cannot be loaded, or is not given though it must be.
        SpecError: Something changed that must not, or cannot be changed.
    """
    known = ResumeOptions.__annotations__
    for name in changes:
        if name not in known:
            raise SpecError(f"a sweep cannot be resumed with {name!r}{nearest(name, known)}")
    given: dict[str, Any] = {key: value for key, value in changes.items() if value is not None}
    if "space" in given:
        chosen = _scenario_of(stored, scenario).with_space(given.pop("space"))
        _check_learns(stored)
    else:
        chosen = stored_scenario(stored, scenario)
    options: dict[str, Any] = {
        name: value for name in _CARRIED_OVER if (value := getattr(stored, name)) is not None
    }
    options |= _resources(stored, chosen, given)
    if "space" in changes:
        options.pop("points_to_evaluate", None)  # they were tried, and may lie outside
    folder = folder.resolve() if isinstance(folder, Path) else folder
    options |= {"name": folder.name, "storage_path": folder.parent}
    options |= _samples(stored, given.pop("num_samples", None))
    if "max_t" in given:
        _check_growth(stored, given["max_t"])
    options |= _parts(stored, given) | given
    plan = resolve_plan(chosen, cast(SweepOptions, options))
    own_space = stored.own_space or "space" in changes
    spec = dataclasses.replace(
        plan.spec,
        source=stored.source,
        own_space=own_space,
        own_objectives=stored.own_objectives,
        own_limits=[name for name in _REMEDIES if name in {*stored.own_limits, *changes}],
        warm_start=stored.warm_start,
        roles=stored.roles,
        lineage=stored.lineage,
    )
    kept = _kept_limits(stored, chosen, spec.own_limits)
    return dataclasses.replace(plan, spec=spec, remarks=(*plan.remarks, *kept))


def _resources(stored: SweepSpec, scenario: Scenario, given: dict[str, Any]) -> Mapping[str, Any]:
    """Return what trials took so far; what is given changes that, and what it names alone."""
    own = given.get("resources")
    if not stored.resources:
        if scenario.resources_of is None and own is None:
            raise SpecError(
                "the sweep was started with a function of resources, which nothing stores; resume "
                "with tuner.resume(path, resources=...)"
            )
        return {}
    if isinstance(own, Mapping) and not stored.bundles:
        merged = {**stored.resources, **own}
        given["resources"] = merged if "auto" in merged.values() else [merged]
    return {"resources": list(stored.bundles) or [stored.resources]}


def stored_scenario(stored: SweepSpec, given: Scenario | str | None = None) -> Scenario:
    """Return the scenario of a stored sweep as the sweep tunes it: its objectives, its space.

    Args:
        stored: What the sweep was asked to do.
        given: How to get the scenario, where the spec does not say, or it has moved.

    Raises:
        ScenarioError: It cannot be loaded, or is not given though it must be.
        SpecError: It has changed since.
    """
    chosen = _scenario_of(stored, given)
    if stored.own_space:
        chosen = chosen.with_space(spaces.from_json(stored.space))
    _check_unchanged(stored, chosen)
    return chosen


def _with_objectives(scenario: Scenario, objectives: Sequence[Objective]) -> Scenario:
    """Return ``scenario`` with other objectives."""
    metrics, modes = [each.metric for each in objectives], [each.mode for each in objectives]
    return dataclasses.replace(scenario, metric=metrics, mode=modes, objectives=())


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
    scenario = _scenario_of(stored, given, remedy)
    for name in _COMPARED_BY:
        then, now = getattr(stored, name), getattr(scenario, name)
        if then != now:
            raise ScenarioError(
                f"{rule}, and scenario {scenario.name!r} has another {name} now: "
                f"{then} -> {now}; bring it back"
            )
    return scenario


def _scenario_of(
    stored: SweepSpec, given: Scenario | str | None, remedy: str = _RESUME_WITH
) -> Scenario:
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


def _kept_limits(stored: SweepSpec, scenario: Scenario, own: Sequence[str]) -> Iterator[str]:
    """Yield which limits the sweep keeps, though its scenario has others now.

    Args:
        stored: What the sweep was asked to do.
        scenario: As it is now.
        own: Limits that the sweep does not have from its scenario.
    """
    now = {
        "max_t": scenario.max_t,
        "grace_period": min(scenario.grace_period, stored.max_t),
        "resources": stored.resources if scenario.auto_gpu else dict(scenario.resources),
    }
    for name, value in now.items():
        kept = getattr(stored, name)
        if name not in own and kept != value:
            yield (
                f"the sweep keeps {name}={kept}, though its scenario has {value} now; "
                f"{_REMEDIES[name]}"
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


def _check_learns(stored: SweepSpec) -> None:
    name = stored.searcher.partition(":")[0]
    if name not in _SEARCHES_ELSEWHERE:
        raise SpecError(
            f"searcher {stored.searcher!r} cannot go on in another space; "
            f"{', '.join(_SEARCHES_ELSEWHERE)} can: start another sweep"
        )


def _samples(stored: SweepSpec, wanted: int | str | None) -> dict[str, Any]:
    before = stored.num_samples
    if wanted is None:
        endless = before is None and stored.time_budget_s is not None
        return {"num_samples": -1 if endless else before}
    total = wanted
    if isinstance(wanted, str):
        if before is None or not wanted.startswith("+") or not wanted[1:].isdigit():
            raise SpecError(
                f'num_samples must be a number of trials, or "+100" for so many more, got '
                f"{wanted!r}{'' if before else '; the sweep has no bound to add to'}"
            )
        total = before + int(wanted[1:])
    if isinstance(total, int) and before is not None and -1 != total < before:
        raise SpecError(f"num_samples may only grow: the sweep has {before}, got {total}")
    name = stored.scheduler.partition(":")[0]
    if total != before and name in SCHEDULERS and SCHEDULERS[name].population:
        raise SpecError(
            f"{name} keeps one population of {before} from its start to its end; "
            "start another sweep"
        )
    return {"num_samples": total}


def _check_growth(stored: SweepSpec, max_t: int) -> None:
    if max_t < stored.max_t:
        raise SpecError(f"max_t may only grow: the sweep has {stored.max_t}, got {max_t}")
    name = stored.scheduler.partition(":")[0]
    if max_t > stored.max_t and name not in _KEEPS_ITS_RUNGS:
        raise SpecError(
            f"what {stored.scheduler} has decided depends on max_t, so that it cannot grow from "
            f"{stored.max_t} to {max_t}; start another sweep"
        )


def _parts(stored: SweepSpec, given: dict[str, Any]) -> dict[str, Any]:
    """Return scheduler and searcher: by name as before, or the objects that are given now."""
    parts: dict[str, Any] = {}
    for role, kind in (("scheduler", TrialScheduler), ("searcher", Searcher)):
        spelled: str = getattr(stored, role)
        named = "." not in spelled.partition(":")[0]
        own = given.pop(role, None)
        if named and own is not None:
            raise SpecError(f"the sweep's {role} is {spelled!r} and stays it; leave {role} out")
        if not named and not isinstance(own, kind):
            raise SpecError(
                f"the sweep was started with a {role} object, {spelled}, which nothing stores; "
                f"resume with tuner.resume(path, {role}={spelled.rpartition('.')[2]}(...))"
            )
        parts[role] = spelled if named else own
    return parts

"""From a stored sweep to one that can go on: what may change, and what must be as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, cast

from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from tuner.bundles import Placement
from tuner.errors import SpecError, nearest
from tuner.options import SweepOptions
from tuner.places import Place
from tuner.planning import Plan, resolve_plan
from tuner.scenario import Scenario
from tuner.scenario.resources import Resources
from tuner.schedulers import SCHEDULERS
from tuner.spec import SweepSpec, WorkerMode
from tuner.stored_scenarios import load_stored, stored_scenario

__all__ = [
    "RUN_SETTINGS",
    "ResumeOptions",
    "replan",
]

_SEARCHES_ELSEWHERE = ("random", "halton", "sobol", "hyperopt", "optuna", "evolution")
_KEEPS_ITS_RUNGS = ("fifo", "asha", "median")  # when max_t grows
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
        chosen = load_stored(stored, scenario).with_space(given.pop("space"))
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

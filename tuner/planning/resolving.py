"""Checks a call of `tuner.run` as a whole, and fills in its defaults."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from ray.tune.schedulers import TrialScheduler

from tuner import space as spaces
from tuner.arms import Choice
from tuner.bundles import Shape, check_placement
from tuner.errors import SpecError
from tuner.option_values import plain_options, whole
from tuner.options import SweepOptions, check_option_names
from tuner.pairing import check_pair, check_population
from tuner.places import Place, Uri, place_of
from tuner.planning.choosing import (
    choose_scheduler,
    choose_searcher,
    default_scheduler,
    make_scheduler,
    make_searcher,
    spelled,
    with_policy,
)
from tuner.planning.counting import check_size, most_trials, number_of_samples
from tuner.planning.plan import Plan
from tuner.remarks import objective_remarks, share_remarks
from tuner.scenario import Scenario, load_scenario
from tuner.scenario.resources import overridden
from tuner.schedulers import SchedulerEntry
from tuner.seeds import SweepSeeds, new_seed
from tuner.spec import SweepSpec
from tuner.warm_start import gather
from tuner.worker_modes import check_fusion, workable

__all__ = ["resolve", "resolve_plan"]

_DEFAULT = "default"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def resolve(scenario: str | Scenario, **options: Unpack[SweepOptions]) -> SweepSpec:
    """Return the spec of the sweep that `tuner.run` would run with the same arguments.

    Raises:
        UsageError: As `tuner.run` would, except for what only a cluster or a disk can tell.
    """
    return resolve_plan(scenario, options).spec


def resolve_plan(scenario: str | Scenario, options: SweepOptions, *, bounded: bool = False) -> Plan:
    """Check the arguments of `tuner.run`, fill in its defaults, and build scheduler and searcher.

    Args:
        scenario: As `tuner.run` takes it.
        options: Likewise.
        bounded: Whether something else ends the sweep, such as a budget: then there is no bound
            on trials unless ``num_samples`` says so.

    Raises:
        ScenarioError: The scenario cannot be loaded, or not with these overrides.
        SpecError: An unknown name or keyword, a bad value, or a combination that cannot work.
    """
    check_option_names(options)
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    if given.get("scheduler", _DEFAULT) == _DEFAULT:
        scenario = load_scenario(scenario)
        given["scheduler"] = default_scheduler(_with_overrides(scenario, given), given)
    # A scenario may import torch: what is wrong with a name is said before that.
    scheduler, entry = choose_scheduler(given["scheduler"])
    if isinstance(scheduler, Choice) and scheduler.name == "pbt_replay":
        scheduler, beginnings = with_policy(scheduler, given, _storage(given))
        given |= beginnings
    chosen = _with_overrides(load_scenario(scenario), given)
    searcher = choose_searcher(given.get("searcher"), entry, chosen)
    seed = whole("seed", given.get("seed", new_seed()), at_least=0)
    num_samples = number_of_samples(given, searcher, chosen, bounded=bounded)
    num_trials = most_trials(searcher, chosen, num_samples, given.get("points_to_evaluate", ()))
    check_size(num_trials, given, bounded=bounded)
    check_pair(scheduler, entry, searcher, chosen)
    check_population(entry, given, num_samples)
    storage = _storage(given)
    past = gather(given.get("warm_start", ()), chosen, searcher)
    plain, obstacle = _plain(given, chosen, entry)
    spec = SweepSpec(
        name=_name(given.get("name"), chosen, scheduler),
        storage_path=str(storage),
        scheduler=spelled(scheduler),
        searcher=spelled(searcher),
        seed=seed,
        num_samples=num_samples,
        own_objectives="metric" in given or "mode" in given,
        own_limits=[name for name in ("max_t", "grace_period", "resources") if name in given],
        warm_start=() if past is None else past.sweeps,
        **_of_scenario(chosen),
        **plain,
    )
    seeds = SweepSeeds.spawn(seed)
    judge = spec.scheduler if entry is None else entry.name
    remarks = [str(told) for told in (past, obstacle) if told is not None]
    remarks += share_remarks(Shape.of(chosen.resources, chosen.bundles).bundles)
    return Plan(
        spec=spec,
        storage=storage,
        scenario=chosen,
        scheduler=make_scheduler(scheduler, chosen, seeds.scheduler),
        searcher=make_searcher(searcher, chosen, spec, seeds.searcher),
        entry=entry,
        num_trials=num_trials,
        warm_start=past,
        remarks=(*remarks, *objective_remarks(chosen.objectives, judge, searcher)),
    )


def _plain(
    given: Mapping[str, Any], scenario: Scenario, entry: SchedulerEntry | None
) -> tuple[dict[str, Any], str | None]:
    """Return the options that go into a spec as they are, and why workers do not stay warm."""
    plain = plain_options(given, scenario, entry)
    asked = plain.pop("worker_mode", SweepSpec.worker_mode)
    worker_mode, obstacle = workable(asked, scenario.trainable)
    check_fusion(plain.get("fuse", 1), scenario, worker_mode)
    return {**plain, "worker_mode": worker_mode}, obstacle


def _of_scenario(scenario: Scenario) -> dict[str, Any]:
    """Return what a spec says of its scenario."""
    return {
        "scenario": scenario.name,
        "source": scenario.source,
        "space": spaces.to_json(dict(scenario.space)),
        "metric": scenario.metric,
        "mode": scenario.mode,
        "time_attr": scenario.time_attr,
        "max_t": scenario.max_t,
        "grace_period": scenario.grace_period,
        "resources": dict(scenario.resources),
        "bundles": scenario.bundles,
        "placement": scenario.placement,
        "objectives": scenario.objectives,
        "roles": dict(scenario.roles),
    }


def _with_overrides(scenario: Scenario, given: Mapping[str, Any]) -> Scenario:
    times = [key for key in ("max_t", "grace_period") if key in given]
    changes: dict[str, Any] = {key: whole(key, given[key], at_least=1) for key in times}
    if "max_t" in changes and "grace_period" not in changes:
        changes["grace_period"] = min(scenario.grace_period, changes["max_t"])
    if "metric" in given or "mode" in given:  # all objectives are named anew
        changes |= {"metric": given.get("metric", scenario.metric), "objectives": ()}
        changes["mode"] = given.get("mode", scenario.mode)
    if "resources" in given:
        asked = given["resources"]
        own = {"cpu": 1.0} if scenario.resources_of else scenario.resources
        changes["resources"] = overridden(own, scenario.bundles, asked)
        changes["auto_gpu"] = (
            scenario.auto_gpu and isinstance(asked, Mapping) and "gpu" not in asked
        )
    if "placement" in given:
        changes["placement"] = check_placement(given["placement"])
    return dataclasses.replace(scenario, **changes) if changes else scenario


def _name(given: str | None, scenario: Scenario, scheduler: Choice | TrialScheduler) -> str:
    if given is None:
        kind = scheduler.name if isinstance(scheduler, Choice) else type(scheduler).__name__
        return f"{scenario.name}-{kind}-{time.strftime('%Y%m%d-%H%M%S')}"
    if not isinstance(given, str) or not _NAME.fullmatch(given):
        raise SpecError(
            "a sweep's name starts with a letter or digit, followed by letters, digits, '_', '-' "
            f"or '.', got {given!r}"
        )
    return given


def _storage(given: Mapping[str, Any]) -> Place:
    named = given.get("storage_path", "results")
    if not isinstance(named, str | Path | Uri):
        raise SpecError(
            f"storage_path must be a folder or a URI that all nodes reach, got {named!r}"
        )
    place = place_of(named)
    return place.absolute() if isinstance(place, Path) else place

"""From the arguments of `tuner.run` to a sweep that can start: every check that needs no cluster.

Whatever is wrong with a call is found here, before Ray starts.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, Unpack

from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from tuner import space as spaces
from tuner.arms import Choice, parse_choice
from tuner.bundles import Shape, check_placement
from tuner.errors import SpecError
from tuner.option_values import plain_options, whole
from tuner.options import SweepOptions, check_option_names
from tuner.pairing import check_pair, check_population
from tuner.places import Place, Uri, place_of
from tuner.remarks import objective_remarks, share_remarks
from tuner.scenario import Scenario, load_scenario
from tuner.scenario.resources import overridden
from tuner.schedulers import (
    SchedulerEntry,
    adopt_scheduler,
    build_scheduler,
    check_scheduler,
    entry_of,
)
from tuner.schedulers.policy import PolicyReplay, locate_sweep, read_policy
from tuner.searchers import (
    adopt_searcher,
    build_searcher,
    check_searcher,
    default_num_samples,
    total_trials,
)
from tuner.seeds import SweepSeeds, new_seed
from tuner.spec import SweepSpec
from tuner.warm_start import WarmStart, gather
from tuner.worker_modes import check_fusion, workable

__all__ = [
    "DEFAULT_SCHEDULER",
    "DEFAULT_SEARCHER",
    "Plan",
    "resolve",
    "resolve_plan",
    "total_of",
]

DEFAULT_SCHEDULER = "freeze_thaw"
"""What schedules where nobody names a scheduler, and trials can pause; ``default`` says the same.

It brings its searcher. Where trials cannot pause, or the searcher is another one, it is ``asha``.
"""
DEFAULT_SEARCHER = "hyperopt"
"""What suggests where a scheduler is named, and no searcher."""

_WITHOUT_PAUSES = "asha"
_DEFAULT = "default"
_LARGEST_GRID = 10_000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Plan:
    """A sweep that can start.

    Attributes:
        spec: What it is, as plain values.
        storage: The folder or URI that holds sweeps; it may have credentials, the spec has none.
        scenario: What is tuned, with the call's overrides.
        scheduler: Ray's scheduler, fresh.
        searcher: Ray's searcher, fresh.
        entry: What is known of the scheduler; None for a user's own kind.
        num_trials: How many trials there will be at most; None for no bound.
        numbers: Those of the trials, from which their seeds follow; none to count from 0.
        warm_start: What the searcher is taught first; None for nothing that is not stored yet.
        remarks: What the user should know, a line each.
    """

    spec: SweepSpec
    storage: Place
    scenario: Scenario
    scheduler: TrialScheduler
    searcher: Searcher
    entry: SchedulerEntry | None
    num_trials: int | None
    numbers: tuple[int, ...] = ()
    warm_start: WarmStart | None = None
    remarks: tuple[str, ...] = ()

    @property
    def bracket(self) -> int | None:
        """How many trials the largest bracket of Ray's HyperBand holds; None for others.

        Other schedulers pause trials until a bracket is filled, and need no more than run.
        """
        scheduler: Any = self.scheduler
        if self.entry is None or self.entry.name != "ray_hyperband":
            return None
        return max(int(scheduler._get_n0(s)) for s in range(scheduler._s_max_1))

    @property
    def copies(self) -> bool:
        """Whether a trial that pauses may go on otherwise: from its checkpoint, and only there."""
        return self.population is not None or isinstance(self.scheduler, PolicyReplay)

    @property
    def population(self) -> int | None:
        """How many trials must exist from the start; None for schedulers without a population."""
        if self.entry is None or not self.entry.population:
            return None
        return self.num_trials


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
        given["scheduler"] = _default_scheduler(_with_overrides(scenario, given), given)
    # A scenario may import torch: what is wrong with a name is said before that.
    scheduler, entry = _choose_scheduler(given["scheduler"])
    if isinstance(scheduler, Choice) and scheduler.name == "pbt_replay":
        scheduler, beginnings = _with_policy(scheduler, given)
        given |= beginnings
    chosen = _with_overrides(load_scenario(scenario), given)
    searcher = _choose_searcher(given.get("searcher"), entry, chosen)
    seed = whole("seed", given.get("seed", new_seed()), at_least=0)
    num_samples = _num_samples(given, searcher, chosen, bounded=bounded)
    num_trials = _total(searcher, chosen, num_samples, given.get("points_to_evaluate", ()))
    _check_size(num_trials, given, bounded=bounded)
    check_pair(scheduler, entry, searcher, chosen)
    check_population(entry, given, num_samples)
    storage = _storage(given.get("storage_path", "results"))
    past = gather(given.get("warm_start", ()), chosen, searcher)
    plain = plain_options(given, chosen, entry)
    asked = plain.pop("worker_mode", SweepSpec.worker_mode)
    worker_mode, obstacle = workable(asked, chosen.trainable)
    check_fusion(plain.get("fuse", 1), chosen, worker_mode)
    remarks = [str(told) for told in (past, obstacle) if told is not None]
    remarks += share_remarks(Shape.of(chosen.resources, chosen.bundles).bundles)
    spec = SweepSpec(
        name=_name(given.get("name"), chosen, scheduler),
        storage_path=str(storage),
        scenario=chosen.name,
        source=chosen.source,
        space=spaces.to_json(dict(chosen.space)),
        metric=chosen.metric,
        mode=chosen.mode,
        time_attr=chosen.time_attr,
        max_t=chosen.max_t,
        grace_period=chosen.grace_period,
        scheduler=_spelled(scheduler),
        searcher=_spelled(searcher),
        seed=seed,
        resources=dict(chosen.resources),
        bundles=chosen.bundles,
        placement=chosen.placement,
        num_samples=num_samples,
        objectives=chosen.objectives,
        own_objectives="metric" in given or "mode" in given,
        own_limits=[name for name in ("max_t", "grace_period", "resources") if name in given],
        warm_start=() if past is None else past.sweeps,
        roles=dict(chosen.roles),
        worker_mode=worker_mode,
        **plain,
    )
    seeds = SweepSeeds.spawn(seed)
    judge = spec.scheduler if entry is None else entry.name
    return Plan(
        spec=spec,
        storage=storage,
        scenario=chosen,
        scheduler=_build_scheduler(scheduler, chosen, seeds.scheduler),
        searcher=_build_searcher(searcher, chosen, spec, seeds.searcher),
        entry=entry,
        num_trials=num_trials,
        warm_start=past,
        remarks=(*remarks, *objective_remarks(chosen.objectives, judge, searcher)),
    )


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


def _default_scheduler(scenario: Scenario, given: Mapping[str, Any]) -> str:
    """Return what schedules where nobody says: what pauses trials, if it can."""
    searcher = given.get("searcher", "mfgp")
    suits = isinstance(searcher, str) and searcher.partition(":")[0] == "mfgp"
    pauses = scenario.saves_checkpoints and scenario.max_t > 1
    return (
        DEFAULT_SCHEDULER if suits and pauses and not _is_enumerated(scenario) else _WITHOUT_PAUSES
    )


def _is_enumerated(scenario: Scenario) -> bool:
    """Whether only random search can draw from the space."""
    return spaces.has_grid(scenario.space) or spaces.has_function(scenario.space)


def _choose_scheduler(
    given: str | TrialScheduler,
) -> tuple[Choice | TrialScheduler, SchedulerEntry | None]:
    if isinstance(given, str):
        choice = parse_choice(given)
        return choice, check_scheduler(choice)
    return given, entry_of(given) if isinstance(given, TrialScheduler) else None


def _with_policy(choice: Choice, given: Mapping[str, Any]) -> tuple[Choice, dict[str, Any]]:
    """Have every trial, a single one unless more are asked for, begin as the policy does.

    Returns:
        The choice, its sweep named by where it lies, and the options that see to it.
    """
    count = whole("num_samples", given.get("num_samples", 1), at_least=1)
    storage = _storage(given.get("storage_path", "results"))
    sweep = locate_sweep(str(choice.options["sweep"]), storage)
    first, *_ = read_policy(sweep, str(choice.options["trial"]))
    located = Choice(choice.name, {**choice.options, "sweep": sweep})
    return located, {"num_samples": count, "points_to_evaluate": [dict(first.config)] * count}


def _choose_searcher(
    given: str | Searcher | None, entry: SchedulerEntry | None, scenario: Scenario
) -> Choice | Searcher:
    if given is not None and not isinstance(given, str):
        return given
    if given is None:
        free = "random" if _is_enumerated(scenario) else DEFAULT_SEARCHER
        given = (entry.searcher if entry else None) or free
    choice = parse_choice(given)
    check_searcher(choice, scenario.space)
    return choice


def _num_samples(
    given: Mapping[str, Any], searcher: Choice | Searcher, scenario: Scenario, *, bounded: bool
) -> int | None:
    wanted = given.get("num_samples")
    if wanted == -1:
        if given.get("time_budget_s") is None and not bounded:
            raise SpecError("num_samples=-1 never ends; give time_budget_s as well")
        return None
    if wanted is not None:
        return whole("num_samples", wanted, at_least=1)
    if bounded:
        return None
    if isinstance(searcher, Choice):
        return default_num_samples(searcher, scenario.space)
    return 32


def _check_size(num_trials: int | None, given: Mapping[str, Any], *, bounded: bool) -> None:
    """Refuse a grid that nobody can have meant; whoever names a number or a time means it."""
    named = given.get("num_samples") is not None or given.get("time_budget_s") is not None
    meant = bounded or named
    if num_trials is not None and num_trials > _LARGEST_GRID and not meant:
        raise SpecError(
            f"the grid has {num_trials:,} combinations; name num_samples or time_budget_s, take "
            "fewer points (grid:points=2), or use hyperopt or random"
        )


def _total(
    searcher: Choice | Searcher,
    scenario: Scenario,
    num_samples: int | None,
    points: Sequence[Mapping[str, Any]],
) -> int | None:
    if isinstance(searcher, Choice):
        return total_trials(searcher, scenario.space, num_samples, points)
    return num_samples


def total_of(stored: SweepSpec, scenario: Scenario) -> int | None:
    """Return how many trials a stored sweep was to have, at most; None for no bound."""
    if "." in stored.searcher.partition(":")[0]:  # an object of the user's
        return stored.num_samples
    points = stored.points_to_evaluate or ()
    return _total(parse_choice(stored.searcher), scenario, stored.num_samples, points)


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


def _storage(given: str | Path | Uri) -> Place:
    if not isinstance(given, str | Path | Uri):
        raise SpecError(
            f"storage_path must be a folder or a URI that all nodes reach, got {given!r}"
        )
    place = place_of(given)
    return place.absolute() if isinstance(place, Path) else place


def _spelled(choice: Choice | TrialScheduler | Searcher) -> str:
    if isinstance(choice, Choice):
        return str(choice)
    return f"{type(choice).__module__}.{type(choice).__qualname__}"


def _build_scheduler(
    choice: Choice | TrialScheduler, scenario: Scenario, seed: int
) -> TrialScheduler:
    if isinstance(choice, Choice):
        return build_scheduler(choice, scenario, seed=seed)
    return adopt_scheduler(choice, scenario)


def _build_searcher(
    choice: Choice | Searcher, scenario: Scenario, spec: SweepSpec, seed: int
) -> Searcher:
    if isinstance(choice, Choice):
        return build_searcher(
            choice,
            scenario.space,
            metric=scenario.metric,
            mode=scenario.mode,
            seed=seed,
            time_attr=scenario.time_attr,
            max_t=scenario.max_t,
            points_to_evaluate=spec.points_to_evaluate or None,
            num_samples=spec.num_samples,
            constraint=scenario.constraint,
            objectives=scenario.objectives,
        )
    if spec.points_to_evaluate:
        raise SpecError("points_to_evaluate go to a searcher chosen by name; give them to yours")
    return adopt_searcher(
        choice,
        scenario.space,
        metric=scenario.metric,
        mode=scenario.mode,
        constraint=scenario.constraint,
        objectives=scenario.objectives,
    )

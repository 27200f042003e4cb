"""Schedulers by name: what each is, what it needs, and how it is built from a scenario."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    FIFOScheduler,
    HyperBandForBOHB,
    HyperBandScheduler,
    MedianStoppingRule,
    TrialScheduler,
)

from tuner.arms import Choice
from tuner.errors import SpecError, nearest
from tuner.scenario import Scenario
from tuner.schedulers.pbt import build_pbt
from tuner.schedulers.supervisor import is_used

__all__ = [
    "SCHEDULERS",
    "SchedulerEntry",
    "adopt_scheduler",
    "build_scheduler",
    "check_scheduler",
    "entry_of",
]

_SET_BY_SCENARIO = frozenset(
    {"self", "time_attr", "metric", "mode", "hyperparam_mutations", "hyperparam_bounds"}
)


@dataclass(frozen=True)
class SchedulerEntry:
    """A scheduler that can be chosen by name.

    Attributes:
        name: Its spelling in an arm.
        ray_class: Where the Ray class behind it is, ``module:name``; imported on demand, since
            PB2's brings scikit-learn along.
        summary: What it does, in a line.
        source: Where it is from.
        build: Makes it from a scenario and keywords.
        needs_checkpoints: Whether it pauses or copies trials.
        pausing_options: Keywords that make it do so where it does not by itself.
        population: Whether all its trials have to exist from the start.
        searcher: The only searcher that works with it, if there is only one.
    """

    name: str
    ray_class: str
    summary: str
    source: str
    build: Callable[[Scenario, Mapping[str, Any]], TrialScheduler]
    needs_checkpoints: bool = False
    pausing_options: frozenset[str] = frozenset()
    population: bool = False
    searcher: str | None = None


def _build_fifo(scenario: Scenario, options: Mapping[str, Any]) -> TrialScheduler:
    return FIFOScheduler()


def _build_asha(scenario: Scenario, options: Mapping[str, Any]) -> TrialScheduler:
    defaults = {"max_t": scenario.max_t, "grace_period": scenario.grace_period}
    return AsyncHyperBandScheduler(**_common(scenario), **{**defaults, **options})


def _build_hyperband(scenario: Scenario, options: Mapping[str, Any]) -> TrialScheduler:
    return HyperBandScheduler(**_common(scenario), **{"max_t": scenario.max_t, **options})


def _build_bohb(scenario: Scenario, options: Mapping[str, Any]) -> TrialScheduler:
    return HyperBandForBOHB(**_common(scenario), **{"max_t": scenario.max_t, **options})


def _build_median(scenario: Scenario, options: Mapping[str, Any]) -> TrialScheduler:
    # Ray's rule pauses a trial whenever another one waits for a slot and there are too few
    # samples yet; an endless time slice keeps it to its one job, stopping.
    defaults = {"grace_period": scenario.grace_period, "min_time_slice": float("inf")}
    return MedianStoppingRule(**_common(scenario), **{**defaults, **options})


def _build_pb2(scenario: Scenario, options: Mapping[str, Any]) -> TrialScheduler:
    from tuner.schedulers.pb2 import build_pb2  # brings scikit-learn along: a second

    return build_pb2(scenario, options)


def _common(scenario: Scenario) -> dict[str, Any]:
    return {"time_attr": scenario.time_attr, "metric": scenario.metric, "mode": scenario.mode}


_ENTRIES = (
    SchedulerEntry(
        "fifo",
        "ray.tune.schedulers.trial_scheduler:FIFOScheduler",
        "runs every trial to max_t",
        "",
        _build_fifo,
    ),
    SchedulerEntry(
        "asha",
        "ray.tune.schedulers.async_hyperband:AsyncHyperBandScheduler",
        "stops a trial at a rung unless it is in the best 1/reduction_factor seen there",
        "Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning (1810.05934)",
        _build_asha,
    ),
    SchedulerEntry(
        "hyperband",
        "ray.tune.schedulers.hyperband:HyperBandScheduler",
        "brackets of successive halving, each with its own trade of trials against time",
        "Li et al. 2018, Hyperband (1603.06560)",
        _build_hyperband,
        needs_checkpoints=True,
    ),
    SchedulerEntry(
        "median",
        "ray.tune.schedulers.median_stopping_rule:MedianStoppingRule",
        "stops a trial whose best is worse than the median of the others' running means",
        "Golovin et al. 2017, Google Vizier, section 3.2.2",
        _build_median,
        pausing_options=frozenset({"hard_stop", "min_time_slice"}),
    ),
    SchedulerEntry(
        "pbt",
        "ray.tune.schedulers.pbt:PopulationBasedTraining",
        "the worst of a population copy the best and perturb their hyperparameters",
        "Jaderberg et al. 2017, Population Based Training (1711.09846)",
        build_pbt,
        needs_checkpoints=True,
        population=True,
        searcher="random",
    ),
    SchedulerEntry(
        "pb2",
        "ray.tune.schedulers.pb2:PB2",
        "PBT whose perturbations are chosen by a Gaussian process bandit",
        "Parker-Holder et al. 2020, Population-Based Bandits (2002.02518)",
        _build_pb2,
        needs_checkpoints=True,
        population=True,
        searcher="random",
    ),
    SchedulerEntry(
        "bohb",
        "ray.tune.schedulers.hb_bohb:HyperBandForBOHB",
        "HyperBand whose brackets are filled by the BOHB searcher",
        "Falkner et al. 2018, BOHB (1807.01774)",
        _build_bohb,
        needs_checkpoints=True,
        searcher="bohb",
    ),
)

SCHEDULERS: Mapping[str, SchedulerEntry] = MappingProxyType({e.name: e for e in _ENTRIES})


def check_scheduler(choice: Choice) -> SchedulerEntry:
    """Return the entry of a scheduler's name after checking its keywords.

    Raises:
        SpecError: Unknown name or keyword.
    """
    entry = SCHEDULERS.get(choice.name)
    if entry is None:
        raise SpecError(f"unknown scheduler {choice.name!r}{nearest(choice.name, SCHEDULERS)}")
    known = _keywords(entry)
    for keyword in choice.options:
        if keyword not in known:
            hint = nearest(keyword, known) if known else "; it takes none"
            raise SpecError(f"unknown keyword {keyword!r} of scheduler {entry.name!r}{hint}")
    return entry


def build_scheduler(choice: Choice, scenario: Scenario) -> TrialScheduler:
    """Return the Ray scheduler that ``choice`` names, set up for ``scenario``.

    Raises:
        SpecError: Unknown name or keyword, or a value that Ray's scheduler refuses.
    """
    entry = check_scheduler(choice)
    try:
        return entry.build(scenario, choice.options)
    except SpecError:
        raise
    except Exception as refusal:  # Ray refuses with AssertionError, ValueError or TypeError
        raise SpecError(
            f"scheduler {str(choice)!r} is refused for max_t={scenario.max_t}, "
            f"grace_period={scenario.grace_period}: {refusal}"
        ) from refusal


def adopt_scheduler(scheduler: TrialScheduler, scenario: Scenario) -> TrialScheduler:
    """Return a Ray scheduler that a user built, its metric and mode set from the scenario.

    Raises:
        SpecError: It is not a Ray scheduler, was built for another metric or mode, or has served
            a sweep already.
    """
    if not isinstance(scheduler, TrialScheduler):
        raise SpecError(f"scheduler must be a name or a ray.tune TrialScheduler, got {scheduler!r}")
    if is_used(scheduler):
        raise SpecError(
            f"a scheduler object serves one sweep, and this {type(scheduler).__name__} has served "
            "one: it still holds that sweep's trials; build a new one"
        )
    own = {"metric": scheduler.metric, "mode": getattr(scheduler, "_mode", None)}
    for key, value in own.items():
        wanted = getattr(scenario, key)
        if value is not None and value != wanted:
            raise SpecError(
                f"the scheduler was built with {key}={value!r} and the scenario has {wanted!r}; "
                "leave it out of the scheduler"
            )
    missing = {key: getattr(scenario, key) for key, value in own.items() if value is None}
    scheduler.set_search_properties(missing.get("metric"), missing.get("mode"))
    return scheduler


def entry_of(scheduler: TrialScheduler) -> SchedulerEntry | None:
    """Return the entry whose Ray class ``scheduler`` is closest to, or None for an own kind."""
    lineage = [f"{kind.__module__}:{kind.__qualname__}" for kind in type(scheduler).__mro__]
    found = [entry for entry in _ENTRIES if entry.ray_class in lineage]
    return min(found, key=lambda entry: lineage.index(entry.ray_class), default=None)


def _keywords(entry: SchedulerEntry) -> set[str]:
    ray_class = pkgutil.resolve_name(entry.ray_class)
    parameters = inspect.signature(ray_class.__init__).parameters.values()
    named = {p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}
    return named - _SET_BY_SCENARIO

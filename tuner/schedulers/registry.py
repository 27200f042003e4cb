"""Schedulers by name: what each is, what it needs, and how it is built from a scenario."""

from __future__ import annotations

import inspect
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ray.tune.schedulers import (
    FIFOScheduler,
    HyperBandForBOHB,
    HyperBandScheduler,
    TrialScheduler,
)

from tuner.arms import Choice
from tuner.errors import SpecError, nearest
from tuner.scenario import Scenario
from tuner.schedulers.asha import ASHA
from tuner.schedulers.bohb import BOHBScheduler
from tuner.schedulers.freeze_thaw import FreezeThaw
from tuner.schedulers.hyperband import HyperBand
from tuner.schedulers.median import MedianStopping
from tuner.schedulers.pbt import build_pbt
from tuner.schedulers.policy import build_policy_replay
from tuner.schedulers.promotion import PromotionASHA
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
    {
        *("self", "time_attr", "metric", "mode", "max_t", "seed", "policy"),
        *("hyperparam_mutations", "hyperparam_bounds"),
    }
)


_Build = Callable[[Scenario, Mapping[str, Any], int], TrialScheduler]


@dataclass(frozen=True)
class SchedulerEntry:
    """A scheduler that can be chosen by name.

    Attributes:
        name: Its spelling in an arm.
        ray_class: Where its class is, ``module:name``, or Ray's that its class derives from;
            imported on demand, since PB2's brings scikit-learn along.
        summary: What it does, in a line.
        source: Where it is from.
        build: Makes it from a scenario, keywords and a seed.
        needs_checkpoints: Whether it pauses or copies trials.
        pausing_options: Keywords that make it do so where it does not by itself.
        population: Whether all its trials have to exist from the start.
        searcher: The only searcher that works with it, if there is only one.
        required: Keywords of `build`, and not of the class, that have to be given.
    """

    name: str
    ray_class: str
    summary: str
    source: str
    build: _Build
    needs_checkpoints: bool = False
    pausing_options: frozenset[str] = frozenset()
    population: bool = False
    searcher: str | None = None
    required: frozenset[str] = frozenset()


def _build_fifo(scenario: Scenario, options: Mapping[str, Any], seed: int) -> TrialScheduler:
    return FIFOScheduler()


def _build_asha(scenario: Scenario, options: Mapping[str, Any], seed: int) -> TrialScheduler:
    return ASHA(**_common(scenario), **{**_ladder(scenario), **options}, seed=seed)


def _build_asha_promotion(
    scenario: Scenario, options: Mapping[str, Any], seed: int
) -> TrialScheduler:
    return PromotionASHA(**_common(scenario), **{**_ladder(scenario), **options}, seed=seed)


def _build_freeze_thaw(scenario: Scenario, options: Mapping[str, Any], seed: int) -> TrialScheduler:
    # Two rungs: what is said before a ninth of a training says little of its end.
    ratio = options.get("reduction_factor", 3)
    lowest = max(scenario.grace_period, math.ceil(scenario.max_t / max(ratio, 1) ** 2))
    ladder = {**_ladder(scenario), "grace_period": lowest}
    return FreezeThaw(**_common(scenario), **{**ladder, **options}, seed=seed)


def _brackets_of(kind: Callable[..., TrialScheduler]) -> _Build:
    """Return how HyperBand or a kin is built, which draw nothing; Ray's knows no grace period."""
    own = issubclass(kind, HyperBand) if isinstance(kind, type) else False

    def build(scenario: Scenario, options: Mapping[str, Any], seed: int) -> TrialScheduler:
        defaults = {"grace_period": scenario.grace_period} if own else {}
        return kind(**_common(scenario), max_t=scenario.max_t, **{**defaults, **options})

    return build


def _build_median(scenario: Scenario, options: Mapping[str, Any], seed: int) -> TrialScheduler:
    # The rule pauses a trial whenever another one waits for a slot and there are too few
    # samples yet; an endless time slice keeps it to its one job, stopping.
    defaults = {"grace_period": scenario.grace_period, "min_time_slice": float("inf")}
    return MedianStopping(**_common(scenario), **{**defaults, **options})


def _build_pb2(scenario: Scenario, options: Mapping[str, Any], seed: int) -> TrialScheduler:
    from tuner.schedulers.pb2 import build_pb2  # brings scikit-learn along: a second

    return build_pb2(scenario, options, seed)


def _ladder(scenario: Scenario) -> dict[str, Any]:
    return {"max_t": scenario.max_t, "grace_period": scenario.grace_period}


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
        "asha_promotion",
        "tuner.schedulers.promotion:PromotionASHA",
        "pauses each trial at each rung, and promotes the best 1/reduction_factor there",
        "Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning, algorithm 2",
        _build_asha_promotion,
        needs_checkpoints=True,
    ),
    SchedulerEntry(
        "freeze_thaw",
        "tuner.schedulers.freeze_thaw:FreezeThaw",
        "pauses each trial at each rung, and promotes those of which searcher mfgp expects most",
        "Swersky et al. 2014, Freeze-Thaw Bayesian Optimization (1406.3896), over ASHA's rungs",
        _build_freeze_thaw,
        needs_checkpoints=True,
        searcher="mfgp",
    ),
    SchedulerEntry(
        "hyperband",
        "tuner.schedulers.hyperband:HyperBand",
        "brackets of successive halving, each with its own trade of trials against time",
        "Li et al. 2018, Hyperband (1603.06560), algorithm 1",
        _brackets_of(HyperBand),
        needs_checkpoints=True,
    ),
    SchedulerEntry(
        "ray_hyperband",
        "ray.tune.schedulers.hyperband:HyperBandScheduler",
        "Ray's HyperBand as it is: the least aggressive bracket first",
        "Li et al. 2018, Hyperband (1603.06560)",
        _brackets_of(HyperBandScheduler),
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
        "pbt_replay",
        "tuner.schedulers.policy:PolicyReplay",
        "trains again by the schedule of hyperparameters that a trial of pbt or pb2 came by",
        "Jaderberg et al. 2017, Population Based Training (1711.09846), section 4.4",
        build_policy_replay,
        needs_checkpoints=True,
        searcher="random",
        required=frozenset({"sweep", "trial"}),
    ),
    SchedulerEntry(
        "bohb",
        "tuner.schedulers.bohb:BOHBScheduler",
        "HyperBand whose brackets are filled by the BOHB searcher",
        "Falkner et al. 2018, BOHB (1807.01774)",
        _brackets_of(BOHBScheduler),
        needs_checkpoints=True,
        searcher="bohb",
    ),
    SchedulerEntry(
        "ray_bohb",
        "ray.tune.schedulers.hb_bohb:HyperBandForBOHB",
        "Ray's HyperBand for BOHB as it is",
        "Falkner et al. 2018, BOHB (1807.01774)",
        _brackets_of(HyperBandForBOHB),
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
    for keyword, value in choice.options.items():
        if keyword == "max_t":
            raise SpecError(
                f"where trials end is the sweep's to say, got {entry.name}:max_t={value!r}; name "
                "max_t beside the scheduler (--max-t, max_t=)"
            )
        if keyword not in known:
            hint = nearest(keyword, known) if known else "; it takes none"
            raise SpecError(f"unknown keyword {keyword!r} of scheduler {entry.name!r}{hint}")
        _check_kind(f"{entry.name}:{keyword}", value, known[keyword])
    missing = sorted(entry.required - choice.options.keys())
    if missing:
        spelled = ",".join(f"{keyword}=..." for keyword in sorted(entry.required))
        raise SpecError(
            f"scheduler {entry.name!r} needs {' and '.join(missing)}; write {entry.name}:{spelled}"
        )
    return entry


def build_scheduler(choice: Choice, scenario: Scenario, *, seed: int = 0) -> TrialScheduler:
    """Return the scheduler that ``choice`` names, set up for ``scenario``.

    Args:
        choice: Its name and keywords.
        scenario: What is tuned.
        seed: Seeds its draws, where it makes any; ``0 <= seed < 2**32``.

    Raises:
        SpecError: Unknown name or keyword, or a value that Ray's scheduler refuses.
    """
    entry = check_scheduler(choice)
    try:
        return entry.build(scenario, choice.options, seed)
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


def _keywords(entry: SchedulerEntry) -> Mapping[str, inspect.Parameter | None]:
    """Return what can be said of a scheduler by keyword; None where its class does not tell."""
    ray_class = pkgutil.resolve_name(entry.ray_class)
    parameters = inspect.signature(ray_class.__init__).parameters
    named = {
        name: parameter
        for name, parameter in parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and name not in _SET_BY_SCENARIO
    }
    return {**named, **dict.fromkeys(entry.required)}


def _check_kind(place: str, value: Any, parameter: inspect.Parameter | None) -> None:
    """Refuse what a class would take for true, and what is to be called and is no function."""
    if parameter is None:
        return
    if isinstance(parameter.default, bool) and not isinstance(value, bool):
        raise SpecError(f"{place} must be true or false, got {value!r}")
    if "Callable" in str(parameter.annotation):
        raise SpecError(
            f"{place} takes a function, which cannot be spelled, got {value!r}: build the "
            "scheduler in Python and pass the instance"
        )

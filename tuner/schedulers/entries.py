"""The schedulers that have names: what each is, what it needs, and how it is built."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ray.tune.schedulers import (
    FIFOScheduler,
    HyperBandForBOHB,
    HyperBandScheduler,
    TrialScheduler,
)

from tuner.scenario import Scenario
from tuner.schedulers.asha import ASHA
from tuner.schedulers.bohb import BOHBScheduler
from tuner.schedulers.freeze_thaw import FreezeThaw
from tuner.schedulers.hyperband import HyperBand
from tuner.schedulers.median import MedianStopping
from tuner.schedulers.pbt import build_pbt
from tuner.schedulers.policy import build_policy_replay
from tuner.schedulers.promotion import PromotionASHA

__all__ = ["ENTRIES", "SchedulerEntry"]

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
        use: When to choose it.
        parallel: What becomes of trials that run at once.
        needs_checkpoints: Whether it pauses or copies trials.
        pausing_options: Keywords that make it do so where it does not by itself.
        population: Whether all its trials have to exist from the start.
        searcher: The only searcher that works with it, if there is only one.
        required: Keywords of `build`, and not of the class, that have to be given, with their
            meanings.
        own_class: Where the class is that `build` makes, if that is not ``ray_class``.
        defaults: Defaults, in words, that `build` has in place of the class's.
    """

    name: str
    ray_class: str
    summary: str
    source: str
    build: _Build
    use: str
    parallel: str
    needs_checkpoints: bool = False
    pausing_options: frozenset[str] = frozenset()
    population: bool = False
    searcher: str | None = None
    required: Mapping[str, str] = field(default_factory=dict)
    own_class: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)


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


_SCENARIOS = {"grace_period": "the scenario's"}
_POPULATIONS = {"perturbation_interval": "a tenth of max_t"}
_NO_WAIT = "nothing waits"
_HYPERBAND_WAITS = "a bracket waits for its trials at each rung; others use the slots meanwhile"
_POPULATION_WAITS = "all at once, or by turns where there are fewer slots than trials"

ENTRIES = (
    SchedulerEntry(
        "fifo",
        "ray.tune.schedulers.trial_scheduler:FIFOScheduler",
        "runs each trial to the end",
        "",
        _build_fifo,
        use="where every curve is wanted",
        parallel="trials know nothing of each other",
    ),
    SchedulerEntry(
        "asha",
        "ray.tune.schedulers.async_hyperband:AsyncHyperBandScheduler",
        "stops a trial at a rung unless it is in the best 1/reduction_factor seen there",
        "Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning (1810.05934)",
        _build_asha,
        use="by default, where trials cannot pause, and with a searcher of your choice",
        parallel="nothing waits; whoever comes early passes more easily",
        own_class="tuner.schedulers.asha:ASHA",
        defaults=_SCENARIOS,
    ),
    SchedulerEntry(
        "asha_promotion",
        "tuner.schedulers.promotion:PromotionASHA",
        "pauses each trial at each rung, and promotes the best 1/reduction_factor there",
        "Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning (1810.05934), "
        "algorithm 2",
        _build_asha_promotion,
        use="where nobody shall win by coming early",
        parallel="nothing waits; a free slot promotes first, and starts what is new second",
        needs_checkpoints=True,
        defaults=_SCENARIOS,
    ),
    SchedulerEntry(
        "freeze_thaw",
        "tuner.schedulers.freeze_thaw:FreezeThaw",
        "pauses each trial at a ninth and a third of max_t, and lets that one go on of which mfgp "
        "expects most at max_t, unless a new one promises 4.5 times as much",
        "Swersky et al. 2014, Freeze-Thaw Bayesian Optimization (1406.3896), over ASHA's rungs",
        _build_freeze_thaw,
        use="by default, where trials can pause",
        parallel="a free slot asks for a new trial first; once num_samples are there, as "
        "asha_promotion",
        needs_checkpoints=True,
        searcher="mfgp",
        defaults={"grace_period": "the scenario's, or max_t / reduction_factor², if that is more"},
    ),
    SchedulerEntry(
        "hyperband",
        "tuner.schedulers.hyperband:HyperBand",
        "brackets of successive halving, the most aggressive first; the last one fits num_samples",
        "Li et al. 2018, Hyperband (1603.06560), algorithm 1",
        _brackets_of(HyperBand),
        use="where nobody knows how much early reports tell",
        parallel=_HYPERBAND_WAITS,
        needs_checkpoints=True,
        defaults=_SCENARIOS,
    ),
    SchedulerEntry(
        "ray_hyperband",
        "ray.tune.schedulers.hyperband:HyperBandScheduler",
        "Ray's HyperBand as it is: the least aggressive bracket first",
        "Li et al. 2018, Hyperband (1603.06560)",
        _brackets_of(HyperBandScheduler),
        use="to compare with Ray's",
        parallel=_HYPERBAND_WAITS,
        needs_checkpoints=True,
    ),
    SchedulerEntry(
        "median",
        "ray.tune.schedulers.median_stopping_rule:MedianStoppingRule",
        "stops a trial whose best is worse than the median of the others' running means",
        "Golovin et al. 2017, Google Vizier (https://doi.org/10.1145/3097983.3098043), "
        "section 3.2.2",
        _build_median,
        use="for curves of one shape",
        parallel=_NO_WAIT,
        pausing_options=frozenset({"hard_stop", "min_time_slice"}),
        own_class="tuner.schedulers.median:MedianStopping",
        defaults={**_SCENARIOS, "min_time_slice": "inf"},
    ),
    SchedulerEntry(
        "pbt",
        "ray.tune.schedulers.pbt:PopulationBasedTraining",
        "the worst of a population copy the best and perturb their hyperparameters",
        "Jaderberg et al. 2017, Population Based Training (1711.09846)",
        build_pbt,
        use="where hyperparameters should change while a model trains",
        parallel=_POPULATION_WAITS,
        needs_checkpoints=True,
        population=True,
        searcher="random",
        own_class="tuner.schedulers.pbt:PBT",
        defaults=_POPULATIONS,
    ),
    SchedulerEntry(
        "pb2",
        "ray.tune.schedulers.pb2:PB2",
        "PBT whose perturbations a Gaussian process bandit chooses",
        "Parker-Holder et al. 2020, Population-Based Bandits (2002.02518)",
        _build_pb2,
        use="as pbt, with few trials",
        parallel=_POPULATION_WAITS,
        needs_checkpoints=True,
        population=True,
        searcher="random",
        own_class="tuner.schedulers.pb2:PB2",
        defaults=_POPULATIONS,
    ),
    SchedulerEntry(
        "pbt_replay",
        "tuner.schedulers.policy:PolicyReplay",
        "trains by the schedule of hyperparameters that a trial of pbt or pb2 came by",
        "Jaderberg et al. 2017, Population Based Training (1711.09846), section 4.4",
        build_policy_replay,
        use="to train by that schedule again",
        parallel="trials know nothing of each other",
        needs_checkpoints=True,
        searcher="random",
        required={
            "sweep": "The sweep of the population: its folder or URI.",
            "trial": "The id of the trial.",
        },
    ),
    SchedulerEntry(
        "bohb",
        "tuner.schedulers.bohb:BOHBScheduler",
        "HyperBand whose brackets the searcher bohb fills",
        "Falkner et al. 2018, BOHB (1807.01774)",
        _brackets_of(BOHBScheduler),
        use="for few hyperparameters, most of them numbers",
        parallel=_HYPERBAND_WAITS,
        needs_checkpoints=True,
        searcher="bohb",
        defaults=_SCENARIOS,
    ),
    SchedulerEntry(
        "ray_bohb",
        "ray.tune.schedulers.hb_bohb:HyperBandForBOHB",
        "Ray's HyperBand for BOHB as it is",
        "Falkner et al. 2018, BOHB (1807.01774)",
        _brackets_of(HyperBandForBOHB),
        use="to compare with Ray's",
        parallel=_HYPERBAND_WAITS,
        needs_checkpoints=True,
        searcher="bohb",
    ),
)
"""Every scheduler that has a name."""

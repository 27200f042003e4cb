"""Which schedulers, searchers and scenarios work together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from tuner.arms import Choice
from tuner.errors import SpecError
from tuner.scenario import Scenario
from tuner.schedulers import SchedulerEntry

__all__ = ["check_pair", "check_population"]


def check_pair(
    scheduler: Choice | TrialScheduler,
    entry: SchedulerEntry | None,
    searcher: Choice | Searcher,
    scenario: Scenario,
) -> None:
    """Refuse a scheduler and a searcher that cannot work together, or not on this scenario.

    Args:
        scheduler: A checked choice, or an object.
        entry: What is known of the scheduler; nothing is refused for a user's own kind.
        searcher: A checked choice, or an object.
        scenario: What is tuned.

    Raises:
        SpecError: With what would work.
    """
    if entry is None:
        return
    name = searcher.name if isinstance(searcher, Choice) else type(searcher).__name__
    options = scheduler.options if isinstance(scheduler, Choice) else {}
    pauses = entry.needs_checkpoints or bool(entry.pausing_options & options.keys())
    if pauses and not scenario.saves_checkpoints:
        raise SpecError(
            f"{entry.name} pauses or copies trials, and scenario {scenario.name!r} does not save "
            "checkpoints, so each would start again; use asha, median or fifo, or derive the "
            "trainable from tuner.EpochTrainable (a function that saves says checkpoints=True)"
        )
    is_bohb = name in ("bohb", "TuneBOHB")
    if entry.searcher == "bohb" and not is_bohb:
        raise SpecError(
            f"scheduler {entry.name} feeds the bohb searcher, got searcher {name!r}; use "
            f"{entry.name}+bohb, or hyperband+{name}"
        )
    if entry.searcher == "mfgp" and name not in ("mfgp", "MultiFidelitySearcher"):
        raise SpecError(
            f"scheduler {entry.name} asks the mfgp searcher which trials promise most, got "
            f"searcher {name!r}; use {entry.name}+mfgp, or asha_promotion+{name}"
        )
    if is_bohb and entry.searcher != "bohb":
        raise SpecError(
            f"searcher bohb learns from bohb's brackets, got scheduler {entry.name!r}; use "
            f"bohb+bohb, or {entry.name}+hyperopt"
        )
    if entry.population and name != "random":
        raise SpecError(
            f"{entry.name} searches by itself, starting from random draws, got searcher {name!r}; "
            f"use {entry.name}+random, or asha+{name}"
        )


def check_population(
    entry: SchedulerEntry | None, given: Mapping[str, Any], num_samples: int | None
) -> None:
    """Refuse a size of which no population can be made.

    Args:
        entry: What is known of the scheduler.
        given: The options of the sweep, as they were given.
        num_samples: How many trials they come to; None for no bound.

    Raises:
        SpecError: It is too small, unbounded, or not all of it may run.
    """
    if entry is None or not entry.population:
        return
    bound = given.get("max_concurrent_trials")
    if num_samples is None or num_samples < 2:
        raise SpecError(
            f"{entry.name} needs a population of at least 2 trials, got "
            f"num_samples={given.get('num_samples')}; name its size, e.g. num_samples=8"
        )
    if bound is not None and bound < num_samples:
        raise SpecError(
            f"{entry.name} keeps its whole population going, got max_concurrent_trials={bound} "
            f"for num_samples={num_samples}; leave max_concurrent_trials out: trials beyond the "
            "cluster's slots take turns"
        )

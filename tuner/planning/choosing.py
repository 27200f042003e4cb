"""Which scheduler and searcher a sweep has, from names or from objects of Ray's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from tuner import space as spaces
from tuner.arms import Choice, parse_choice
from tuner.errors import SpecError
from tuner.option_values import whole
from tuner.places import Place
from tuner.scenario import Scenario
from tuner.schedulers import (
    SchedulerEntry,
    adopt_scheduler,
    build_scheduler,
    check_scheduler,
    entry_of,
)
from tuner.schedulers.policy import locate_sweep, read_policy
from tuner.searchers import adopt_searcher, build_searcher, check_searcher
from tuner.spec import SweepSpec

__all__ = [
    "DEFAULT_SCHEDULER",
    "DEFAULT_SEARCHER",
    "choose_scheduler",
    "choose_searcher",
    "default_scheduler",
    "make_scheduler",
    "make_searcher",
    "spelled",
    "with_policy",
]

DEFAULT_SCHEDULER = "freeze_thaw"
"""What schedules where nobody names a scheduler, and trials can pause; ``default`` says the same.

It brings its searcher. Where trials cannot pause, or the searcher is another one, it is ``asha``.
"""
DEFAULT_SEARCHER = "hyperopt"
"""What suggests where a scheduler is named, and no searcher."""

_WITHOUT_PAUSES = "asha"


def default_scheduler(scenario: Scenario, given: Mapping[str, Any]) -> str:
    """Return what schedules where nobody says: what pauses trials, if it can.

    Args:
        scenario: What is tuned, with the call's overrides.
        given: The options of the call.
    """
    searcher = given.get("searcher", "mfgp")
    suits = isinstance(searcher, str) and searcher.partition(":")[0] == "mfgp"
    pauses = scenario.saves_checkpoints and scenario.max_t > 1
    return (
        DEFAULT_SCHEDULER if suits and pauses and not _is_enumerated(scenario) else _WITHOUT_PAUSES
    )


def _is_enumerated(scenario: Scenario) -> bool:
    """Whether only random search can draw from the space."""
    return spaces.has_grid(scenario.space) or spaces.has_function(scenario.space)


def choose_scheduler(
    given: str | TrialScheduler,
) -> tuple[Choice | TrialScheduler, SchedulerEntry | None]:
    """Return the scheduler that is named or given, and what is known of it."""
    if isinstance(given, str):
        choice = parse_choice(given)
        return choice, check_scheduler(choice)
    return given, entry_of(given) if isinstance(given, TrialScheduler) else None


def with_policy(
    choice: Choice, given: Mapping[str, Any], storage: Place
) -> tuple[Choice, dict[str, Any]]:
    """Have every trial, a single one unless more are asked for, begin as the policy does.

    Args:
        choice: A scheduler that replays a policy.
        given: The options of the call.
        storage: Where a sweep that is named alone is looked for.

    Returns:
        The choice, its sweep named by where it lies, and the options that see to it.
    """
    count = whole("num_samples", given.get("num_samples", 1), at_least=1)
    sweep = locate_sweep(str(choice.options["sweep"]), storage)
    first, *_ = read_policy(sweep, str(choice.options["trial"]))
    located = Choice(choice.name, {**choice.options, "sweep": sweep})
    return located, {"num_samples": count, "points_to_evaluate": [dict(first.config)] * count}


def choose_searcher(
    given: str | Searcher | None, entry: SchedulerEntry | None, scenario: Scenario
) -> Choice | Searcher:
    """Return the searcher that is named or given, or the one that suits the rest."""
    if given is not None and not isinstance(given, str):
        return given
    if given is None:
        free = "random" if _is_enumerated(scenario) else DEFAULT_SEARCHER
        given = (entry.searcher if entry else None) or free
    choice = parse_choice(given)
    check_searcher(choice, scenario.space)
    return choice


def spelled(choice: Choice | TrialScheduler | Searcher) -> str:
    """Return what a spec says of a scheduler or searcher: its name, or its class."""
    if isinstance(choice, Choice):
        return str(choice)
    return f"{type(choice).__module__}.{type(choice).__qualname__}"


def make_scheduler(
    choice: Choice | TrialScheduler, scenario: Scenario, seed: int
) -> TrialScheduler:
    """Return Ray's scheduler for a choice, or an object of the user's, looked over."""
    if isinstance(choice, Choice):
        return build_scheduler(choice, scenario, seed=seed)
    return adopt_scheduler(choice, scenario)


def make_searcher(
    choice: Choice | Searcher, scenario: Scenario, spec: SweepSpec, seed: int
) -> Searcher:
    """Return Ray's searcher for a choice, or an object of the user's, looked over."""
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

"""Schedulers by name: their keywords checked, and built for a scenario."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ray.tune.schedulers import TrialScheduler

from tuner.arms import Choice
from tuner.errors import SpecError, nearest
from tuner.scenario import Scenario
from tuner.schedulers.entries import ENTRIES, SchedulerEntry
from tuner.schedulers.supervisor import is_used

__all__ = [
    "SCHEDULERS",
    "SchedulerEntry",
    "adopt_scheduler",
    "build_scheduler",
    "check_scheduler",
    "entry_of",
    "keywords_of",
]

_SET_BY_SCENARIO = frozenset(
    {
        *("self", "time_attr", "metric", "mode", "max_t", "seed", "policy"),
        *("hyperparam_mutations", "hyperparam_bounds"),
    }
)

SCHEDULERS: Mapping[str, SchedulerEntry] = MappingProxyType({e.name: e for e in ENTRIES})


def check_scheduler(choice: Choice) -> SchedulerEntry:
    """Return the entry of a scheduler's name after checking its keywords.

    Raises:
        SpecError: Unknown name or keyword.
    """
    entry = SCHEDULERS.get(choice.name)
    if entry is None:
        raise SpecError(f"unknown scheduler {choice.name!r}{nearest(choice.name, SCHEDULERS)}")
    known = keywords_of(entry)
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
    missing = sorted(entry.required.keys() - choice.options.keys())
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
    found = [entry for entry in ENTRIES if entry.ray_class in lineage]
    return min(found, key=lambda entry: lineage.index(entry.ray_class), default=None)


def keywords_of(entry: SchedulerEntry) -> Mapping[str, inspect.Parameter | None]:
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

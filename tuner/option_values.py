"""What the options of a sweep may be, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from tuner.errors import SpecError
from tuner.scenario import Scenario
from tuner.schedulers import SchedulerEntry
from tuner.spec import WorkerMode

__all__ = ["plain_options", "whole"]

_T = TypeVar("_T")
_WORKER_MODES: tuple[WorkerMode, ...] = get_args(WorkerMode)


def plain_options(
    given: Mapping[str, Any], scenario: Scenario, entry: SchedulerEntry | None
) -> dict[str, Any]:
    """Return the options that go into the spec as they are, checked one by one.

    Args:
        given: The options of the sweep, as they were given.
        scenario: What is tuned.
        entry: What is known of the scheduler.

    Raises:
        SpecError: One is of another type or out of its range, or two of them contradict.
    """
    checks: dict[str, Callable[[str, Any], Any]] = {
        "max_concurrent_trials": lambda name, value: whole(name, value, at_least=1),
        "num_cpus": lambda name, value: whole(name, value, at_least=1),
        "num_gpus": lambda name, value: whole(name, value, at_least=0),
        "max_failures": lambda name, value: whole(name, value, at_least=-1),
        "checkpoint_frequency": lambda name, value: whole(name, value, at_least=0),
        "keep_checkpoints": lambda name, value: whole(name, value, at_least=0),
        "time_budget_s": _seconds,
        "trial_timeout_s": _seconds,
        "wait_for_resources_s": _seconds,
        "fail_fast": _truth,
        "metrics": _truth,
        "share": _weight,
        "keep_final": _truth,
        "worker_mode": _worker_mode,
        "max_trials_per_worker": lambda name, value: whole(name, value, at_least=0),
        "fuse": lambda name, value: whole(name, value, at_least=1),
        "address": _text,
        "notes": _text,
        "tags": _texts,
        "points_to_evaluate": _configs,
    }
    bounds = {name: check(name, given[name]) for name, check in checks.items() if name in given}
    if bounds.get("fail_fast") and bounds.get("max_failures"):
        raise SpecError(
            "fail_fast ends the sweep at the first failure, got max_failures="
            f"{bounds['max_failures']} as well; choose one"
        )
    if bounds.get("checkpoint_frequency") and not scenario.saves_checkpoints:
        raise SpecError(
            f"checkpoint_frequency={bounds['checkpoint_frequency']} needs a trainable that saves; "
            f"scenario {scenario.name!r} does not (derive it from tuner.EpochTrainable)"
        )
    if bounds.get("keep_final") and not scenario.saves_checkpoints:
        raise SpecError(
            f"keep_final needs a trainable that saves; scenario {scenario.name!r} does not (derive "
            "it from tuner.EpochTrainable)"
        )
    # A population saves by itself, and more checkpoints would push out those it copies from.
    population = entry is not None and entry.population
    retried = bounds.get("max_failures", 0) != 0 and scenario.saves_checkpoints and not population
    bounds.setdefault("checkpoint_frequency", 1 if retried else 0)
    return bounds


def whole(name: str, value: Any, *, at_least: int) -> int:
    """Return an option that has to be a whole number, checked.

    Raises:
        SpecError: It is none, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise SpecError(f"{name} must be a whole number >= {at_least}, got {value!r}")
    return value


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        raise SpecError(f"{name} must be a positive number of seconds, got {value!r}")
    return float(value)


def _weight(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1e-3 <= value <= 1e3:
        raise SpecError(f"{name} must be a weight from 0.001 to 1000, got {value!r}")
    return float(value)


def _truth(name: str, value: Any) -> bool:
    return _of_type(name, value, bool)


def _worker_mode(name: str, value: Any) -> WorkerMode:
    for mode in _WORKER_MODES:
        if value == mode:
            return mode
    raise SpecError(f"{name} is one of {', '.join(_WORKER_MODES)}; got {value!r}")


def _text(name: str, value: Any) -> str:
    return _of_type(name, value, str)


def _of_type(name: str, value: Any, kind: type[_T]) -> _T:
    if not isinstance(value, kind):
        raise SpecError(f"{name} must be a {kind.__name__}, got {value!r}")
    return value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(item, str) for item in value):
        raise SpecError(f"{name} must be a list of str, got {value!r}")
    return tuple(value)


def _configs(name: str, value: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, Mapping) for v in value):
        raise SpecError(f"{name} must be a list of configurations (dicts), got {value!r}")
    return tuple(dict(point) for point in value)

"""What a scenario has of code: checked by kind and signature, before anything calls it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ray.tune import Trainable

from tuner.errors import ScenarioError
from tuner.trainable import EpochTrainable

__all__ = [
    "check_constraint",
    "check_rule",
    "check_trainable",
    "class_saves",
    "refusal_of_one_config",
]


def check_trainable(trainable: Any) -> None:
    """Refuse what Ray Tune cannot train.

    Raises:
        ScenarioError: It is no class of a trainable, and no function of one configuration.
    """
    if inspect.isclass(trainable):
        if not issubclass(trainable, Trainable):
            raise ScenarioError(
                "a trainable class must derive from tuner.EpochTrainable or ray.tune.Trainable, "
                f"but {trainable.__name__} does not"
            )
        return
    if not callable(trainable):
        raise ScenarioError(
            "trainable must be a function of one config or a subclass of ray.tune.Trainable, "
            f"but is {trainable!r}"
        )
    if inspect.iscoroutinefunction(trainable):
        raise ScenarioError("trainable must be a plain function, but is an async one; drop async")
    if (error := refusal_of_one_config(trainable)) is not None:
        raise ScenarioError(
            "a trainable function must take one positional argument, the config, but "
            f"{getattr(trainable, '__name__', trainable)!s} does not ({error}); give the others "
            "with tune.with_parameters or functools.partial"
        ) from error


def check_constraint(constraint: Any) -> None:
    """Refuse what cannot say of a configuration whether it is feasible; None is fine.

    Raises:
        ScenarioError: It is no function of one configuration.
    """
    if constraint is None:
        return
    refusal = refusal_of_one_config(constraint) if callable(constraint) else "not callable"
    if refusal is not None:
        raise ScenarioError(
            "constraint must be a function of one config that returns True where it is feasible, "
            f"but is {constraint!r} ({refusal})"
        )


def check_rule(rule: Any) -> None:
    """Refuse what cannot say of two reports why a trial has diverged; None is fine.

    Raises:
        ScenarioError: It is no function of two reports.
    """
    if rule is None:
        return
    try:
        inspect.signature(rule).bind({}, {})
    except (TypeError, ValueError) as error:
        raise ScenarioError(
            "diverges must be a function of a trial's first report and the present one that "
            f"returns why it has diverged, or None, but is {rule!r} ({error}); see "
            "tuner.above_start"
        ) from error


def refusal_of_one_config(function: Callable[..., Any]) -> Exception | None:
    """Return why ``function`` cannot be called with one positional argument, if it cannot."""
    try:
        inspect.signature(function).bind({})
    except (TypeError, ValueError) as error:
        return error
    return None


def class_saves(trainable: type[Any]) -> bool:
    """Say whether a class of a trainable saves and restores its state."""
    if issubclass(trainable, EpochTrainable):
        return trainable.saves_state()
    return (
        trainable.save_checkpoint is not Trainable.save_checkpoint
        and trainable.load_checkpoint is not Trainable.load_checkpoint
    )

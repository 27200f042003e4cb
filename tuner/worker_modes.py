"""Whether worker processes can serve many trials: one after the other, or at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import ray
from ray.tune import Trainable

from tuner.errors import SpecError
from tuner.scenario import Scenario
from tuner.spec import WorkerMode
from tuner.trainable import FusedTrainable

__all__ = ["IDLE_S", "TESTED_RAY", "can_be_reset", "check_fusion", "workable"]

IDLE_S = 60.0
"""How long a warm worker waits for a trial before it makes room for others, in seconds."""

TESTED_RAY = "2.60"
"""The release of Ray whose private parts warm workers are built on."""


def workable(
    asked: WorkerMode,
    trainable: Callable[..., Any] | type[Trainable],
    ray_version: str = ray.__version__,
) -> tuple[WorkerMode, str | None]:
    """Return how workers can be kept, and why that is not as asked, if it is not.

    Args:
        asked: What the user wants, or the default.
        trainable: What they train.
        ray_version: That of the Ray which runs them.
    """
    if asked == "cold":
        return "cold", None
    if not ray_version.startswith(f"{TESTED_RAY}."):
        return "cold", (
            f"each trial gets a process of its own: warm workers are tested with Ray {TESTED_RAY}, "
            f"and this is Ray {ray_version}"
        )
    if not can_be_reset(trainable):
        name = getattr(trainable, "__name__", trainable)
        return "cold", (
            f"each trial gets a process of its own: {name} has no reset_config; define it, or "
            "derive from tuner.EpochTrainable, to keep workers warm"
        )
    return "warm", None


def can_be_reset(trainable: Callable[..., Any] | type[Trainable]) -> bool:
    """Say whether a worker can go from one trial to the next: functions can, classes may."""
    if not inspect.isclass(trainable):
        return True
    return getattr(trainable, "reset_config", None) is not Trainable.reset_config


def check_fusion(fuse: int, scenario: Scenario, worker_mode: WorkerMode) -> None:
    """Refuse to train several trials in a process where that cannot be.

    Args:
        fuse: How many; 1 is always possible.
        scenario: Whose trials.
        worker_mode: How workers are kept.

    Raises:
        SpecError: With what stands against it.
    """
    if fuse == 1:
        return
    trainable = scenario.trainable
    if not (inspect.isclass(trainable) and issubclass(trainable, FusedTrainable)):
        raise SpecError(
            f"fuse={fuse} trains trials together, and scenario {scenario.name!r} cannot; derive "
            "its trainable from tuner.FusedTrainable, or leave fuse out"
        )
    if worker_mode != "warm":
        raise SpecError(
            f"fuse={fuse} needs worker_mode='warm', in which a process serves many trials, got "
            f"{worker_mode!r}; leave one of them out"
        )
    if len(scenario.bundles) > 1 or scenario.resources_of is not None or scenario.auto_gpu:
        raise SpecError(
            f"fuse={fuse} needs to know what each trial takes, in one bundle, got "
            f"{_resources_in_words(scenario)}; give numbers, such as resources={{'gpu': 0.125}}"
        )
    share = scenario.resources.get("gpu", 0)
    if fuse * share > 1 + 1e-9:
        raise SpecError(
            f"a process trains on one GPU, got fuse={fuse} trials that take {share:g} each; give "
            f"resources={{'gpu': {int(1e4 / fuse) / 1e4:g}}} (--gpus-per-trial) or less"
        )


def _resources_in_words(scenario: Scenario) -> str:
    if scenario.resources_of is not None:
        return "a function of the configuration"
    return "gpu='auto'" if scenario.auto_gpu else f"{len(scenario.bundles)} bundles"

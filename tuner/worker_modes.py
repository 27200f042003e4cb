"""Whether worker processes can stay warm: go from one trial of a sweep to the next."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import ray
from ray.tune import Trainable

from tuner.spec import WorkerMode

__all__ = ["IDLE_S", "TESTED_RAY", "can_be_reset", "workable"]

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

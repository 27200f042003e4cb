"""The surrogate that all methods search: its spaces, its curves, its best and its worst values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

import tuner
from tuner.simulation.sources import find_task

__all__ = ["METRIC", "curve", "described", "extremes", "space", "task_of"]

METRIC = "val_accuracy"


@cache
def task_of(task: str, epochs: int) -> tuner.CurveTask:
    """Return a task with 52 epochs, as YAHPO Gym has it, or with 50."""
    return find_task(f"lcbench:{task},epochs={epochs}")


def curve(task: str, epochs: int, config: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """Return a configuration's values (higher is better) and seconds, one of each per epoch."""
    found = task_of(task, epochs).curves.curve(config, 0)
    values = [float(value) for value in found.metrics[METRIC]]
    return values, [float(seconds) for seconds in found.seconds]


def space(task: str) -> dict[str, Any]:
    """Return a task's parameters, as Ray's domains."""
    return dict(task_of(task, 52).scenario.space)


def described(task: str) -> list[dict[str, Any]]:
    """Return a task's parameters in plain words; both bounds belong to each."""
    return [
        {
            "name": name,
            "integer": type(domain).__name__ == "Integer",
            "log": "Log" in type(domain.get_sampler()).__name__,
            "lower": domain.lower,
            "upper": domain.upper - (type(domain).__name__ == "Integer"),
        }
        for name, domain in space(task).items()
    ]


def extremes(task: str, count: int) -> tuple[float, float]:
    """Return the worst and the best value of a dense random search, at any of 52 epochs."""
    rng = np.random.default_rng(0)
    curves = []
    for _ in range(count):
        config = {name: domain.sample(random_state=rng) for name, domain in space(task).items()}
        curves.append(curve(task, 52, config)[0])
    return float(np.min(curves)), float(np.max(curves))

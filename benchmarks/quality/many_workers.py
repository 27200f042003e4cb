"""Many workers, a budget of simulated seconds: how much sooner than random search."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

import tuner
from quality.curves import METRIC, task_of
from quality.methods import keywords
from quality.peer_process import search_with

__all__ = ["RANDOM", "times_sooner"]

RANDOM = "fifo+random"
_EPOCHS = 50

Course = tuple[NDArray[np.float64], NDArray[np.float64]]
"""When a run saw a report, in simulated seconds, and the best value by then."""


def times_sooner(
    methods: list[str], task: str, workers: int, seed: int, seconds: float, python: str | None
) -> dict[str, tuple[float, float]]:
    """Return by method how much sooner random search's last best value is reached, and its own.

    A run that does not get there counts as 1: it takes as long as random search did.

    Args:
        methods: Arms of tuner, ``syne asha`` and the like; `RANDOM` is always run.
        task: What to search.
        workers: How many train at once.
        seed: Of all methods.
        seconds: Simulated, until each run ends.
        python: Of the environment with Syne Tune.
    """
    logging.disable(logging.WARNING)
    courses = {
        method: _course(method, task, workers, seed, seconds, python)
        for method in dict.fromkeys([RANDOM, *methods])
    }
    target = courses[RANDOM][1][-1]
    random_s = _reached(courses[RANDOM], target)
    found = {}
    for method, course in courses.items():
        took = _reached(course, target) if course[1][-1] >= target else random_s
        found[method] = (float(random_s / max(took, 1e-9)), float(course[1][-1]))
    return found


def _course(
    method: str, task: str, workers: int, seed: int, seconds: float, python: str | None
) -> Course:
    if method.startswith("syne "):
        found = search_with(
            str(python), "syne_tune_search.py", task, _EPOCHS,
            method=method.partition(" ")[2], seed=seed, workers=workers, seconds=seconds,
        )  # fmt: skip
        when, values = np.array(found["when"]), np.array(found["values"])
    else:
        sweep = tuner.simulate(
            task_of(task, _EPOCHS),
            **keywords(method),
            max_concurrent_trials=workers,
            seed=seed,
            budget=f"{seconds:g}s",
            progress="none",
        )
        reports = sweep.reports()
        when = reports["timestamp"].to_numpy(dtype=float)
        values = reports[METRIC].to_numpy(dtype=float)
    order = np.argsort(when, kind="stable")
    return when[order], np.maximum.accumulate(values[order])


def _reached(course: Course, target: float) -> float:
    when, best = course
    return float(when[np.argmax(best >= target)])

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
_SHARES = (1 / 16, 1 / 4, 1)

Course = tuple[NDArray[np.float64], NDArray[np.float64]]
"""When a run saw a report, in simulated seconds, and the best value by then."""


def times_sooner(
    methods: list[str], task: str, workers: int, seed: int, seconds: float, python: str | None
) -> dict[str, float]:
    """Return by method how much sooner random search's last best value is reached.

    A run that does not get there counts as 1: it takes as long as random search did.

    Args:
        methods: Arms of tuner, ``syne asha`` and the like.
        task: What to search.
        workers: How many train at once.
        seed: Of all methods.
        seconds: Simulated, until random search ends, and each run at the latest.
        python: Of the environment with Syne Tune.
    """
    logging.disable(logging.WARNING)
    course = _course(RANDOM, task, workers, seed, seconds, python)
    target = float(course[1][-1])
    random_s = _reached(course, target)
    found = {}
    for method in methods:
        took = _time_to(target, method, task, workers, seed, seconds, python)
        found[method] = random_s / (took or random_s)
    return found


def _time_to(
    target: float,
    method: str,
    task: str,
    workers: int,
    seed: int,
    seconds: float,
    python: str | None,
) -> float | None:
    """Return when a method reaches a value, in simulated seconds; None where it does not."""
    for share in _SHARES:  # the same run, further each time: most get there early
        course = _course(method, task, workers, seed, share * seconds, python)
        if course[1].size and course[1][-1] >= target:
            return _reached(course, target)
    return None


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

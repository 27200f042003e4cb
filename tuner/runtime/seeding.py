"""Gives each trial a seed of its own, whatever kind of trainable it is."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from typing import Any

from ray import tune

from tuner.seeds import trial_seed
from tuner.trainable import EpochTrainable, generators

__all__ = ["seeded"]

Function = Callable[[dict[str, Any]], Any]


def seeded(trainable: Function | type[tune.Trainable], sweep_seed: int) -> Any:
    """Return ``trainable`` with the global generators seeded before each trial.

    Python's, NumPy's and (where imported) torch's generators are set from the sweep's seed and
    the trial's id, so that a trial draws the same numbers on whichever worker it runs.

    Args:
        trainable: A function or class that Ray Tune accepts.
        sweep_seed: The sweep's master seed.
    """
    if isinstance(trainable, type):
        return _seeded_class(trainable, sweep_seed)
    return _seeded_function(trainable, sweep_seed)


def _seeded_class(trainable: type[tune.Trainable], sweep_seed: int) -> type[tune.Trainable]:
    def setup(self: Any, config: dict[str, Any]) -> None:
        _prepare(trial_seed(sweep_seed, self.trial_id))
        trainable.setup(self, config)

    def reset_config(self: Any, new_config: dict[str, Any]) -> bool:
        _prepare(trial_seed(sweep_seed, self.trial_id))
        return bool(trainable.reset_config(self, new_config))

    methods: dict[str, Any] = {"setup": setup, "sweep_seed": sweep_seed}
    resets = trainable.reset_config is not tune.Trainable.reset_config
    if resets and not issubclass(trainable, EpochTrainable):  # which runs `setup` again
        methods["reset_config"] = reset_config
    return type(trainable.__name__, (trainable,), methods)


def _seeded_function(function: Function, sweep_seed: int) -> Function:
    def prepare() -> None:
        _prepare(trial_seed(sweep_seed, tune.get_context().get_trial_id()))

    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(config: dict[str, Any]) -> Iterator[Any]:
            prepare()
            yield from function(config)

        return generate

    @functools.wraps(function, updated=("__dict__",) if hasattr(function, "__dict__") else ())
    def call(config: dict[str, Any]) -> Any:
        prepare()
        return function(config)

    return call


def _prepare(seed: int) -> None:
    """Make a worker's process ready for a trial's own code."""
    # As Ray Tune does for every worker (ray-project/ray #28197), without a process of its own.
    os.environ.setdefault("PL_DISABLE_FORK", "1")
    generators.seed_all(seed)

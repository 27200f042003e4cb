"""Makes a worker ready for each trial: a seed of its own, and the modules beside the scenario."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ray import tune

from tuner.seeds import trial_seed
from tuner.trainable import EpochTrainable, generators

__all__ = ["seeded"]

Function = Callable[[dict[str, Any]], Any]


def seeded(
    trainable: Function | type[tune.Trainable], sweep_seed: int, imports: Iterable[Path] = ()
) -> Any:
    """Return ``trainable`` with the global generators seeded before each trial.

    Python's, NumPy's and (where imported) torch's generators are set from the sweep's seed and
    the trial's id, so that a trial draws the same numbers on whichever worker it runs.

    Args:
        trainable: A function or class that Ray Tune accepts.
        sweep_seed: The sweep's master seed.
        imports: Folders in which a trial finds modules, on machines that have them.
    """
    folders = [str(folder) for folder in imports]

    def prepare(trial_id: str) -> None:
        _prepare(trial_seed(sweep_seed, trial_id), folders)

    if isinstance(trainable, type):
        return _seeded_class(trainable, sweep_seed, prepare)
    return _seeded_function(trainable, prepare)


def _seeded_class(
    trainable: type[tune.Trainable], sweep_seed: int, prepare: Callable[[str], None]
) -> type[tune.Trainable]:
    def setup(self: Any, config: dict[str, Any]) -> None:
        prepare(self.trial_id)
        trainable.setup(self, config)

    def reset_config(self: Any, new_config: dict[str, Any]) -> bool:
        prepare(self.trial_id)
        return bool(trainable.reset_config(self, new_config))

    methods: dict[str, Any] = {"setup": setup, "sweep_seed": sweep_seed}
    resets = trainable.reset_config is not tune.Trainable.reset_config
    if resets and not issubclass(trainable, EpochTrainable):  # which runs `setup` again
        methods["reset_config"] = reset_config
    return type(trainable.__name__, (trainable,), methods)


def _seeded_function(function: Function, prepare: Callable[[str], None]) -> Function:
    def own() -> None:
        prepare(tune.get_context().get_trial_id())

    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(config: dict[str, Any]) -> Iterator[Any]:
            own()
            yield from function(config)

        return generate

    @functools.wraps(function, updated=("__dict__",) if hasattr(function, "__dict__") else ())
    def call(config: dict[str, Any]) -> Any:
        own()
        return function(config)

    return call


def _prepare(seed: int, folders: Iterable[str]) -> None:
    """Make a worker's process ready for a trial's own code."""
    # As Ray Tune does for every worker (ray-project/ray #28197), without a process of its own.
    os.environ.setdefault("PL_DISABLE_FORK", "1")
    for folder in folders:
        if folder not in sys.path and Path(folder).is_dir():
            sys.path.insert(0, folder)  # first, as where the scenario was loaded
    generators.seed_all(seed)

"""A user's callbacks: what loggers are told, and that the first failure is kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune import Callback
from ray.tune.logger import LoggerCallback

from tuner.runtime.callbacks import GuardedCallbacks


class Strict(LoggerCallback):
    """A logger as MLflow's and W&B's are: an end without a beginning is a KeyError."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.story: list[str] = []

    def log_trial_start(self, trial: Any) -> None:
        self.open.add(trial.trial_id)
        self.story.append(f"start {trial.trial_id}")

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        self.open.remove(trial.trial_id)
        self.story.append(f"{'fail' if failed else 'end'} {trial.trial_id}")

    def on_experiment_end(self, trials: Any, **info: Any) -> None:
        self.story.append("over")


class Plain(Callback):
    """Not a logger: it is told what Ray tells, and no more."""

    def __init__(self) -> None:
        self.story: list[str] = []

    def on_trial_start(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
        self.story.append(f"start {trial.trial_id}")

    def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
        self.story.append(f"end {trial.trial_id}")


@pytest.fixture
def logger() -> Strict:
    return Strict()


def tell(callbacks: GuardedCallbacks, hook: str, trial_id: str) -> None:
    trial: Any = SimpleNamespace(trial_id=trial_id)
    getattr(callbacks, hook)(iteration=1, trials=[trial], trial=trial)


def test_each_trial_ends_once(logger: Strict) -> None:
    callbacks = GuardedCallbacks([logger])
    tell(callbacks, "on_trial_start", "a")
    tell(callbacks, "on_trial_start", "a")  # paused in between
    tell(callbacks, "on_trial_complete", "a")
    tell(callbacks, "on_trial_start", "b")
    tell(callbacks, "on_trial_error", "b")
    callbacks.on_experiment_end(trials=[])
    assert logger.story == ["start a", "start a", "end a", "start b", "fail b", "over"]
    assert callbacks.failure is None


@pytest.mark.parametrize(
    ("hook", "ends"), [("on_trial_complete", "end a"), ("on_trial_error", "fail a")]
)
def test_an_end_that_nobody_began_is_begun_first(logger: Strict, hook: str, ends: str) -> None:
    callbacks = GuardedCallbacks([logger])
    tell(callbacks, hook, "a")
    assert callbacks.failure is None
    assert logger.story == ["start a", ends]


def test_what_is_open_when_a_sweep_ends_is_closed(logger: Strict) -> None:
    callbacks = GuardedCallbacks([logger])
    tell(callbacks, "on_trial_start", "a")
    tell(callbacks, "on_trial_start", "b")
    tell(callbacks, "on_trial_complete", "a")
    callbacks.on_experiment_end(trials=[])
    assert logger.story == ["start a", "start b", "end a", "end b", "over"]
    assert not logger.open


def test_others_hear_only_what_happened() -> None:
    plain = Plain()
    callbacks = GuardedCallbacks([plain])
    tell(callbacks, "on_trial_complete", "a")
    tell(callbacks, "on_trial_start", "b")
    callbacks.on_experiment_end(trials=[])
    assert plain.story == ["end a", "start b"]


def test_a_logger_that_cannot_close_is_kept_as_the_failure(logger: Strict) -> None:
    callbacks = GuardedCallbacks([logger])
    tell(callbacks, "on_trial_start", "a")
    logger.open.clear()
    callbacks.on_experiment_end(trials=[])
    assert isinstance(callbacks.failure, KeyError)
    assert logger.story[-1] == "over"  # it is told of the end all the same

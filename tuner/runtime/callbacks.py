"""A user's Ray Tune callbacks, so that one that raises ends the sweep and is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.logger import LoggerCallback

__all__ = ["GuardedCallbacks"]


def _forwarding(hook: str) -> Callable[..., None]:
    def forward(self: GuardedCallbacks, *args: Any, **kwargs: Any) -> None:
        self.call(hook, *args, **kwargs)

    forward.__name__ = hook
    forward.__doc__ = f"Call `{hook}` of each."
    return forward


class GuardedCallbacks(Callback):
    """Calls a user's callbacks one after the other, and keeps what they raise.

    Ray's controller takes an exception of some hooks for a failure of the trial, and lets others
    end the sweep in the middle of a change.

    Loggers keep something open for each trial. Ray tells them of ends whose beginning they never
    heard of (of a trial that no worker took up, or that was paused before a resume), on which
    MLflow's and W&B's raise; and it says nothing of the trials that are open when a sweep ends
    early, for which W&B's waits half an hour. Here each end has a beginning, and the reverse.

    Args:
        callbacks: Called in this order.

    Attributes:
        failure: The first exception that one of them raised.
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = list(callbacks)
        self._loggers = [each for each in callbacks if isinstance(each, LoggerCallback)]
        self._begun: dict[str, Trial] = {}
        self.failure: Exception | None = None

    def call(self, hook: str, *args: Any, **kwargs: Any) -> None:
        """Call ``hook`` of each, up to the first that raises."""
        self._call(self._callbacks, hook, *args, **kwargs)

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Call `on_trial_start` of each."""
        self._begun[trial.trial_id] = trial
        self.call("on_trial_start", iteration=iteration, trials=trials, trial=trial, **info)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Call `on_trial_complete` of each."""
        self._begin_unless_begun(trial)
        self.call("on_trial_complete", iteration=iteration, trials=trials, trial=trial, **info)

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Call `on_trial_error` of each."""
        self._begin_unless_begun(trial)
        self.call("on_trial_error", iteration=iteration, trials=trials, trial=trial, **info)

    def on_experiment_end(self, trials: list[Trial], **info: Any) -> None:
        """Have loggers close what is open, then call `on_experiment_end` of each."""
        while self._begun:
            _, trial = self._begun.popitem()
            self._call(self._loggers, "log_trial_end", trial)
        self.call("on_experiment_end", trials=trials, **info)

    def _begin_unless_begun(self, trial: Trial) -> None:
        if self._begun.pop(trial.trial_id, None) is None:
            self._call(self._loggers, "log_trial_start", trial)

    def _call(self, callbacks: Iterable[Callback], hook: str, *args: Any, **kwargs: Any) -> None:
        try:
            for callback in callbacks:
                getattr(callback, hook)(*args, **kwargs)
        except Exception as failure:
            self.failure = self.failure or failure

    setup = _forwarding("setup")
    on_step_begin = _forwarding("on_step_begin")
    on_step_end = _forwarding("on_step_end")
    on_trial_restore = _forwarding("on_trial_restore")
    on_trial_save = _forwarding("on_trial_save")
    on_trial_result = _forwarding("on_trial_result")
    on_trial_recover = _forwarding("on_trial_recover")
    on_checkpoint = _forwarding("on_checkpoint")

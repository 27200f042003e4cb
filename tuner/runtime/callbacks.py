"""A user's Ray Tune callbacks, so that one that raises ends the sweep and is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ray.tune import Callback

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

    Args:
        callbacks: Called in this order.

    Attributes:
        failure: The first exception that one of them raised.
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = list(callbacks)
        self.failure: Exception | None = None

    def call(self, hook: str, *args: Any, **kwargs: Any) -> None:
        """Call ``hook`` of each, up to the first that raises."""
        try:
            for callback in self._callbacks:
                getattr(callback, hook)(*args, **kwargs)
        except Exception as failure:
            self.failure = self.failure or failure

    setup = _forwarding("setup")
    on_step_begin = _forwarding("on_step_begin")
    on_step_end = _forwarding("on_step_end")
    on_trial_start = _forwarding("on_trial_start")
    on_trial_restore = _forwarding("on_trial_restore")
    on_trial_save = _forwarding("on_trial_save")
    on_trial_result = _forwarding("on_trial_result")
    on_trial_complete = _forwarding("on_trial_complete")
    on_trial_recover = _forwarding("on_trial_recover")
    on_trial_error = _forwarding("on_trial_error")
    on_checkpoint = _forwarding("on_checkpoint")
    on_experiment_end = _forwarding("on_experiment_end")

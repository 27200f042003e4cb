"""Keeps a worker process fit for another trial; runs inside it, between two of them.

What a trial has changed of the process is put back (`tuner.runtime.process_state`), what it has
left is cleared away, and what does not go away is noticed (`tuner.runtime.footprint`): then the
process should be replaced.

What the first trial leaves behind is taken as given, since libraries are loaded then and their
pools and workspaces made; so is what `tuner.cached` loads. What every trial leaves behind adds up.

Imports no Ray.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

from tuner import caching
from tuner.runtime.footprint import Footprint, devices, excess, give_back_memory
from tuner.runtime.process_state import ProcessState

__all__ = ["Upkeep"]


class Upkeep:
    """The upkeep of one worker process, from before its first trial.

    Args:
        most_trials: The process is to be replaced after so many trials; None or 0 for never.
        look: Tells what the process holds.
    """

    def __init__(
        self, most_trials: int | None = None, look: Callable[[], Footprint] = Footprint.now
    ) -> None:
        self._most_trials = most_trials
        self._look = look
        self._served = 0
        self._state = ProcessState()
        self._at_first: Footprint | None = None
        self._loads = caching.loads_so_far()
        self._modules = 0
        self._spare_modules()

    def between_trials(self) -> str | None:
        """Make ready for another trial; call it once the last one has let go of what it held.

        Returns:
            Why the process should be replaced, as ``"KIND: DETAILS"``; None where it is fit. The
            kinds are trials, state, memory, device memory, threads, child processes, open files.
        """
        self._served += 1
        if self._most_trials and self._served >= self._most_trials:
            return f"trials: {self._served} served"
        try:
            self._state.restore()
            _clear()
        except Exception as error:
            return f"state: {type(error).__name__}: {error}"
        loads = caching.loads_so_far()
        if self._at_first is None or loads != self._loads:
            self._loads, self._modules = loads, 0
            self._at_first = self._look()
        self._spare_modules()
        return self._growth(self._at_first)

    def _spare_modules(self) -> None:
        """Have collections not go through what was imported or loaded by now: it lasts."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            gc.freeze()

    def _growth(self, at_first: Footprint) -> str | None:
        """Return what has grown too much, after a second look that spares no effort."""
        if excess(at_first, self._look()) is None:
            return None
        gc.unfreeze()
        _clear()
        give_back_memory()
        gc.freeze()
        return excess(at_first, self._look())


def _clear() -> None:
    """Clear away what a trial has left in libraries and on devices, and what nobody refers to."""
    dynamo, pyplot = sys.modules.get("torch._dynamo"), sys.modules.get("matplotlib.pyplot")
    if dynamo is not None:
        dynamo.reset()  # else its limit on recompilations counts over all trials
    if pyplot is not None:
        pyplot.close("all")
    gc.collect()
    for device in devices():
        device.empty_cache()
        for number in range(device.device_count()):
            device.reset_peak_memory_stats(number)

"""How much memory a trial takes: the peak of its worker's process while the trial runs."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from ray import tune

__all__ = ["PEAK_MEMORY", "measured"]

PEAK_MEMORY = "_peak_memory"
"""Key of a result: resident bytes at most, since the worker took up the trial."""

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


def measured(trainable: type[tune.Trainable]) -> type[tune.Trainable]:
    """Return ``trainable`` with each result holding `PEAK_MEMORY`, where the system tells.

    Args:
        trainable: Its process serves one trial after the other.
    """

    def step(self: Any) -> Any:
        result = trainable.step(self)
        peak = _peak_memory()
        if peak is not None and isinstance(result, dict):
            result[PEAK_MEMORY] = peak
        return result

    def reset(self: Any, *args: Any, **kwargs: Any) -> Any:
        _forget_peak()
        return trainable.reset(self, *args, **kwargs)

    return type(trainable.__name__, (trainable,), {"step": step, "reset": reset})


def _peak_memory() -> int | None:
    """Return the process's peak since `_forget_peak`, in bytes; None where there is no /proc."""
    try:
        found = _PEAK.search(_STATUS.read_text())
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None


def _forget_peak() -> None:
    """Begin anew; where that is not allowed, the peak is that of all trials so far."""
    with suppress(OSError):
        _RESET.write_text("5")

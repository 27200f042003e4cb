"""How much memory a trial takes: the peak of its worker's process while the trial runs."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

__all__ = ["PEAK_MEMORY", "forget_peak", "peak_memory"]

PEAK_MEMORY = "_peak_memory"
"""Key of a result: resident bytes at most, since the worker took up the trial."""

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


def peak_memory() -> int | None:
    """Return the process's peak since `forget_peak`, in bytes; None where there is no /proc."""
    try:
        found = _PEAK.search(_STATUS.read_text())
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None


def forget_peak() -> None:
    """Begin anew; where that is not allowed, the peak is that of all trials so far."""
    with suppress(OSError):
        _RESET.write_text("5")

"""What went wrong with a trial, in a line and in full."""

from __future__ import annotations

import re
from pathlib import Path

from ray.tune.experiment import Trial

from tuner.store import last_line

__all__ = ["cause_of", "error_text"]

_PLACE = re.compile(r'File "([^"]+)", line (\d+)')
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def cause_of(error: str) -> str:
    """Return the error that a traceback ends with, and where it was raised."""
    if "actor died" in error.lower():
        return "its worker process died (killed, out of memory, or it called exit)"
    places = _PLACE.findall(error)
    where = f" ({Path(places[-1][0]).name}:{places[-1][1]})" if places else ""
    line = last_line(error)
    return f"{line}{where}" if line else "no message"


def error_text(trial: Trial) -> str:
    """Return the latest failure of ``trial`` as Ray wrote it down, without terminal colours."""
    path = trial.error_file
    if not path or not Path(path).exists():
        return "the trial's worker gave no reason"
    text = _TERMINAL_COLOURS.sub("", Path(path).read_text(errors="replace"))
    return text.rpartition("Failure # ")[2].partition("\n")[2].strip()

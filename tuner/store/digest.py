"""Errors and reasons in a line each, so that alike ones can be counted."""

from __future__ import annotations

import re

__all__ = ["error_line", "reason_class"]

_NUMBER = re.compile(r"(?<![\w.=])[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf)(?!\w)")


def error_line(traceback: str) -> str:
    """Return the line of a traceback that names the exception: the first one after its frames."""
    lines = [line for line in traceback.splitlines() if line.strip()]
    frames_end = max((n for n, line in enumerate(lines, 1) if line[0].isspace()), default=0)
    rest = lines[frames_end:] if frames_end else lines[-1:]
    return (rest or lines[-1:] or [""])[0].strip()


def reason_class(reason: str) -> str:
    """Return what reasons that differ in their numbers have in common.

    ``"rung 9: 0.5 is above the cut 0.4 of 12 trials"`` belongs to ``"rung 9"``; without a colon
    numbers become ``#``, except those of an option (``reached max_t=27``).
    """
    place, colon, _ = reason.partition(": ")
    return place if colon else _NUMBER.sub("#", reason)

"""Where the verbs print."""

from __future__ import annotations

import os
import sys

from rich.console import Console

__all__ = ["stdout_console"]

_WIDTH_OF_A_FILE = 160


def stdout_console() -> Console:
    """Return a console on stdout; as wide as the terminal, or wide enough for most tables."""
    is_file = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, width=_WIDTH_OF_A_FILE if is_file else None)

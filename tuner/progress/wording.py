"""What a sweep comes to, as short plain text."""

from __future__ import annotations

from collections.abc import Mapping

from tuner.plurals import counted
from tuner.resources import amount_text
from tuner.short_text import config_leaves, config_text, duration_text, value_text

__all__ = [
    "config_leaves",
    "config_text",
    "duration_text",
    "ended_text",
    "resources_text",
    "value_text",
]


def ended_text(ended: int, num_samples: int | None) -> str:
    """Return how many trials have ended, of how many where that is known."""
    if num_samples is None:
        return f"{counted(ended, 'trial')} ended"
    return f"{ended:,} of {counted(num_samples, 'trial')} ended"


def resources_text(resources: Mapping[str, tuple[float, float]]) -> str:
    """Return (used, total) by name as ``CPU 2/4, GPU 0.5/1, memory 2.0GiB/14.5GiB``."""
    return ", ".join(
        f"{name} {amount_text(name, used)}/{amount_text(name, total)}"
        for name, (used, total) in resources.items()
    )

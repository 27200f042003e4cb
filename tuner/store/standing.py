"""Whether a sweep has a driver, for someone who only sees its folder."""

from __future__ import annotations

from typing import Literal

from tuner.store.drivers import holder
from tuner.store.layout import SweepLayout
from tuner.store.reader import Sweep

__all__ = ["Standing", "resume_hint", "standing_of", "status_of"]

Standing = Literal["running", "ended", "gone"]
"""``gone``: the sweep neither ended nor does anyone drive it any more."""


def standing_of(sweep: Sweep) -> Standing:
    """Return whether a sweep runs, has ended, or lost its driver.

    Raises:
        StorageError: The folder cannot be read.
    """
    found = holder(SweepLayout(sweep.path))  # before the state: a driver writes that, then leaves
    if found is not None and found.alive:
        return "running"
    return "gone" if sweep.state.get("status") == "running" else "ended"


def status_of(sweep: Sweep) -> str | None:
    """Return a sweep's status as ``sweep.json`` has it, or ``killed`` where its driver is gone.

    Raises:
        StorageError: The folder cannot be read.
    """
    return "killed" if standing_of(sweep) == "gone" else sweep.state.get("status")


def resume_hint(sweep: Sweep) -> str:
    """Return what to say of a sweep that lost its driver."""
    return f"its driver is gone; go on with: tuner resume {sweep.place}"

"""A sweep that is only being started: its folder has a driver, and does not say yet what it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tuner.cli.locate import candidates, open_sweep
from tuner.places import place_of

if TYPE_CHECKING:
    from tuner.store import Sweep
    from tuner.store.drivers import Holder

__all__ = ["await_sweep"]

_LOOK_EVERY_S = 0.5


def await_sweep(path: str) -> Sweep:
    """Return the sweep that `open_sweep` opens, once its driver has reached Ray.

    Raises:
        StorageError: There is none, and nobody is about to start it.
    """
    told = False
    while (driver := _starting(path)) is not None:
        if not told:
            typer.echo(f"{path} is being started by {driver}; waiting until it can run", err=True)
        told = True
        time.sleep(_LOOK_EVERY_S)
    return open_sweep(path)


def _starting(path: str) -> Holder | None:
    """Return the driver of a folder that is no sweep yet."""
    from tuner.store.drivers import holder
    from tuner.store.layout import SWEEP_FILE, SweepLayout

    place = place_of(path)
    folders = candidates(place) if isinstance(place, Path) else ()
    if any((folder / SWEEP_FILE).is_file() for folder in folders):
        return None
    drivers = (holder(SweepLayout(folder)) for folder in folders)
    return next((driver for driver in drivers if driver is not None and driver.alive), None)

"""Waits for a sweep that is only being started.

Its folder has a driver and does not say yet what it is, or is not even there: ``tuner run`` takes
some seconds to load a scenario.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from tuner.cli.locate import candidates
from tuner.errors import StorageError
from tuner.places import place_of

if TYPE_CHECKING:
    from tuner.store.drivers import Holder

__all__ = ["awaited"]

T = TypeVar("T")

_LOOK_EVERY_S = 0.5
_PATIENCE_S = 10.0  # for what is nowhere, and was perhaps mistyped


def awaited(path: str, opens: Callable[[str], T], *, patient: bool = True) -> T:
    """Return what ``opens(path)`` does, once it can be opened, and say for what it waits.

    Args:
        path: The folder of a sweep, or its name below ``./results``; nobody waits for a URI.
        opens: Opens it, or raises StorageError.
        patient: Whether to wait some seconds also for a folder that is not there.

    Raises:
        StorageError: Of ``opens``, where nobody is about to start a sweep there.
    """
    left_s = _PATIENCE_S if patient else 0.0
    told = ""
    while True:
        driver = _starting(path)  # before it is opened, so that none is missed
        try:
            return opens(path)
        except StorageError as error:
            if driver is not None:
                line = f"{path} is being started by {driver}; waiting until it can run"
                left_s = 0.0  # where that fails, nobody else will start it
            elif left_s > 0 and _is_nowhere(path):
                line = f"{error}; waiting {_PATIENCE_S:.0f} s, in case it is being started"
                left_s -= _LOOK_EVERY_S
            else:
                raise
        if line != told:
            typer.echo(line, err=True)
        told = line
        time.sleep(_LOOK_EVERY_S)


def _is_nowhere(path: str) -> bool:
    folders = _candidates(path)
    return bool(folders) and not any(folder.exists() for folder in folders)


def _candidates(path: str) -> tuple[Path, ...]:
    place = place_of(path)
    return candidates(place) if isinstance(place, Path) else ()


def _starting(path: str) -> Holder | None:
    """Return the driver of a folder that is no sweep yet."""
    from tuner.store.drivers import holder
    from tuner.store.layout import SWEEP_FILE, SweepLayout

    folders = _candidates(path)
    if any((folder / SWEEP_FILE).is_file() for folder in folders):
        return None
    drivers = (holder(SweepLayout(folder)) for folder in folders)
    return next((driver for driver in drivers if driver is not None and driver.alive), None)

"""How long an epoch takes, and how large a checkpoint is: given, or as an earlier sweep had it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuner.errors import NoResultError, SpecError
from tuner.places import Uri
from tuner.store import Sweep, load
from tuner.store.record import SweepRecord

__all__ = ["Pace", "as_sweep", "check_amount"]

_MIB = 2**20


@dataclass(frozen=True)
class Pace:
    """What an epoch takes.

    Attributes:
        seconds: Per unit of ``time_attr``; one of them is drawn for each trial.
        checkpoint_mb: The size of a checkpoint, in MiB; None if nobody knows.
    """

    seconds: tuple[float, ...]
    checkpoint_mb: float | None = None


def as_sweep(path: str | Path | Uri | SweepRecord) -> Pace:
    """Return the pace of an earlier sweep: that of each of its trials.

    Args:
        path: The sweep, real or simulated, or where it lies.

    Raises:
        StorageError: There is no sweep.
        NoResultError: It has no report that says how long it took.
    """
    sweep = path if isinstance(path, SweepRecord) else load(path)
    time_attr = sweep.spec.time_attr
    reports = sweep.reports()
    columns = list(dict.fromkeys(("time_total_s", time_attr)))  # which may be the same
    last = reports.groupby("trial_id", sort=False)[columns].last()
    paces = last["time_total_s"] / last[time_attr]
    seconds = tuple(float(pace) for pace in paces if 0 < pace < math.inf)
    if not seconds:
        raise NoResultError(f"no report of {sweep.spec.name} says how long its trial took")
    sizes = sorted(sweep.checkpoints().values()) if isinstance(sweep, Sweep) else []
    return Pace(seconds, sizes[len(sizes) // 2] / _MIB if sizes else None)


def check_amount(name: str, value: Any) -> float | None:
    """Return an amount above 0, checked, or None.

    Raises:
        SpecError: It is no number, or not above 0.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise SpecError(f"{name} must be a number above 0, got {value!r}")
    return float(value)

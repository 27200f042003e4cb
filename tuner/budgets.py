"""How much a method may spend: ``200trials``, ``500epochs``, ``2h``, ``8gpuh``.

A budget bounds what is *used*: a report that comes when more than the budget has been spent does
not count. Methods are compared at equal budgets.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tuner.errors import SpecError, nearest
from tuner.plurals import counted
from tuner.short_text import duration_text

__all__ = ["Budget", "Unit", "budget_text", "parse_budget"]

Unit: TypeAlias = Literal["trials", "epochs", "seconds", "gpu_seconds"]

_UNITS: dict[str, tuple[Unit, float]] = {
    "trials": ("trials", 1),
    "epochs": ("epochs", 1),
    "s": ("seconds", 1),
    "m": ("seconds", 60),
    "h": ("seconds", 3600),
    "d": ("seconds", 86400),
    "gpus": ("gpu_seconds", 1),
    "gpum": ("gpu_seconds", 60),
    "gpuh": ("gpu_seconds", 3600),
    "gpud": ("gpu_seconds", 86400),
}
_SHORTEST = {"trials": "trials", "epochs": "epochs", "seconds": "s", "gpu_seconds": "gpus"}
_TEXT = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z]+)\s*")


@dataclass(frozen=True)
class Budget:
    """An amount of something to spend.

    Attributes:
        amount: How much, in ``unit``.
        unit: ``"trials"`` that were started, ``"epochs"`` that were trained (by all trials, those
            that were lost or repeated included), wall ``"seconds"``, or ``"gpu_seconds"``: the
            seconds that trials held workers, times the GPUs of each.

    Raises:
        SpecError: It is not a finite amount above 0, or not a whole number of trials.
    """

    amount: float
    unit: Unit

    def __post_init__(self) -> None:
        if not 0 < self.amount < math.inf:
            raise SpecError(f"a budget is a finite amount above 0, got {self.amount:g} {self.unit}")
        if self.unit == "trials" and self.amount != int(self.amount):
            raise SpecError(f"a budget is a whole number of trials, got {self.amount:g}")

    def __str__(self) -> str:
        return f"{self.amount:.15g}{_SHORTEST[self.unit]}"


def parse_budget(text: str) -> Budget:
    """Return the budget that a text spells.

    Args:
        text: A number and a unit: ``trials``, ``epochs``, ``s``, ``m``, ``h``, ``d``, or
            ``gpus``, ``gpum``, ``gpuh``, ``gpud`` for time on one GPU.

    Raises:
        SpecError: It spells none.
    """
    match = _TEXT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise SpecError(
            f"a budget is a number and a unit, such as 500epochs or 8gpuh, got {text!r}"
        )
    number, name = match.groups()
    known = _UNITS.get(name) or _UNITS.get(f"{name}s")
    if known is None:
        raise SpecError(f"unknown unit {name!r} in the budget {text!r}{nearest(name, _UNITS)}")
    unit, factor = known
    return Budget(float(number) * factor, unit)


def budget_text(budget: Budget) -> str:
    """Return a budget as a person would say it: ``500 epochs``, ``2h 00m``, ``40 GPU-hours``."""
    if budget.unit == "seconds":
        return duration_text(budget.amount)
    if budget.unit == "gpu_seconds":
        hours = budget.amount / 3600
        if hours >= 1:
            return counted(float(f"{hours:.4g}"), "GPU-hour")
        return counted(float(f"{budget.amount:.4g}"), "GPU-second")
    return counted(budget.amount, budget.unit.removesuffix("s"))

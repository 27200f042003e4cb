"""What other schedulers would have done, as short texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuner.hindsight.results import ArmInHindsight, Bounds, Chance

__all__ = ["HEADINGS", "arm_cells"]

HEADINGS = ("arm", "keeps the winner", "regret", "epochs", "saves", "wall saved")


def arm_cells(arm: ArmInHindsight) -> tuple[str, ...]:
    """Return what is known of an arm, as many texts as there are headings."""
    return arm.arm, *_figures(arm)


def _figures(arm: ArmInHindsight) -> Iterator[str]:
    if arm.refusal is not None:
        yield from (f"not known: {arm.unknown:.0%}", *[""] * (len(HEADINGS) - 2))
        return
    yield _chance(arm.keeps_winner)
    yield _mean(arm.regret, lambda value: f"{value:.2g}")
    yield _mean(arm.epochs, lambda value: f"{value:,.0f}")
    yield _saving(arm.saved)
    yield _mean(arm.saved_wall_s, _percent)


def _chance(chance: Chance | None) -> str:
    if chance is None:
        return "-"
    if chance.low != chance.high:
        return f"{_percent(chance.low)} to {_percent(chance.high)}"
    return f"{_percent(chance.low)} ({_percents(chance.smallest, chance.largest)})"


def _saving(bounds: Bounds | None) -> str:
    """Return a mean share with its range over the orders, if it is known."""
    told = _mean(bounds, _percent)
    if bounds is None or bounds.low != bounds.high or bounds.smallest == bounds.largest:
        return told
    return f"{told} ({_percents(bounds.smallest, bounds.largest)})"


def _mean(bounds: Bounds | None, text: Callable[[float], str]) -> str:
    """Return a mean, or where it is not known, the two between which it lies."""
    if bounds is None:
        return "-"
    low, high = text(bounds.low), text(bounds.high)
    return low if low == high else f"{low} to {high}"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _percents(low: float, high: float) -> str:
    return f"{100 * low:.0f} to {100 * high:.0f}"

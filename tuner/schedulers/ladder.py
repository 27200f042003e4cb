"""Rungs and brackets of both forms of ASHA. Pure.

Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", arXiv 1810.05934. Its
letters: r is ``grace_period``, R is ``max_t``, eta is the reduction factor. The rungs of bracket s
are at r * eta^(s+k) for k = 0, 1, ... below R.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.errors import SpecError
from tuner.schedulers.checks import check_count, check_number

__all__ = ["BracketDraw", "Ladder", "check_ladder", "milestones"]


def check_ladder(
    *, max_t: float, grace_period: float, reduction_factor: float, brackets: int
) -> None:
    """Refuse keywords of which no rungs can be made.

    Raises:
        SpecError: One is of the wrong type or out of its range.
    """
    check_number("max_t", max_t, above=0)
    check_number("grace_period", grace_period, above=0)
    check_number("reduction_factor", reduction_factor, above=1)
    check_count("brackets", brackets)
    if grace_period > max_t:
        raise SpecError(
            f"grace_period must be at most max_t, got {grace_period:g} with max_t={max_t:g}; "
            "name a smaller grace_period or a larger max_t"
        )


def milestones(
    *, max_t: float, grace_period: float, reduction_factor: float, bracket: int
) -> list[float]:
    """Return where the rungs of a bracket are, lowest first; empty where all are beyond max_t.

    Args:
        max_t: Where trials end, which is no rung.
        grace_period: Where the lowest rung of bracket 0 is.
        reduction_factor: The ratio of neighbouring rungs.
        bracket: How many of the lowest rungs it leaves out.
    """
    found: list[float] = []
    while (at := grace_period * reduction_factor ** (bracket + len(found))) < max_t:
        found.append(at)
    return found


@dataclass(frozen=True)
class Ladder:
    """One bracket of either form of ASHA.

    Attributes:
        odds: How probable it is that a trial draws it.
        milestones: Where its rungs are, lowest first.
        reduction_factor: One in so many goes on from each.
    """

    odds: float
    milestones: tuple[float, ...]
    reduction_factor: float


class BracketDraw:
    """Draws the bracket of each new trial as Ray does, but from a generator of its own.

    The odds are the softmax of the brackets' sizes.

    Args:
        sizes: How many rungs each bracket has.
        seed: ``0 <= seed < 2**32``; None for one from the operating system.
    """

    def __init__(self, sizes: Sequence[int], seed: int | None) -> None:
        weights = np.e ** (np.array(sizes) - max(sizes))
        self._odds = weights / weights.sum()
        self._random = np.random.RandomState(seed)

    @property
    def odds(self) -> tuple[float, ...]:
        """How probable each bracket is."""
        return tuple(self._odds.tolist())

    def draw(self) -> int:
        """Return the index of a bracket."""
        if len(self._odds) == 1:
            return 0
        return int(self._random.choice(len(self._odds), p=self._odds))

    def to_json(self) -> list[Any]:
        """Return the generator's state as plain values."""
        name, key, *rest = self._random.get_state()
        return [name, np.asarray(key).tolist(), *rest]

    def load_json(self, state: Sequence[Any]) -> None:
        """Go on from the state that `to_json` returned."""
        self._random.set_state(tuple(state))

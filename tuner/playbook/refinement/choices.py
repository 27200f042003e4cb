"""What follows from the good trials for the options of a choice.

An option goes where none of the good trials has it, though by chance at least one would have: the
hypergeometric probability of none is small, corrected for the number of options (Holm). The best
trials decide, and not the average one: an option that is mostly worse may still be the best once
the rest is tuned for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tuner.analysis.significance import holm

__all__ = ["OptionsVerdict", "next_options"]

_SURE = 0.05


@dataclass(frozen=True)
class OptionsVerdict:
    """What follows for a choice.

    Attributes:
        kept: The positions of the options that stay, at least one.
        dropped: Those of the others.
        p_values: Of the dropped ones, the probability of no good trial by chance, corrected.
        tried: How many trials each option had.
        good: How many of them are good.
    """

    kept: tuple[int, ...]
    dropped: tuple[int, ...]
    p_values: tuple[float, ...]
    tried: tuple[int, ...]
    good: tuple[int, ...]


def next_options(options: int, tried: Sequence[int], good: Sequence[int]) -> OptionsVerdict:
    """Return which options should stay.

    Args:
        options: How many there are.
        tried: The option of each of the n trials.
        good: The option of each good one among these.
    """
    each = np.bincount(np.asarray(tried, int), minlength=options)
    best = np.bincount(np.asarray(good, int), minlength=options)
    chances = stats.hypergeom.pmf(0, len(tried), each, len(good))
    adjusted = holm(np.where(best > 0, 1.0, chances))
    dropped = [position for position in range(options) if adjusted[position] < _SURE]
    return OptionsVerdict(
        kept=tuple(position for position in range(options) if position not in dropped),
        dropped=tuple(dropped),
        p_values=tuple(float(adjusted[position]) for position in dropped),
        tried=tuple(each.tolist()),
        good=tuple(best.tolist()),
    )

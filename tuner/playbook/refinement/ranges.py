"""What follows from the good trials for the range of a number.

On the scale of the domain (logarithmic where it is) the good trials are taken for a sample of
where good values lie. The next range is where another good trial would be expected: Student's
prediction interval of 95 %, ``mean +- t * sd * sqrt(1 + 1/n)``, stretched to hold every one of the
best. With few trials it is wide, and with none that matter it is as wide as the range was. A bound
moves only where it cuts off more than a tenth of the range.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ray import tune
from ray.tune.search.sample import Domain
from scipy import stats

from tuner.searchers.parameters import Number

__all__ = ["RangeVerdict", "next_range"]

_LEVEL = 0.95
_NARROWEST = 0.2  # of the range that was: another round can go on from there
_WORTHWHILE = 0.9  # a range that would keep more than this stays as it is
_EDGE = 0.1  # of the range, at each end: is not cut off alone, and may be crowded
_SURE = 0.05  # probability of so many good trials there, if they lay anywhere
_FURTHER = 0.25  # of the range, beyond a bound that is touched
_DIGITS = 3
_SIDES = ("lower", "upper")


@dataclass(frozen=True)
class RangeVerdict:
    """What follows for a number.

    Attributes:
        domain: The new one, or the only value left; None where it stays as it is.
        kinds: What was done to it, of ``"narrow"``, ``"widen"`` and ``"fix"``; none where nothing.
        why: In a line.
    """

    domain: Domain | int | float | None
    kinds: tuple[str, ...]
    why: str


def next_range(number: Number, good: Sequence[float]) -> RangeVerdict:
    """Return what the range of a number should be.

    Args:
        number: Its domain.
        good: Its values in the n good trials, the best first; at least two.
    """
    units = np.array([number.to_unit(value) for value in good], float)
    told = [f"the {len(good)} best trials have {_told(min(good), max(good))}"]
    crowded = [side for side in (0, 1) if _crowds(number, units, side)]
    ends = list(_expected(units))
    for side in (0, 1):
        if side in crowded or abs(ends[side] - side) <= _EDGE:
            ends[side] = float(side)  # so little is gained there
    kinds = ["narrow"] if ends[1] - ends[0] <= _WORTHWHILE else []
    if not kinds:
        ends = [0.0, 1.0]
    bounds = [_bound(number, end, side) for side, end in enumerate(ends)]
    for side in crowded:
        further = _beyond(number, side)
        if further is None:
            told.append(f"they crowd at the {_SIDES[side]} end, which may be a natural one")
        else:
            bounds[side] = further
            kinds.append("widen")
            told.append(f"they crowd at the {_SIDES[side]} bound: better ones may lie beyond")
    if not kinds or bounds == [number.lower, number.upper]:
        return RangeVerdict(None, (), "; ".join(told))
    if math.isclose(*bounds):
        value = number.snap(bounds[0])
        return RangeVerdict(value, ("fix",), "; ".join([*told, "one value is left"]))
    return RangeVerdict(_domain(number, *bounds), tuple(dict.fromkeys(kinds)), "; ".join(told))


def _expected(units: NDArray[np.float64]) -> tuple[float, float]:
    """Return where another good trial would lie, within the range and no narrower than may be."""
    n = len(units)
    half = stats.t.ppf((1 + _LEVEL) / 2, n - 1) * units.std(ddof=1) * math.sqrt(1 + 1 / n)
    low = max(0.0, min(float(units.mean() - half), float(units[0])))
    high = min(1.0, max(float(units.mean() + half), float(units[0])))
    missing = max(0.0, _NARROWEST - (high - low))
    low, high = low - missing / 2, high + missing / 2
    shift = max(0.0, -low) - max(0.0, high - 1)
    return low + shift, high + shift


def _crowds(number: Number, units: NDArray[np.float64], side: int) -> bool:
    """Say whether the good trials crowd at an end of the range, the best of them included."""
    edge = _EDGE
    if number.quantum:  # the last value may have more of the range to itself
        ends = (number.lower + number.quantum / 2, number.upper - number.quantum / 2)
        inside = number.to_unit(ends[side])
        edge = max(edge, (inside, 1 - inside)[side])
    distances = units if side == 0 else 1 - units
    near = int((distances <= edge).sum())
    by_chance = float(stats.binom.sf(near - 1, len(units), edge))
    return by_chance < _SURE and bool(distances[0] <= max(2 * _EDGE, edge))


def _bound(number: Number, unit: float, side: int) -> float:
    """Return the bound at a place in the range, rounded outwards, and not beyond the old one."""
    if unit == side:
        return (number.lower, number.upper)[side]
    low, high = (math.log(end) if number.log else end for end in number.edges)
    place = low + unit * (high - low)
    value = math.exp(place) if number.log else place
    if number.quantum:
        return number.snap(value)
    return min(max(_outwards(number, value, side), number.lower), number.upper)


def _beyond(number: Number, side: int) -> float | None:
    """Return a bound beyond the old one, as far as the domain's nature allows; None for no room.

    What is whole, positive or a share of 1 stays so.
    """
    old = (number.lower, number.upper)[side]
    low, high = (math.log(end) if number.log else end for end in (number.lower, number.upper))
    place = (low, high)[side] + (-1, 1)[side] * _FURTHER * (high - low)
    new = math.exp(place) if number.log else place
    if number.quantum:
        steps = max(1, round(abs(new - old) / number.quantum))
        new = old + (-1, 1)[side] * steps * number.quantum
    else:
        new = _outwards(number, new, side)
    if side == 0 and number.lower >= 0 and not (number.log and not number.quantum):
        new = max(new, (number.quantum or number.lower / 2) if number.lower > 0 else 0.0)
    if side == 1 and not number.integer and number.lower >= 0 and number.upper <= 1:
        new = min(new, 1.0)
    return None if math.isclose(new, old, abs_tol=1e-12) else new


def _outwards(number: Number, value: float, side: int) -> float:
    """Return a bound with few digits, which excludes nothing."""
    size = value if number.log else number.upper - number.lower
    decimals = _DIGITS - 1 - math.floor(math.log10(abs(size)))
    rounding = math.floor if side == 0 else math.ceil
    scaled = value * 10.0**decimals
    near = round(scaled)
    whole = near if math.isclose(scaled, near, rel_tol=1e-12) else rounding(scaled)
    return float(f"{whole / 10.0**decimals:.12g}")


def _domain(number: Number, lower: float, upper: float) -> Domain:
    """Return a domain of the same kind with other inclusive bounds."""
    q, kind = number.quantum, ("log" if number.log else "")
    made: Domain
    if number.integer and q == 1:  # Ray's upper bound is exclusive
        made = getattr(tune, f"{kind}randint")(round(lower), round(upper) + 1)
    elif number.integer:
        made = getattr(tune, f"q{kind}randint")(round(lower), round(upper), round(q or 1))
    elif q:
        made = getattr(tune, f"q{kind}uniform")(lower, upper, q)
    else:
        made = getattr(tune, f"{kind}uniform")(lower, upper)
    return made


def _told(lowest: float, highest: float) -> str:
    if lowest == highest:
        return f"{lowest:.3g}"
    return f"{lowest:.3g} to {highest:.3g}"

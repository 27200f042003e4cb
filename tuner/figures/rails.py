"""The axes of parallel coordinates: where on an axis trials are, and what is written beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tuner.figures.frames import Floats
from tuner.figures.hyperparameters import Hyperparameter
from tuner.figures.labels import better, wrapped
from tuner.figures.ranges import value_axis
from tuner.objectives import Objective

__all__ = ["ABSENT", "Rail", "rail", "round_ticks", "value_rail"]

ABSENT = -0.13
"""The height of trials that lack a hyperparameter: below its axis, which goes from 0 to 1."""

_TITLE = 18  # letters in a line
_TICKS = 6  # at most
_SPREAD = 0.3  # of the distance between options


@dataclass(frozen=True)
class Rail:
    """One axis.

    Attributes:
        title: What it is, in lines.
        heights: Of the trials, (n,): 0 to 1, or `ABSENT`.
        ticks: Heights and what stands there, in full and as it is.
    """

    title: str
    heights: Floats
    ticks: list[tuple[float, str]]


def rail(hyperparameter: Hyperparameter) -> Rail:
    """Return the axis of a hyperparameter.

    Lines through an option are spread a little around it, so that it is seen how many there are.
    """
    places = hyperparameter.places
    absent = np.isnan(places)
    if hyperparameter.options:
        heights, ticks = _of_options(hyperparameter)
    else:
        low, high = float(np.nanmin(places)), float(np.nanmax(places))
        heights = _scaled(places, low, high, log=hyperparameter.log)
        ticks = _ticks(low, high, log=hyperparameter.log)
    if absent.any():
        ticks = [(ABSENT, "absent"), *ticks]
    title = wrapped(hyperparameter.name, _TITLE)
    return Rail(title, np.where(absent, ABSENT, heights), ticks)


def value_rail(values: Floats, objective: Objective) -> tuple[Rail, str | None]:
    """Return the axis of what trials reached, the better end up, and a note of what is cut off.

    Args:
        values: Of the trials, (n,); NaN where there is none, which is below the axis.
        objective: The metric and its direction.
    """
    axis, hidden = value_axis(values, objective, what="trials")
    known, log = values[np.isfinite(values)], axis["type"] == "log"
    title = f"{wrapped(objective.metric, _TITLE)} ▲<br>({better(objective)})"
    absent = np.isnan(values)
    nowhere = [(ABSENT, "absent")] if absent.any() else []
    if not len(known):
        return Rail(title, np.full(len(values), ABSENT), nowhere), None
    low, high = float(known.min()), float(known.max())
    if "range" in axis:
        ends = [10.0**each if log else float(each) for each in axis["range"]]
        low, high = max(low, ends[0]), min(high, ends[1])
    heights = _scaled(np.clip(values, low, high), low, high, log=log)
    ticks = _ticks(low, high, log=log)
    if objective.mode == "min":
        heights, ticks = 1 - heights, [(1 - at, text) for at, text in ticks]
    heights = np.where(absent, ABSENT, heights)
    cut = hidden and hidden.replace("out of sight", "at the end of the axis")
    return Rail(title, heights, [*nowhere, *ticks]), cut


def round_ticks(low: float, high: float, *, log: bool, most: int = _TICKS) -> list[float]:
    """Return round numbers from ``low`` to ``high``: powers of ten, or steps of 1, 2 or 5.

    Args:
        low: The lower end.
        high: The upper end, above it.
        log: Whether the axis is a log one; then both are above 0.
        most: How many at most.
    """
    if log:
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        step = -(-(last - first + 1) // most)
        if last > first:
            return [10.0**power for power in range(first, last + 1, step)]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    width = next(size * power for size in (1, 2, 5, 10) if size * power >= raw * (1 - 1e-9))
    steps = range(math.ceil(low / width - 1e-9), math.floor(high / width + 1e-9) + 1)
    found = [width * at for at in steps]
    return [min(max(each, low), high) for each in found]


def _of_options(hyperparameter: Hyperparameter) -> tuple[Floats, list[tuple[float, str]]]:
    count = len(hyperparameter.options)
    width = 1 / count
    random = np.random.default_rng(0).uniform(-0.5, 0.5, len(hyperparameter.places))
    heights = (hyperparameter.places + 0.5 + _SPREAD * random) * width
    return heights, [((at + 0.5) * width, text) for at, text in enumerate(hyperparameter.options)]


def _scaled(values: Floats, low: float, high: float, *, log: bool) -> Floats:
    if not high > low:
        return np.full(len(values), 0.5)
    if log:
        values, low, high = np.log10(values), math.log10(low), math.log10(high)
    return (values - low) / (high - low)


def _ticks(low: float, high: float, *, log: bool) -> list[tuple[float, str]]:
    """Return round numbers with their heights; the ends too, where little is round."""
    if not high > low:
        return [(0.5, f"{low:.4g}")]
    found = round_ticks(low, high, log=log)
    if len(found) < 2:
        found = [low, high]
    heights = _scaled(np.array(found), low, high, log=log)
    texts = [f"{each:.6g}" for each in found]
    return [(float(at), text) for at, text in zip(heights, texts, strict=True)]

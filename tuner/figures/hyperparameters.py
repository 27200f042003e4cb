"""Hyperparameters as axes: numbers on a linear or log scale, and choices by their options."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tuner.errors import NoResultError, SpecError, nearest
from tuner.figures.frames import Floats
from tuner.figures.labels import clipped, plain, short
from tuner.figures.ranges import log_axis, spans_decades

__all__ = ["SPREAD", "Hyperparameter", "hyperparameters"]

_PREFIX = "config/"
_FEW = 10  # different numbers are shown as options, side by side
_JITTER = 0.1  # of the distance between options: points stay a column around their tick
_CROWD = 6  # options: more have no room for two lines each
_FEWEST_LETTERS, _FEWEST_OF_A_CROWD = 6, 8  # of an option in a line

SPREAD = "points of a choice lie side by side around it"
"""What to say of `Hyperparameter.spread`."""


@dataclass(frozen=True)
class Hyperparameter:
    """What trials had of a hyperparameter.

    Attributes:
        name: Its flat name.
        places: A number, or the position among the options, (n,); NaN where a trial has none.
        log: Whether it is shown on a log axis.
        options: Of a choice; empty for a number.
    """

    name: str
    places: Floats
    log: bool
    options: tuple[str, ...]

    @property
    def axis(self) -> dict[str, Any]:
        """Plotly's settings of its axis, but for the texts of options."""
        if not self.options:
            return log_axis(self.places) if self.log else {"type": "linear"}
        return {
            "type": "linear",
            "tickmode": "array",
            "tickvals": list(range(len(self.options))),
            "range": [-0.5, len(self.options) - 0.5],
        }

    def tick_texts(self, letters: int) -> list[str] | None:
        """Return the options in lines of so many characters, two where few; None of a number."""
        lines = 2 if len(self.options) <= _CROWD else 1
        return [clipped(each, letters, lines=lines) for each in self.options] or None

    def tick_texts_across(self, letters: int) -> list[str] | None:
        """Return the same where all options together have so many characters in a line."""
        fewest = _FEWEST_LETTERS if len(self.options) <= _CROWD else _FEWEST_OF_A_CROWD
        return self.tick_texts(max(letters // max(len(self.options), 1), fewest))

    @property
    def scaled(self) -> Floats:
        """Where trials lie on the axis, 0 to 1, (n,); NaN where a trial has none."""
        found = np.log10(self.places) if self.log else self.places
        low, high = np.nanmin(found), np.nanmax(found)
        return (found - low) / (high - low) if high > low else np.where(np.isnan(found), found, 0.5)

    def spread(self, seed: int = 0) -> Floats:
        """Return the places, those of options moved a little, so that points lie side by side."""
        if not self.options:
            return self.places
        shift = np.random.default_rng(seed).uniform(-_JITTER, _JITTER, len(self.places))
        return self.places + shift

    def texts(self) -> list[str]:
        """Return the value of each trial as text; empty where it has none."""
        return [
            "" if np.isnan(place) else (plain(self.options[int(place)]) if self.options
                                        else short(float(place)))
            for place in self.places
        ]  # fmt: skip


def hyperparameters(
    trials: pd.DataFrame,
    names: Iterable[str] | None = None,
    *,
    log: Collection[str] | None = None,
) -> list[Hyperparameter]:
    """Return the hyperparameters of trials.

    Args:
        trials: As `tuner.Sweep.trials` gives them: a column ``config/<name>`` each.
        names: Which ones, in that order; None for all that vary.
        log: Those on log axes; None for those whose values are positive and span two powers of ten.

    Raises:
        SpecError: There is none of that name.
        NoResultError: Nothing varies.
    """
    known = {
        str(column).removeprefix(_PREFIX): column
        for column in trials.columns
        if str(column).startswith(_PREFIX)
    }
    chosen = list(known) if names is None else list(names)
    for name in chosen:
        if name not in known:
            raise SpecError(f"no hyperparameter {name!r}{nearest(name, known)}")
    found = [_hyperparameter(name, trials[known[name]], log) for name in chosen]
    if names is None:
        found = [each for each in found if len(np.unique(each.places[~np.isnan(each.places)])) > 1]
    if not found:
        raise NoResultError("there is nothing to draw: no hyperparameter varies")
    return found


def _hyperparameter(
    name: str, column: pd.Series[Any], log: Collection[str] | None
) -> Hyperparameter:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        values = np.where(np.isfinite(values), values, np.nan)
        few = np.unique(values[~np.isnan(values)])
        if len(few) <= _FEW and len(values) > 2 * len(few):
            positions = np.where(np.isnan(values), np.nan, np.searchsorted(few, values))
            return Hyperparameter(name, positions, False, tuple(f"{each:.6g}" for each in few))
        positive = bool((values[~np.isnan(values)] > 0).all())
        wanted = spans_decades(values) if log is None else name in log and positive
        return Hyperparameter(name, values, wanted, ())
    texts = [None if _is_missing(value) else str(value) for value in column]
    options = _in_order({text for text in texts if text is not None})
    places = {text: float(place) for place, text in enumerate(options)}
    found = [np.nan if text is None else places[text] for text in texts]
    return Hyperparameter(name, np.array(found, dtype=float), False, tuple(options))


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _in_order(options: Collection[str]) -> Sequence[str]:
    """Return options in the order of numbers where all are such, and of the alphabet otherwise."""
    try:
        return sorted(options, key=float)
    except ValueError:
        return sorted(options)

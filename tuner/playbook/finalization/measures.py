"""How good predictions are on rows set aside, each measure with an interval over rows. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.analysis import Bootstrap
from tuner.errors import SpecError

__all__ = ["Measured", "measure"]

Floats = npt.NDArray[np.float64]

_SMALLEST = 1e-15  # probability, before its logarithm is taken


@dataclass(frozen=True)
class Measured:
    """A measure, and the interval in which it lies on other rows of the same kind.

    Attributes:
        value: On these rows.
        low: The lower end; NaN with a single row.
        high: The upper end.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "cannot be told"
        if math.isnan(self.low):
            return f"{self.value:.4g} (no interval)"
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


def measure(
    predictions: Floats, targets: npt.NDArray[Any], bootstrap: Bootstrap | None = None
) -> Mapping[str, Measured]:
    """Return the measures of one model's predictions, by name.

    Of classes: ``accuracy``, ``error``, ``precision`` and ``recall`` (macro averages over the
    classes that occur, among targets or predictions) and ``log_loss`` in nats. Of values:
    ``rmse``, ``mae`` and ``r2``; over all of them where a row has several.

    Args:
        predictions: Probabilities ``[n, classes]``, or values, of the shape of the targets.
        targets: Classes ``[n]``, or values ``[n]`` or ``[n, outputs]``; at least one row.
        bootstrap: How intervals are made: rows are drawn again. None for 95 %.

    Raises:
        SpecError: There is no row, or not one prediction for each.
    """
    count = len(targets)
    of_classes = predictions.ndim == targets.ndim + 1
    told = predictions.shape[:-1] if of_classes else predictions.shape
    if not count or told != targets.shape:
        raise SpecError(
            "predictions are measured one per target, at least one, got predictions of shape "
            f"{predictions.shape} for targets of shape {targets.shape}"
        )
    bootstrap = bootstrap or Bootstrap()
    of_rows = _Classes(predictions, targets) if of_classes else _Values(predictions, targets)
    whole = of_rows.measures(np.arange(count))
    random = np.random.default_rng(bootstrap.seed)
    draws = (random.integers(count, size=count) for _ in range(bootstrap.resamples))
    resampled = np.array([list(of_rows.measures(rows).values()) for rows in draws])
    low, high = bootstrap.interval(resampled, count)
    return {
        name: Measured(value, float(low[column]), float(high[column]))
        for column, (name, value) in enumerate(whole.items())
    }


class _Classes:
    """Measures of probabilities, for any rows."""

    def __init__(self, predictions: Floats, targets: npt.NDArray[Any]) -> None:
        self._classes = predictions.shape[1]
        self._codes = targets * self._classes + predictions.argmax(axis=1)
        told = predictions[np.arange(len(targets)), targets]
        self._losses = -np.log(np.maximum(told, _SMALLEST))

    def measures(self, rows: npt.NDArray[np.int64]) -> dict[str, float]:
        counts = np.bincount(self._codes[rows], minlength=self._classes**2)
        confusion = counts.reshape(self._classes, self._classes)  # by target, then prediction
        right, meant, said = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
        occurs = (meant + said) > 0
        accuracy = float(right.sum() / len(rows))
        return {
            "accuracy": accuracy,
            "error": 1 - accuracy,
            "precision": float((right / np.maximum(said, 1))[occurs].mean()),
            "recall": float((right / np.maximum(meant, 1))[occurs].mean()),
            "log_loss": float(self._losses[rows].mean()),
        }


class _Values:
    """Measures of values, for any rows; R^2 is of all outputs together."""

    def __init__(self, predictions: Floats, targets: npt.NDArray[Any]) -> None:
        self._targets = np.asarray(targets, dtype=float)
        self._errors = predictions - self._targets

    def measures(self, rows: npt.NDArray[np.int64]) -> dict[str, float]:
        errors, variance = self._errors[rows], float(self._targets[rows].var(axis=0).mean())
        squared = float(np.square(errors).mean())
        return {
            "rmse": squared**0.5,
            "mae": float(np.abs(errors).mean()),
            "r2": 1 - squared / variance if variance > 0 else float("nan"),
        }

"""Learning curves that a function gives, such as a user's own."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tuner.errors import ScenarioError, SpecError
from tuner.plurals import counted
from tuner.simulation.curves import Curve

__all__ = ["CurveFunction", "Floats", "FunctionCurves"]

Floats: TypeAlias = NDArray[np.float64]

CurveFunction: TypeAlias = Callable[[Mapping[str, Any], Floats], Any]
"""Of a configuration and the epochs (1 to max_t, as an array) the metric at each of them."""


@dataclass(frozen=True)
class FunctionCurves:
    """Curves that a function gives.

    Attributes:
        function: Of a configuration and the array of epochs, 1 to ``max_t``; returns the metric
            at each, or one number for all.
        metric: What it is called.
        max_t: Epochs of a full training.
        seconds: How long an epoch takes; or a function like the first.
        noise: Standard deviation of what is added to each value, normally distributed.
        seed: Of the noise. A trial keeps its own, which follows from its number.

    Raises:
        SpecError: The noise or a constant time is no finite number >= 0, or the seed no whole one.
    """

    function: CurveFunction
    metric: str
    max_t: int
    seconds: float | CurveFunction = 1.0
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("noise", "seconds"):
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and 0 <= value < math.inf
            if not is_number and not (name == "seconds" and callable(value)):
                raise SpecError(f"{name} must be a finite number >= 0, got {value!r}")
        if not isinstance(self.seed, int) or self.seed < 0:
            raise SpecError(f"seed must be a whole number >= 0, got {self.seed!r}")

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        """Return the function's values at every epoch, with the noise of a trial.

        Raises:
            ScenarioError: The function does not return a number per epoch.
        """
        epochs = np.arange(1.0, self.max_t + 1)
        values = self._per_epoch(self.function, config, epochs)
        if self.noise:
            random = np.random.default_rng((self.seed, number))
            values = values + self.noise * random.standard_normal(self.max_t)
        constant = self.seconds
        seconds = (
            self._per_epoch(constant, config, epochs)
            if callable(constant)
            else np.full(self.max_t, float(constant))
        )
        return Curve({self.metric: array("d", values)}, array("d", seconds))

    def _per_epoch(
        self, function: CurveFunction, config: Mapping[str, Any], epochs: Floats
    ) -> Floats:
        values = np.asarray(function(config, epochs), dtype=np.float64)
        if values.shape not in ((), epochs.shape):
            raise ScenarioError(
                f"a curve function returns one number, or one for each of the "
                f"{counted(self.max_t, 'epoch')} that it gets as an array, but returned the "
                f"shape {values.shape}"
            )
        return np.broadcast_to(values, epochs.shape)

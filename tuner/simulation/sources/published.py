"""Published multi-fidelity functions whose optimum is known.

They become learning curves by reading the fidelity z in [0, 1] as the part of the training that
is done: z = epoch / max_t. They are those of BOCA (Kandasamy, Dasarathy, Schneider and Poczos,
Multi-fidelity Bayesian Optimisation with Continuous Approximations, ICML 2017), with the
constants of its authors' Dragonfly and every fidelity dimension equal to z, turned around so that
they are minimised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ray import tune

from tuner.scenario import Scenario
from tuner.simulation.sources.functions import Floats, FunctionCurves
from tuner.simulation.tasks import CurveTask, Known

__all__ = ["FUNCTIONS", "PublishedFunction", "function_task"]


@dataclass(frozen=True)
class PublishedFunction:
    """A multi-fidelity function of which the optimum is known.

    Attributes:
        summary: What it is, in a line.
        bounds: Lower and upper bound of every dimension, by name.
        value: Of points of shape (d,) and fidelities of shape (n,) the values, shape (n,); lower
            is better.
        optimum: The least value at full fidelity.
    """

    summary: str
    bounds: Mapping[str, tuple[float, float]]
    value: Callable[[Floats, Floats], Floats]
    optimum: float


def _branin(x: Floats, z: Floats) -> Floats:
    """BOCA's Branin: the coefficients b, c and t move with the fidelity."""
    missing = 1 - z
    b = 5.1 / (4 * math.pi**2) - 0.01 * missing
    c = 5 / math.pi - 0.1 * missing
    t = 1 / (8 * math.pi) + 0.005 * missing
    bowl = (x[1] - b * x[0] ** 2 + c * x[0] - 6) ** 2
    return np.asarray(bowl + 10 * (1 - t) * math.cos(x[0]) + 10)


_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])


def _hartmann(scales: Floats, centres: Floats) -> Callable[[Floats, Floats], Floats]:
    """BOCA's Hartmann function: the weights fall by 0.1 (1 - z). Shapes (4, d) both."""

    def value(x: Floats, z: Floats) -> Floats:
        peaks = np.exp(-np.sum(scales * (x - centres) ** 2, axis=1))
        return np.asarray(0.1 * (1 - z) * peaks.sum() - _WEIGHTS @ peaks)

    return value


_HARTMANN3 = _hartmann(
    np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]]),
    1e-4
    * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]),
)
_HARTMANN6 = _hartmann(
    np.array(
        [
            [10, 3, 17, 3.5, 1.7, 8],
            [0.05, 10, 17, 0.1, 8, 14],
            [3, 3.5, 1.7, 10, 17, 8],
            [17, 8, 0.05, 10, 0.1, 14],
        ]
    ),
    1e-4
    * np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    ),
)


def _cube(dimensions: int) -> dict[str, tuple[float, float]]:
    return {f"x{number}": (0.0, 1.0) for number in range(1, dimensions + 1)}


FUNCTIONS: Mapping[str, PublishedFunction] = {
    "branin": PublishedFunction(
        "BOCA's Branin function, 2 dimensions, three optima",
        {"x1": (-5.0, 10.0), "x2": (0.0, 15.0)},
        _branin,
        optimum=0.39788735772973816,  # 10 t = 5 / (4 pi), at x1 = pi among others
    ),
    "hartmann3": PublishedFunction(
        "BOCA's Hartmann function, 3 dimensions", _cube(3), _HARTMANN3, optimum=-3.862779787332663
    ),
    "hartmann6": PublishedFunction(
        "BOCA's Hartmann function, 6 dimensions", _cube(6), _HARTMANN6, optimum=-3.3223680114155147
    ),
}
"""The published functions, by name."""


def function_task(
    name: str, *, epochs: int = 27, seconds: float = 1.0, noise: float = 0.0, seed: int = 0
) -> CurveTask:
    """Return the task of a published function.

    Args:
        name: One of `FUNCTIONS`.
        epochs: Of a full training; the fidelity at an epoch is its part of them.
        seconds: How long an epoch takes.
        noise: Standard deviation of what is added to each value.
        seed: Of the noise.
    """
    published = FUNCTIONS[name]

    def value(config: Mapping[str, Any], at: Floats) -> Floats:
        return published.value(np.array([config[each] for each in published.bounds]), at / epochs)

    scenario = Scenario(
        name=name,
        trainable=Known,
        space={each: tune.uniform(*bounds) for each, bounds in published.bounds.items()},
        metric="value",
        mode="min",
        time_attr="epoch",
        max_t=epochs,
        mutable=tuple(published.bounds),
        description=published.summary,
    )
    curves = FunctionCurves(value, "value", epochs, seconds, noise, seed)
    remarks = (
        f"{published.summary}: the fidelity is epoch / {epochs}, an epoch takes {seconds:g} s",
    )
    return CurveTask(name, scenario, curves, remarks, optimum=published.optimum)

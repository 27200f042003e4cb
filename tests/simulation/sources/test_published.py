"""The published functions have the published optima, and get better known as a trial trains."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from tuner.simulation.sources import find_task
from tuner.simulation.sources.published import FUNCTIONS

OPTIMA = {
    "branin": [(-math.pi, 12.275), (math.pi, 2.275), (9.42478, 2.475)],
    "hartmann3": [(0.114614, 0.555649, 0.852547)],
    "hartmann6": [(0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573)],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_optimum_is_where_it_was_published(name: str) -> None:
    task = find_task(name)
    for point in OPTIMA[name]:
        config = {f"x{number}": value for number, value in enumerate(point, start=1)}
        final = task.curves.curve(config, 0).metrics["value"][-1]
        assert final == pytest.approx(FUNCTIONS[name].optimum, abs=1e-5)
        assert task.optimum == FUNCTIONS[name].optimum


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_is_better_than_the_optimum(name: str) -> None:
    published, full = FUNCTIONS[name], np.ones(1)
    bounds = list(published.bounds.values())
    rng = np.random.default_rng(0)
    starts = rng.uniform(*np.transpose(bounds), size=(4, len(bounds)))
    found = [
        minimize(lambda x: float(published.value(x, full)[0]), start, bounds=bounds).fun
        for start in [*starts, *OPTIMA[name]]
    ]

    assert min(found) == pytest.approx(published.optimum, abs=1e-9)


def test_half_way_the_weights_of_hartmann_lack_half_of_a_tenth() -> None:
    at = np.array([0.5, 1.0])
    half, full = FUNCTIONS["hartmann3"].value(np.array([0.1, 0.5, 0.9]), at)
    peaks = np.exp(  # sum over columns of A (x - P)^2, by hand from the published tables
        [-(3 * 0.2689**2 + 10 * 0.3830**2 + 30 * 0.6327**2),
         -(0.1 * 0.3699**2 + 10 * 0.0613**2 + 35 * 0.1530**2),
         -(3 * 0.0091**2 + 10 * 0.3732**2 + 30 * 0.3453**2),
         -(0.1 * 0.0619**2 + 10 * 0.0743**2 + 35 * 0.0172**2)]
    )  # fmt: skip

    assert full == pytest.approx(-(peaks @ [1.0, 1.2, 3.0, 3.2]))
    assert half == pytest.approx(-(peaks @ [0.95, 1.15, 2.95, 3.15]))


def test_at_the_start_branin_has_other_coefficients() -> None:
    start, full = FUNCTIONS["branin"].value(np.array([2.0, 3.0]), np.array([0.0, 1.0]))
    b, c, t = 5.1 / (4 * math.pi**2), 5 / math.pi, 1 / (8 * math.pi)

    def branin(b: float, c: float, t: float) -> float:
        return (3 - b * 4 + c * 2 - 6) ** 2 + 10 * (1 - t) * math.cos(2) + 10

    assert full == pytest.approx(branin(b, c, t))
    assert start == pytest.approx(branin(b - 0.01, c - 0.1, t + 0.005))

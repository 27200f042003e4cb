"""Halton and Sobol: quasi-random sequences, which leave smaller gaps than independent draws.

Every parameter has a dimension of its own, those of branches as well; a configuration reads the
dimensions of the branches it has chosen. The n-th point follows from seed and n alone.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.stats import qmc

from tuner.arms import JSON
from tuner.errors import SpecError
from tuner.searchers.base import SearchTask
from tuner.searchers.parameters import parameters
from tuner.searchers.parametric import ParametricSearcher

__all__ = ["HaltonSearcher", "SobolSearcher"]


class QuasiRandomSearcher(ParametricSearcher):
    """Takes the points of a scrambled sequence in the unit cube, one after the other.

    A point whose configuration is infeasible or known is left out. Results do not matter, so any
    number of workers get what one would.

    Args:
        task: What to search.
    """

    most_own_draws = 500

    def __init__(self, task: SearchTask) -> None:
        super().__init__(task)
        self._parameters = parameters(task.space)
        self._sequence = self._scrambled(len(self._parameters), np.random.default_rng(task.seed))

    @classmethod
    @abstractmethod
    def _scrambled(cls, dimensions: int, rng: np.random.Generator) -> qmc.QMCEngine:
        """Return the sequence in the unit cube, scrambled by ``rng``."""

    def _draw(self, trial_id: str) -> Mapping[str, int | float]:
        (point,) = self._sequence.random(1)
        return {
            path: found.from_unit(float(position))
            for (path, found), position in zip(self._parameters.items(), point, strict=True)
        }

    def _discard(self, trial_id: str) -> None:
        """Nothing is kept of a point but that it has been passed."""

    def _enter(self, trial_id: str, values: Mapping[str, int | float]) -> bool:
        return True


class HaltonSearcher(QuasiRandomSearcher):
    """A Halton sequence: even for any number of trials; best below about ten parameters.

    Halton 1960, On the efficiency of certain quasi-random sequences of points, Numerische
    Mathematik 2; its digits are permuted at random (Owen 2017, A randomized Halton algorithm,
    1706.02808), or dimensions of large primes would be correlated.
    """

    name = "halton"

    @classmethod
    def _scrambled(cls, dimensions: int, rng: np.random.Generator) -> qmc.QMCEngine:
        return qmc.Halton(dimensions, scramble=True, rng=rng)


class SobolSearcher(QuasiRandomSearcher):
    """A Sobol sequence: the evenest, after a number of trials that is a power of two.

    Sobol 1967, On the distribution of points in a cube; the direction numbers are those of Joe &
    Kuo 2008, the scrambling is Matousek's (1998, On the L2-discrepancy for anchored boxes).
    """

    name = "sobol"

    @classmethod
    def check_space(cls, space: Mapping[str, Any], options: Mapping[str, JSON]) -> None:
        """Refuse more parameters than there are direction numbers for."""
        super().check_space(space, options)
        dimensions = len(parameters(space))
        if dimensions > qmc.Sobol.MAXDIM:
            raise SpecError(
                f"a Sobol sequence has at most {qmc.Sobol.MAXDIM:,} dimensions, but the space has "
                f"{dimensions:,} parameters: use the searcher 'halton' or 'random'"
            )

    @classmethod
    def _scrambled(cls, dimensions: int, rng: np.random.Generator) -> qmc.QMCEngine:
        return qmc.Sobol(dimensions, scramble=True, rng=rng)

"""Halton and Sobol: quasi-random sequences, which leave smaller gaps than independent draws.

Every parameter has a dimension of its own, those of branches as well; a configuration reads the
dimensions of the branches it has chosen. The n-th point follows from seed and n alone.

Where some choices are to be compared (``over``), every combination of their options, a *stratum*,
gets its turn: the strata walk along one sequence in the other dimensions. So each gets the same
number of trials, and all of them see the same values of the other parameters.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from tuner.arms import JSON
from tuner.errors import SpecError, nearest
from tuner.searchers.base import SearchTask
from tuner.searchers.parameters import Options, conditions, parameters
from tuner.searchers.parametric import ParametricSearcher

__all__ = ["HaltonSearcher", "SobolSearcher", "strata"]


class QuasiRandomSearcher(ParametricSearcher):
    """Takes the points of a scrambled sequence in the unit cube, one after the other.

    A point whose configuration is infeasible or known is left out, by the stratum for which it
    is; so strata stay paired but for such points. Results do not matter, so any number of workers
    get what one would.

    Args:
        task: What to search.
        over: Names of choices, separated by commas, each option of which is to get the same number
            of trials; none for a sequence over all parameters.
    """

    most_own_draws = 500

    def __init__(self, task: SearchTask, *, over: str = "") -> None:
        super().__init__(task)
        self._strata = strata(task.space, _names(over))
        apart = {path for stratum in self._strata for path in stratum}
        self._parameters = {
            path: found for path, found in parameters(task.space).items() if path not in apart
        }
        sequence = self._scrambled(len(self._parameters) or 1, np.random.default_rng(task.seed))
        self._walk = _Walk(sequence, len(self._strata))

    @classmethod
    def check_space(cls, space: Mapping[str, Any], options: Mapping[str, JSON]) -> None:
        """Refuse what every searcher of parameters refuses, and what is no choice."""
        super().check_space(space, options)
        choices = [path for path, found in parameters(space).items() if isinstance(found, Options)]
        for name in _names(str(options.get("over", ""))):
            if name not in choices:
                raise SpecError(
                    f"{cls.name}:over names choices of at least two options, got {name!r}"
                    f"{nearest(name, choices)}"
                )

    @classmethod
    @abstractmethod
    def _scrambled(cls, dimensions: int, rng: np.random.Generator) -> qmc.QMCEngine:
        """Return the sequence in the unit cube, scrambled by ``rng``."""

    def _draw(self, trial_id: str) -> Mapping[str, int | float]:
        turn = self._suggested % len(self._strata)
        point = self._walk.next_point(turn)
        drawn = {
            path: found.from_unit(float(point[dimension]))
            for dimension, (path, found) in enumerate(self._parameters.items())
        }
        return {**drawn, **self._strata[turn]}

    def _discard(self, trial_id: str) -> None:
        """Nothing is kept of a point but that it has been passed."""

    def _enter(self, trial_id: str, values: Mapping[str, int | float]) -> bool:
        return True


class _Walk:
    """A sequence that several go along, each at its own pace.

    Args:
        sequence: Drawn from as far as the foremost has come.
        walkers: How many there are; points that all of them have passed are forgotten.
    """

    def __init__(self, sequence: qmc.QMCEngine, walkers: int) -> None:
        self._sequence = sequence
        self._passed = [0] * walkers
        self._ahead: deque[NDArray[np.float64]] = deque()
        self._forgotten = 0

    def next_point(self, walker: int) -> NDArray[np.float64]:
        """Return a walker's next point, (dimensions,)."""
        place = self._passed[walker] - self._forgotten
        if place == len(self._ahead):
            self._ahead.append(self._sequence.random(1)[0])
        point = self._ahead[place]
        self._passed[walker] += 1
        if min(self._passed) > self._forgotten:
            self._ahead.popleft()
            self._forgotten += 1
        return point


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


def strata(space: Mapping[str, Any], over: Collection[str]) -> list[dict[str, int]]:
    """Return every combination of the options of some choices, as positions by path.

    A choice inside a branch is part of the combinations that have this branch.

    Args:
        space: A space without grids.
        over: Paths of choices with at least two options; without any, there is one stratum.
    """
    when, found = conditions(space), parameters(space)

    def exists(path: str, stratum: Mapping[str, int]) -> bool:
        while path in when:
            path, position = when[path]
            if path in over and stratum.get(path) != position:
                return False
        return True

    combinations: list[dict[str, int]] = [{}]
    for path, choice in found.items():
        if path in over and isinstance(choice, Options):
            combinations = [
                each
                for stratum in combinations
                for each in (
                    [{**stratum, path: position} for position in range(len(choice.options))]
                    if exists(path, stratum)
                    else [stratum]
                )
            ]
    return combinations


def _names(over: str) -> list[str]:
    return [name.strip() for name in over.split(",") if name.strip()]

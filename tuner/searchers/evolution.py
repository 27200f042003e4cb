"""Evolution: the best of a few recent configurations, changed a little.

Real et al. 2019, Regularized Evolution for Image Classifier Architecture Search (1802.01548),
algorithm 1, with two additions: numbers mutate by a step on their own scale, and a child may mix
two parents.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tuner.arms import JSON
from tuner.searchers.base import SearchTask
from tuner.searchers.keywords import check_bounds
from tuner.searchers.models import FittedModel, ModelSearcher, Values
from tuner.searchers.neighbours import kept, neighbour
from tuner.searchers.observations import MOST_GOOD, History, Observations
from tuner.searchers.parameters import Parameter, conditions, draw_active, parameters

__all__ = ["EvolutionSearcher"]

_REMEMBERED = 300


class EvolutionSearcher(ModelSearcher):
    """Mutates the winner of a tournament among the latest configurations; the oldest die.

    The first ``population_size`` configurations are random. After that a few of the population
    are sampled, and the best of them has a child, in which one parameter is changed: a number by
    a normal step on its own scale, a choice to another option, whose branch is drawn anew. Death
    by age instead of by rank keeps a lucky result from ruling for ever. Trials that failed or
    diverged, and those stopped before the rung at which trials are compared
    (`Observations.history`), are no parents. A suggestion never waits for results.

    Args:
        task: What to search.
        population_size: How many configurations live.
        sample_size: How many of them meet in a tournament.
        crossover: Probability that a child takes each parameter from either of two parents,
            before it mutates; 0 is Real et al.'s.
        step: Standard deviation of a number's mutation, as a share of its range.
    """

    name = "evolution"

    def __init__(
        self,
        task: SearchTask,
        *,
        population_size: int = 16,
        sample_size: int = 4,
        crossover: float = 0.5,
        step: float = 0.2,
    ) -> None:
        breeder = _Breeder(task.space, population_size, sample_size, crossover, step)
        # Of the latest trials not all have reached the rung; of earlier ones none may live.
        known = Observations(task.max_t, len(parameters(task.space)), latest=_REMEMBERED)
        super().__init__(task, FittedModel(task, breeder.propose, breeder.good, known))

    @classmethod
    def check_options(cls, options: Mapping[str, JSON]) -> None:
        """Check the keywords; raises SpecError."""
        super().check_options(options)
        bounds = {"sample_size": (1, math.inf), "crossover": (0, 1), "step": (1e-6, 1)}
        check_bounds(cls.name, options, {**bounds, "population_size": (2, 100)})


class _Breeder:
    """Draws a child of the population that a history holds; see `EvolutionSearcher`."""

    def __init__(
        self,
        space: Mapping[str, Any],
        population_size: int,
        sample_size: int,
        crossover: float,
        step: float,
    ) -> None:
        self._parameters = parameters(space)
        self._conditions = conditions(space)
        self._population_size = population_size
        self._sample_size = sample_size
        self._crossover = crossover
        self._step = step

    def good(self, told: int) -> int:
        """Return how many trials a rung must have at least: a population, nearly."""
        return min(self._population_size, told, MOST_GOOD)

    def propose(self, history: History, seed: int) -> Values:
        """Return the parameters of a child; of anything while there is no population yet."""
        rng = np.random.default_rng(seed)
        able = [
            (trial.cost, trial.values)
            for trial in history.observations
            if trial.cost is not None and not trial.diverged
        ]
        population = able[-self._population_size :]
        if not population or history.told < self._population_size:
            return self._drawn_around({}, rng)
        child = self._winner(population, rng)
        if rng.random() < self._crossover:
            child = self._mixed((child, self._winner(population, rng)), rng)
        return self._mutated(child, rng)

    def _winner(
        self, population: Sequence[tuple[float, Values]], rng: np.random.Generator
    ) -> Values:
        """Return the best of a random sample of the population."""
        size = min(self._sample_size, len(population))
        sample = rng.choice(len(population), size=size, replace=False)
        members = [population[int(place)] for place in sample]
        return min(members, key=lambda member: member[0])[1]

    def _mixed(self, parents: Sequence[Values], rng: np.random.Generator) -> Values:
        """Return a child that has each parameter from a parent that has it (uniform crossover)."""

        def inherit(path: str, found: Parameter) -> int | float:
            values = [parent[path] for parent in parents if path in parent]
            return values[int(rng.integers(len(values)))]

        return draw_active(self._parameters, self._conditions, inherit)

    def _mutated(self, values: Values, rng: np.random.Generator) -> Values:
        """Return ``values`` with one of them changed, and what that makes appear drawn anew."""
        path = list(values)[int(rng.integers(len(values)))]
        changed = neighbour(self._parameters[path], values[path], self._step, rng)
        return self._drawn_around({**values, path: changed}, rng)

    def _drawn_around(self, values: Values, rng: np.random.Generator) -> Values:
        """Return ``values``, completed at random, without those of branches not chosen."""
        return draw_active(self._parameters, self._conditions, kept(values, rng))

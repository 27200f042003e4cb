"""Random search: independent draws, and every combination of the grids in the space.

Ray's variant generator resolves the space, so ``grid_search``, ``tune.sample_from`` (also one
that reads other values), nested and conditional choices mean what they mean in Ray Tune.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ray.tune.search import Searcher
from ray.tune.search.variant_generator import generate_variants

from tuner.arms import JSON
from tuner.errors import SpecError
from tuner.randomness import PrivateRandomState
from tuner.searchers.base import DEFAULT_NUM_SAMPLES, SearchTask, SpaceSearcher, Suggestion
from tuner.space import grid_size, has_grid

__all__ = ["RandomSearcher"]


class RandomSearcher(SpaceSearcher):
    """Draws ``num_samples`` rounds; a round is one configuration per combination of the grids.

    A point to evaluate takes the place of one round, as in Ray Tune.
    """

    name = "random"

    def __init__(self, task: SearchTask) -> None:
        super().__init__(task)
        self._random = PrivateRandomState(task.seed)
        self._waiting: deque[Mapping[str, Any]] = deque(task.points)
        self._rounds_left = (
            None if task.num_samples is None else max(0, task.num_samples - len(task.points))
        )

    def _next_suggestion(self, trial_id: str) -> Suggestion:
        if not self._waiting:
            if self._rounds_left == 0:
                return Searcher.FINISHED
            if self._rounds_left is not None:
                self._rounds_left -= 1
            self._waiting.extend(self._draw_round())
        return deepcopy(dict(self._waiting.popleft()))

    @classmethod
    def default_num_samples(cls, space: Mapping[str, Any]) -> int | None:
        """Return one round of the grid where there is one."""
        return 1 if has_grid(space) else DEFAULT_NUM_SAMPLES

    @classmethod
    def total_trials(
        cls, space: Mapping[str, Any], options: Mapping[str, JSON], num_samples: int | None
    ) -> int | None:
        """Return the rounds times the combinations of the grids."""
        return None if num_samples is None else num_samples * grid_size(space)

    def _draw_round(self) -> list[dict[str, Any]]:
        # With the global generators private, Ray's domains and a user's own sample_from, which
        # draws from random or numpy.random, share one seeded stream.
        with self._random.active():
            try:
                return [config for _, config in generate_variants(dict(self.task.space))]
            except ValueError as error:
                raise SpecError(
                    f"the space cannot be drawn from: {error}; a tune.sample_from function takes "
                    "no argument, or the config with the values that stand before it"
                ) from error

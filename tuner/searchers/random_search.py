"""Random search: independent draws, and every combination of the grids in the space.

Ray's variant generator resolves the space, so ``grid_search``, ``tune.sample_from`` (also one
that reads other values), nested and conditional choices mean what they mean in Ray Tune.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from ray.tune.search import Searcher

from tuner.arms import JSON
from tuner.randomness import PrivateRandomState
from tuner.searchers.base import DEFAULT_NUM_SAMPLES, SearchTask, SpaceSearcher, Suggestion
from tuner.searchers.screening import MOST_RANDOM_DRAWS, Screen, none_feasible
from tuner.searchers.variants import ATOMS, draw_variants
from tuner.space import grid_size, has_grid

__all__ = ["RandomSearcher"]

_LEAST_REDRAWS = 20  # of a round, whatever the size of its grid


class RandomSearcher(SpaceSearcher):
    """Draws ``num_samples`` rounds; a round is one configuration per combination of the grids.

    A point to evaluate takes the place of one round, as in Ray Tune. What is infeasible is drawn
    again, up to 1,000 times; a combination of the grids for which 20 draws, or 1,000 in all, give
    nothing feasible is left out of the round.

    Args:
        task: What to search.
        unique: Draw again, too, what equals an earlier configuration; where that leads nowhere,
            the space is used up, and the search is finished.
    """

    name = "random"

    def __init__(self, task: SearchTask, *, unique: bool = False) -> None:
        super().__init__(task)
        self._random = PrivateRandomState(task.seed)
        self._draw = draw_variants(task.space)
        self._size = grid_size(task.space)
        self._screen = Screen(task.space, task.constraint, unique=unique)
        self._waiting: deque[Mapping[str, Any]] = deque(task.points)
        self._rounds_left = (
            None if task.num_samples is None else max(0, task.num_samples - len(task.points))
        )
        for point in task.points:
            self._screen.remember(point)
        if task.constraint is not None and self._rounds_left != 0:
            self._begin_round()  # refuses a space without anything feasible

    def _next_suggestion(self, trial_id: str) -> Suggestion:
        if not self._waiting:
            if self._rounds_left == 0:
                return Searcher.FINISHED
            self._begin_round()
        return _copied(self._waiting.popleft()) if self._waiting else Searcher.FINISHED

    @classmethod
    def default_num_samples(cls, space: Mapping[str, Any]) -> int | None:
        """Return one round of the grid where there is one."""
        return 1 if has_grid(space) else DEFAULT_NUM_SAMPLES

    @classmethod
    def total_trials(
        cls,
        space: Mapping[str, Any],
        options: Mapping[str, JSON],
        num_samples: int | None,
        points: Sequence[Mapping[str, Any]] = (),
    ) -> int | None:
        """Return the rounds times the combinations of the grids."""
        return None if num_samples is None else num_samples * grid_size(space)

    def _begin_round(self) -> None:
        if self._rounds_left is not None:
            self._rounds_left -= 1
        self._waiting.extend(self._draw_round())

    def _draw_round(self) -> list[dict[str, Any]]:
        """Return the first draw to admit for each combination; none where all are known.

        Raises:
            SpecError: None of the draws is feasible.
        """
        if self._screen.admits_all:
            return self._draw(self._random)
        admitted: dict[int, dict[str, Any]] = {}
        size = self._size
        draws, feasible = max(_LEAST_REDRAWS, MOST_RANDOM_DRAWS // size), False
        for _ in range(draws):
            for place, config in enumerate(self._draw(self._random)):
                if place in admitted or not self._screen.is_feasible(config):
                    continue
                feasible = True
                if self._screen.is_new(config):
                    admitted[place] = config
                    self._screen.remember(config)
            if len(admitted) == size:
                break
        if not feasible:
            raise none_feasible(draws * size)
        return [admitted[place] for place in sorted(admitted)]


def _copied(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy; that of numbers and texts takes a tenth of `deepcopy`'s time."""
    return {
        name: value if isinstance(value, ATOMS) else deepcopy(value)
        for name, value in config.items()
    }

"""Grid search: every domain becomes a few points, and every combination is tried once.

With more than one round the grid is refined: the next one lies around the best configuration so
far, in the cells that the grids before have left there.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from ray.tune.search import Searcher

from tuner.arms import JSON
from tuner.errors import SpecError
from tuner.searchers.base import SearchTask, SpaceSearcher, Suggestion
from tuner.searchers.grids import Permutation, grid_of
from tuner.searchers.keywords import check_bounds
from tuner.searchers.observations import Observations
from tuner.searchers.refinement import Refinement
from tuner.searchers.screening import Screen

__all__ = ["GridSearcher"]

_DEFAULT_POINTS = 5
_MOST_SKIPPED = 100_000  # infeasible combinations in a row; a grid may have 10**30


class GridSearcher(SpaceSearcher):
    """Tries the whole grid once, after the points to evaluate.

    Choices and grids give their values; integers all values, or ``points`` of them where there
    are more; reals ``points`` values. Those are spread evenly over the domain, on a log scale
    where the domain is logarithmic. The branches of a conditional choice are enumerated one
    after the other. Infeasible combinations are left out.

    Each further round is a grid of ``points`` values per number around the best configuration so
    far, between the neighbouring values tried; choices stay as the best has them. It begins when
    all trials of the round before have ended: until then nothing is suggested. The best is that
    of the longest trained (`Observations.history`).

    Args:
        task: What to search.
        points: Values per number.
        rounds: How many grids to try; 1 for the whole grid, without refinement.
        shuffle: Try the combinations in a random order (by the task's seed).
    """

    name = "grid"

    def __init__(
        self,
        task: SearchTask,
        *,
        points: int = _DEFAULT_POINTS,
        rounds: int = 1,
        shuffle: bool = False,
    ) -> None:
        super().__init__(task)
        self._points = deque(task.points)
        self._shuffle = shuffle
        self._rounds_left = rounds - 1
        self._grid = grid_of(task.space, points, "")
        self._order = self._shuffled()
        self._screen = Screen(task.space, task.constraint, unique=rounds > 1)
        self._refinement = Refinement(task.space, points)
        self._observations = Observations(task.max_t, dimensions=0)
        self._pending: set[str] = set()
        if task.constraint is not None:
            self._find_first()

    @classmethod
    def check_options(cls, options: Mapping[str, JSON]) -> None:
        """Check the keywords; raises SpecError."""
        super().check_options(options)
        bounds = {"points": (2, math.inf), "rounds": (1, math.inf)}  # a number has two ends
        check_bounds(cls.name, options, bounds)

    @classmethod
    def check_space(cls, space: Mapping[str, Any], options: Mapping[str, JSON]) -> None:
        """Refuse domains that have no ends: normal numbers and functions."""
        grid_of(space, _DEFAULT_POINTS, "")

    @classmethod
    def default_num_samples(cls, space: Mapping[str, Any]) -> int | None:
        """Return None: the whole grid, once."""
        return None

    @classmethod
    def total_trials(
        cls,
        space: Mapping[str, Any],
        options: Mapping[str, JSON],
        num_samples: int | None,
        points: Sequence[Mapping[str, Any]] = (),
    ) -> int | None:
        """Return the points and the combinations of all rounds, or ``num_samples`` if less.

        A point that is on the grid counts twice, and is tried once.
        """
        values, rounds = options.get("points", _DEFAULT_POINTS), options.get("rounds", 1)
        if not isinstance(values, int) or not isinstance(rounds, int):
            raise SpecError(f"grid:points and grid:rounds must be int; got {values!r}, {rounds!r}")
        size = grid_of(space, values, "").size * rounds + len(points)
        return size if num_samples is None else min(size, num_samples)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Note what a trial has reached by now."""
        time, cost = self._time(result), self._cost(result)
        if trial_id in self._pending and time is not None and cost is not None:
            self._observations.report(trial_id, time, cost)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Note how a trial ended; the next round may have waited for it."""
        if trial_id in self._pending:
            self._pending.discard(trial_id)
            last = {} if error or result is None else result
            self._observations.complete(trial_id, self._time(last), self._cost(last))

    def _next_suggestion(self, trial_id: str) -> Suggestion:
        config = self._next_config()
        while config is None and self._rounds_left:
            if self._pending:
                return None
            if not self._refine():
                break
            config = self._next_config()
        if config is None:
            return Searcher.FINISHED
        self._screen.remember(config)
        if self._rounds_left:
            self._pending.add(trial_id)
            self._observations.enter(trial_id, config)
        return deepcopy(config)

    def _next_config(self) -> dict[str, Any] | None:
        """Return the next configuration of this round; None where there is none left."""
        if self._points:
            return dict(self._points.popleft())
        return self._next_of_grid()

    def _next_of_grid(self) -> dict[str, Any] | None:
        for skipped, index in enumerate(self._order):
            config: dict[str, Any] = self._grid.at(index)
            if config not in self.task.points and self._screen.admits(config):
                return config
            if skipped == _MOST_SKIPPED:
                break
        return None

    def _find_first(self) -> None:
        """Find what is tried after the points; refuses a grid without anything feasible."""
        first = self._next_of_grid()
        if first is not None:
            self._points.append(first)
        elif not self._points:
            raise SpecError(
                "a configuration must satisfy the scenario's constraint, but none of "
                f"{min(self._grid.size, _MOST_SKIPPED):,} of the grid does; loosen it, take more "
                "points, or use the searcher 'random'"
            )

    def _refine(self) -> bool:
        """Begin a round around the best configuration so far; False where there is none."""
        tried = self._observations.history(good=1).observations
        ranked = [(trial.cost, trial.values) for trial in tried if trial.cost is not None]
        if not ranked:
            return False
        _, best = min(ranked, key=lambda each: each[0])
        self._rounds_left -= 1
        self._grid = self._refinement.around(best)
        self._order = self._shuffled()
        return True

    def _shuffled(self) -> Permutation:
        """Return the order of the present grid's combinations."""
        return Permutation(self._grid.size, self.task.seed if self._shuffle else None)

"""Searchers that draw the parameters of a space, of which configurations are composed.

What they draw may be infeasible, or known; this decides what is suggested in its place.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from ray.tune.search import Searcher

from tuner.arms import JSON
from tuner.errors import SpecError
from tuner.randomness import PrivateRandomState
from tuner.searchers.base import SearchTask, SpaceSearcher, Suggestion
from tuner.searchers.neighbours import near
from tuner.searchers.parameters import Draw, Parameter, compose, decompose, parameters
from tuner.searchers.screening import MOST_RANDOM_DRAWS, Screen
from tuner.searchers.variants import resolve_variants
from tuner.space import has_function, has_grid

__all__ = ["ParametricSearcher", "looked_up", "read_back"]

_MOST_NEARBY_DRAWS = 100
_NEARBY = 0.1  # of a parameter's range


class ParametricSearcher(SpaceSearcher):
    """A searcher that draws the parameters of the space, from which configurations are composed.

    It suggests the points to evaluate first. A ``tune.sample_from`` is called once the parameters
    are drawn. What is infeasible, or equal to an earlier configuration of the sweep, is drawn
    again: a few times by the searcher itself, then by chance, near its last draw at first and
    anywhere in the end. Where 1,000 draws anywhere give nothing new, the space is used up, and
    the search is finished.

    Attributes:
        most_own_draws: How often the searcher itself draws for one suggestion.
    """

    most_own_draws = 10

    def __init__(self, task: SearchTask) -> None:
        super().__init__(task)
        self._points = deque(task.points)
        self._screen = Screen(task.space, task.constraint)
        self._suggested = 0
        self._calls_functions = has_function(task.space)
        self._screen.pick(self._replacements({}))  # refuses a space without anything feasible

    @classmethod
    def check_space(cls, space: Mapping[str, Any], options: Mapping[str, JSON]) -> None:
        """Refuse grids, and spaces without anything to draw."""
        if has_grid(space):
            raise SpecError(
                f"the searcher {cls.name!r} draws from domains, but the space holds grid_search: "
                "use the searcher 'random', or replace it by a domain"
            )
        if not parameters(space):
            raise SpecError(
                f"the searcher {cls.name!r} needs something that varies, but the space holds "
                f"constants only: use the searcher 'random', or add a domain"
            )

    @abstractmethod
    def _draw(self, trial_id: str) -> Mapping[str, int | float] | None:
        """Return the values of the parameters of a new trial by path; None for not now."""

    @abstractmethod
    def _discard(self, trial_id: str) -> None:
        """Forget what `_draw` has just drawn: it becomes no trial. The next draw must differ."""

    @abstractmethod
    def _enter(self, trial_id: str, values: Mapping[str, int | float]) -> bool:
        """Take a trial with these values of the parameters, as if drawn; False for not now."""

    def _next_suggestion(self, trial_id: str) -> Suggestion:
        suggestion = self._point(trial_id) if self._points else self._drawn(trial_id)
        if isinstance(suggestion, dict):
            self._admit(trial_id, suggestion)
        return suggestion

    def _admit(self, trial_id: str, config: Mapping[str, Any]) -> None:
        """Count a trial among those suggested."""
        self._suggested += 1
        self._screen.remember(config)

    def _point(self, trial_id: str) -> Suggestion:
        entered = self._enter(trial_id, decompose(self.task.space, self._points[0]))
        return deepcopy(dict(self._points.popleft())) if entered else None

    def _drawn(self, trial_id: str) -> Suggestion:
        last: Mapping[str, int | float] = {}
        for attempt in range(self.most_own_draws):
            values = self._draw(trial_id)
            if values is None:
                return None
            config = self._composed(looked_up(values), attempt)
            if self._screen.admits(config):
                return config
            self._discard(trial_id)
            last = values
        found = self._screen.pick(self._replacements(last))
        if found is None:
            return Searcher.FINISHED
        entered = self._enter(trial_id, decompose(self.task.space, found))
        return found if entered else None

    def _replacements(self, values: Mapping[str, int | float]) -> Iterator[dict[str, Any]]:
        """Yield what may stand for a suggestion that cannot be: near ``values``, then anywhere."""
        rng = np.random.default_rng((self.task.seed, self._suggested))
        for attempt in range(_MOST_NEARBY_DRAWS + MOST_RANDOM_DRAWS):
            around = values if attempt < _MOST_NEARBY_DRAWS else {}
            yield self._composed(near(around, _NEARBY, rng), self.most_own_draws + attempt)

    def _composed(self, draw: Draw, attempt: int) -> dict[str, Any]:
        """Compose a configuration; its functions draw by seed, suggestion and attempt only."""
        config = compose(self.task.space, draw)
        if not self._calls_functions:
            return config
        stream = PrivateRandomState((self.task.seed, self._suggested, attempt))
        return resolve_variants(config, stream)[0]


def read_back(
    space: Mapping[str, Any], values: Mapping[str, int | float]
) -> dict[str, int | float]:
    """Return values as they are read from the configuration that they make.

    Equal options, and branches that look alike, are told apart by their position only: what a
    model learned when it drew must be what it learns when the sweep is resumed.
    """
    return dict(decompose(space, compose(space, looked_up(values))))


def looked_up(values: Mapping[str, int | float]) -> Draw:
    """Return what draws these values, by path."""

    def draw(path: str, _: Parameter) -> int | float:
        return values[path]

    return draw

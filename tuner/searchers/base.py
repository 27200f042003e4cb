"""What every searcher of tuner is: a ``ray.tune.search.Searcher`` over one whole space.

Ray's own searchers drop constants, change types, fail on parts of a space and break on results
that are missing or NaN, each in its own way. A `SpaceSearcher` promises:

- a suggestion is a complete configuration: constants included, nested and typed as declared;
- the same seed and the same results give the same suggestions, and the global random
  generators are left as they were;
- unknown trials, failed trials and results that are no numbers do no harm.

`ModelSearcher` adds what the searchers that learn from results share.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ray import cloudpickle
from ray.tune.search import Searcher

from tuner.arms import JSON
from tuner.errors import SpecError
from tuner.searchers.keywords import check_keywords
from tuner.searchers.parameters import Draw, Parameter, compose, decompose, parameters
from tuner.space import contains, has_function, has_grid

__all__ = [
    "DEFAULT_NUM_SAMPLES",
    "ModelSearcher",
    "SearchTask",
    "SpaceSearcher",
    "Suggestion",
    "as_number",
]

DEFAULT_NUM_SAMPLES = 32

Suggestion: TypeAlias = dict[str, Any] | str | None
"""A configuration, None, or FINISHED, which Ray's own annotation leaves out."""


@dataclass(frozen=True, kw_only=True)
class SearchTask:
    """What a searcher is to search, apart from its own keywords.

    Attributes:
        space: A valid space.
        metric: The reported value to optimise.
        mode: ``"min"`` or ``"max"``.
        seed: 0 <= seed < 2**31; decides every random draw.
        points: Complete configurations to suggest first.
        num_samples: How often the space is sampled; None for without end.
    """

    space: Mapping[str, Any]
    metric: str
    mode: str
    seed: int
    points: tuple[Mapping[str, Any], ...] = ()
    num_samples: int | None = None


class SpaceSearcher(Searcher, ABC):
    """A searcher built by name. Its keywords are its keyword-only constructor parameters."""

    name: str

    def __init__(self, task: SearchTask) -> None:
        super().__init__(metric=task.metric, mode=task.mode)
        self.task = task

    @classmethod
    def check_options(cls, options: Mapping[str, JSON]) -> None:
        """Check the keywords; raises SpecError."""
        check_keywords(cls.name, options, cls.__init__)

    @classmethod
    def check_space(cls, space: Mapping[str, Any], options: Mapping[str, JSON]) -> None:
        """Check that this searcher, with these checked options, can search ``space``.

        Raises:
            SpecError: It cannot; the message says what can.
        """

    @classmethod
    def default_num_samples(cls, space: Mapping[str, Any]) -> int | None:
        """Return how often to sample ``space`` when nobody says; None for until it ends."""
        return DEFAULT_NUM_SAMPLES

    @classmethod
    def total_trials(
        cls, space: Mapping[str, Any], options: Mapping[str, JSON], num_samples: int | None
    ) -> int | None:
        """Return how many trials ``num_samples`` make; None for without end."""
        return num_samples

    def suggest(self, trial_id: str) -> Suggestion:  # type: ignore[override]
        """Return the configuration of a new trial; None for not now, FINISHED for no more."""
        return self._next_suggestion(trial_id)

    @abstractmethod
    def _next_suggestion(self, trial_id: str) -> Suggestion: ...

    def take_over(self, trial_id: str, config: Mapping[str, Any]) -> bool:
        """Take a trial that another searcher suggested for one of its own, to learn from.

        Returns:
            Whether there is anything to learn: the configuration lies in this searcher's space,
            and the searcher learns at all. The trial's end is told to it as usual.
        """
        return False

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Take notice of a trial's end."""

    def save(self, checkpoint_path: str) -> None:
        """Write all that decides the next suggestions to a file."""
        Path(checkpoint_path).write_bytes(cloudpickle.dumps(self.__dict__))

    def restore(self, checkpoint_path: str) -> None:
        """Go on from a file that `save` wrote; read only files that you trust."""
        self.__dict__.update(cloudpickle.loads(Path(checkpoint_path).read_bytes()))


class ModelSearcher(SpaceSearcher):
    """A searcher that learns: one of Ray's, over the flat parameters of the space.

    The library behind sees only independent numbers and positions, by path; the configuration
    is composed here. It is told one value per trial, at the trial's end: the last one reported.
    A value that is NaN or infinite counts as the worst value seen so far, so that the search
    keeps away from there; without any to compare with, and for a trial that failed or reported
    nothing, the trial counts as failed.

    Args:
        task: What to search.
        backend: Ray's searcher over the parameters of ``task.space``; suggests the points to
            evaluate first, in their order.
    """

    def __init__(self, task: SearchTask, backend: Searcher) -> None:
        super().__init__(task)
        self._backend = backend
        self._points = deque(
            compose(task.space, _looked_up(decompose(task.space, point))) for point in task.points
        )
        self._live: set[str] = set()
        self._worst: float | None = None

    @abstractmethod
    def _draw(self, trial_id: str) -> Mapping[str, int | float] | None:
        """Return the values of the parameters of a new trial by path; None for not now."""

    @classmethod
    def check_space(cls, space: Mapping[str, Any], options: Mapping[str, JSON]) -> None:
        """Refuse what no model can be fitted to: grids, functions, and nothing at all."""
        for is_there, what in ((has_grid, "grid_search"), (has_function, "tune.sample_from")):
            if is_there(space):
                raise SpecError(
                    f"the searcher {cls.name!r} models domains it can draw from, but the space "
                    f"holds {what}: use the searcher 'random', or replace it by a domain"
                )
        if not parameters(space):
            raise SpecError(
                f"the searcher {cls.name!r} needs something that varies, but the space holds "
                f"constants only: use the searcher 'random', or add a domain"
            )

    def _next_suggestion(self, trial_id: str) -> Suggestion:
        values = self._draw(trial_id)
        if values is None:
            return None
        self._live.add(trial_id)
        if self._points:  # what was drawn is this point, but for rounding errors
            return self._points.popleft()
        return compose(self.task.space, _looked_up(values))

    def take_over(self, trial_id: str, config: Mapping[str, Any]) -> bool:
        """Take a trial that another searcher suggested for one of its own."""
        if contains(self.task.space, config):  # names what lies outside
            return False
        if not self._enter(trial_id, decompose(self.task.space, config)):
            return False
        self._live.add(trial_id)
        return True

    def _enter(self, trial_id: str, values: Mapping[str, int | float]) -> bool:
        """Enter a trial with these values of the parameters into the model, if it can."""
        return False

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Tell the model the trial's last value, or that there is none."""
        if trial_id not in self._live:
            return
        self._live.discard(trial_id)
        value = None if error else self._comparable((result or {}).get(self.task.metric))
        self._tell(trial_id, None if value is None else {self.task.metric: value})

    def _tell(self, trial_id: str, result: dict[str, float] | None) -> None:
        self._backend.on_trial_complete(trial_id, result=result, error=result is None)

    def _comparable(self, value: Any) -> float | None:
        """Return ``value`` as a finite number: itself, the worst so far, or None."""
        number = as_number(value)
        if number is None:
            return None
        if not math.isfinite(number):
            return self._worst
        worse = max if self.task.mode == "min" else min
        self._worst = number if self._worst is None else worse(self._worst, number)
        return number


def as_number(value: Any) -> float | None:
    """Return a reported value as a float, which may be NaN; None if it is no number at all."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _looked_up(values: Mapping[str, int | float]) -> Draw:
    def draw(path: str, _: Parameter) -> int | float:
        return values[path]

    return draw

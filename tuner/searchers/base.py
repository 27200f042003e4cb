"""What every searcher of tuner is: a ``ray.tune.search.Searcher`` over one whole space.

Ray's own searchers drop constants, change types, fail on parts of a space and break on results
that are missing or NaN, each in its own way. A `SpaceSearcher` promises:

- a suggestion is a complete configuration: constants included, nested and typed as declared;
- the same seed and the same results give the same suggestions, and the global random
  generators are left as they were;
- unknown trials, failed trials and results that are no numbers do no harm.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ray import cloudpickle
from ray.tune.search import Searcher

from tuner.arms import JSON
from tuner.objectives import Objective
from tuner.searchers.keywords import check_keywords
from tuner.space import Constraint

__all__ = [
    "DEFAULT_NUM_SAMPLES",
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
        time_attr: The reported value that measures progress.
        max_t: Where a full training ends, in units of ``time_attr``; inf if nobody says.
        points: Complete configurations to suggest first, with the types of the space.
        num_samples: How often the space is sampled; None for without end.
        constraint: Says which configurations are feasible; None for all. No other is suggested.
        objectives: All that is optimised, ``metric`` with ``mode`` first; more than one only for
            a searcher that `takes_objectives`. Empty: the metric alone.
    """

    space: Mapping[str, Any]
    metric: str
    mode: str
    seed: int
    time_attr: str = "training_iteration"
    max_t: float = math.inf
    points: tuple[Mapping[str, Any], ...] = ()
    num_samples: int | None = None
    constraint: Constraint | None = None
    objectives: tuple[Objective, ...] = ()


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
    def learns(cls, options: Mapping[str, JSON]) -> bool:
        """Return whether this searcher, with these checked options, learns from any sweep's trials.

        Then it can be taught, by `take_over` and what follows, before it suggests anything.
        """
        return cls.take_over is not SpaceSearcher.take_over

    @classmethod
    def takes_objectives(cls, options: Mapping[str, JSON]) -> bool:
        """Return whether this searcher, with these checked options, optimises several at once."""
        return False

    @classmethod
    def default_num_samples(cls, space: Mapping[str, Any]) -> int | None:
        """Return how often to sample ``space`` when nobody says; None for until it ends."""
        return DEFAULT_NUM_SAMPLES

    @classmethod
    def total_trials(
        cls,
        space: Mapping[str, Any],
        options: Mapping[str, JSON],
        num_samples: int | None,
        points: Sequence[Mapping[str, Any]] = (),
    ) -> int | None:
        """Return how many trials ``num_samples`` make, ``points`` among them; None for no bound."""
        return num_samples

    def suggest(self, trial_id: str) -> Suggestion:  # type: ignore[override]
        """Return the configuration of a new trial; None for not now, FINISHED for no more."""
        return self._next_suggestion(trial_id)

    @abstractmethod
    def _next_suggestion(self, trial_id: str) -> Suggestion: ...

    def take_over(
        self, trial_id: str, config: Mapping[str, Any], *, of_this_sweep: bool = True
    ) -> bool:
        """Take a trial that another searcher suggested for one of its own, to learn from.

        Args:
            trial_id: The trial.
            config: Its configuration.
            of_this_sweep: Whether it counts among the sweep's own, which are not repeated.

        Returns:
            Whether there is anything to learn: the configuration lies in this searcher's space,
            and the searcher learns at all. The trial's end is told to it as usual.
        """
        return False

    def recall(self, trial_id: str, config: Mapping[str, Any]) -> dict[str, Any] | None:
        """Enter a trial that this searcher suggested when a sweep that is resumed ran first.

        Args:
            trial_id: The trial.
            config: Its configuration as recorded: of plain values.

        Returns:
            The suggestion, with its types. None where it must be drawn again: what a searcher
            suggests later may depend on its having drawn.
        """
        return None

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

    def _time(self, result: Mapping[str, Any]) -> float | None:
        time = as_number(result.get(self.task.time_attr))
        return None if time is None or math.isnan(time) else time

    def _cost(self, result: Mapping[str, Any]) -> float | None:
        """Return the metric of a result so that lower is better; inf if it is not finite."""
        value = as_number(result.get(self.task.metric))
        if value is None:
            return None
        if not math.isfinite(value):
            return math.inf
        return value if self.task.mode == "min" else -value


def as_number(value: Any) -> float | None:
    """Return a reported value as a float, which may be NaN; None if it is no number at all."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None

"""Where a simulation's trials come from; stands in for Ray's ``SearchAlgorithm``."""

from __future__ import annotations

from typing import Any

from ray.tune.search import Searcher

from tuner.simulation.trials import SimulatedTrial

__all__ = ["Suggestions"]


class Suggestions:
    """Makes trials of a searcher's suggestions.

    Args:
        searcher: Told of every result.
        num_samples: How many trials to make at most; None for no bound.
        time_attr: What their reports call the number of epochs.

    Attributes:
        made: How many trials it has made.
        waits: Whether the searcher had nothing to suggest when it was asked last.
        listens: Whether the searcher wants to know of results before a trial's end.
    """

    def __init__(self, searcher: Searcher, num_samples: int | None, time_attr: str) -> None:
        self.searcher = searcher
        self.waits = False
        self.listens = type(searcher).on_trial_result is not Searcher.on_trial_result
        self._num_samples = num_samples
        self._time_attr = time_attr
        self.made = 0
        self._exhausted = False

    @property
    def total_samples(self) -> int:
        """How many trials there will be at most; 0 where there is no bound."""
        return self._num_samples or 0

    def is_finished(self) -> bool:
        """Return whether no further trial will be made."""
        return self._exhausted or (self._num_samples is not None and self.made >= self._num_samples)

    def next_trial(self) -> SimulatedTrial | None:
        """Return a new trial; None where there is none, now or ever."""
        if self.is_finished():
            return None
        trial_id = f"t{self.made:06d}"
        config: Any = self.searcher.suggest(trial_id)
        self._exhausted = config == Searcher.FINISHED
        self.waits = config is None
        if self.waits or self._exhausted:
            return None
        self.made += 1
        return SimulatedTrial(trial_id, self.made - 1, config, self._time_attr)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Tell the searcher of a result."""
        self.searcher.on_trial_result(trial_id, result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Tell the searcher of a trial's end."""
        self.searcher.on_trial_complete(trial_id, result=result, error=error)

"""Where a sweep's trials come from: a searcher's suggestions, made into Ray Tune trials.

Ray's own ``SearchGenerator`` gives trials random names, counts paused trials against the
concurrency limit (so HyperBand never fills a bracket), and takes plain searchers and its
``BasicVariantGenerator`` along different paths. A `TrialSource` gives every searcher one path,
numbers trials in the order of their suggestion, and limits what runs or waits to run only.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.search import SearchAlgorithm, Searcher

from tuner.plurals import counted
from tuner.store import plain

__all__ = ["TrialSource", "trial_name"]

TrialFactory = Callable[[str, dict[str, Any], bool], Trial]


def trial_name(index: int) -> str:
    """Return the id of the sweep's ``index``-th trial; ids sort in the order of creation."""
    return f"t{index:06d}"


class TrialSource(SearchAlgorithm):
    """Makes trials of a searcher's suggestions, as many and as soon as allowed.

    Args:
        searcher: Suggests configurations; told of every result.
        num_samples: How many trials to make at most; None for no bound.
        limit: How many trials may be pending or running at once; paused ones don't count.
            None for no bound.
        numbers: Those of the trials, in order; without any, they count from 0.
        make_trial: Builds a Ray Tune trial from its id and configuration, and tells of it where
            the third argument is true.

    Attributes:
        num_samples: As above; a sweep that is extended gets more.
        limit: As above; may be changed at any time.
        learns_only: The searcher is another one than that which suggested the trials that are
            taken in `again`, for instance over another space: it learns from them.
        count_active: Returns how many trials wait for a worker or have one; whoever runs them
            may know without looking at each.
        waits: The searcher had nothing to suggest when it was last asked, but may have later.
        failure: What the searcher raised when it was told of a trial's end, if it did.
    """

    def __init__(
        self,
        searcher: Searcher,
        *,
        num_samples: int | None,
        limit: int | None,
        make_trial: TrialFactory,
        numbers: Sequence[int] = (),
    ) -> None:
        self.searcher = searcher
        self.num_samples = num_samples
        self.limit = limit
        self._numbers = numbers
        self._make_trial = make_trial
        self.learns_only = False
        self.waits = False
        self.failure: Exception | None = None
        self._created = 0
        self._open: dict[str, Trial] = {}
        self.count_active = self._count_active

    @property
    def total_samples(self) -> int:
        """How many trials there will be at most; 0 where there is no bound."""
        return self.num_samples or 0

    @property
    def may_suggest(self) -> bool:
        """Whether there may be another trial as soon as there is room."""
        return not (self.is_finished() or self.waits)

    def next_trial(self) -> Trial | None:
        """Return a new trial, or None while the limit is reached or the searcher waits."""
        if self.is_finished() or self._at_limit():
            return None
        trial_id = trial_name(self._numbers[self._created] if self._numbers else self._created)
        config: Any = self.searcher.suggest(trial_id)
        self.waits = config is None
        if config == Searcher.FINISHED:
            self._finished = True
            return None
        if config is None:
            return None
        return self._make(trial_id, config, announce=True)

    def again(self, trial_id: str, config: Mapping[str, Any]) -> tuple[Trial, bool]:
        """Return a trial of a sweep that is resumed, and whether the searcher suggests it again.

        Args:
            trial_id: The trial.
            config: Its configuration as recorded, which holds whatever the searcher says now.
        """
        if self.learns_only:
            take_over = getattr(self.searcher, "take_over", None)
            if take_over is not None:
                take_over(trial_id, config)
            return self._make(trial_id, config, announce=False), True
        suggested = self._suggested_again(trial_id, config)
        same = isinstance(suggested, Mapping) and plain(suggested) == config
        chosen = suggested if same else config  # what was recorded is plain: a class is its name
        return self._make(trial_id, chosen, announce=False), same

    def _suggested_again(self, trial_id: str, config: Mapping[str, Any]) -> Any:
        """Return the suggestion, from the record if the searcher needs not draw it again."""
        recall = getattr(self.searcher, "recall", None)
        recalled = None if recall is None else recall(trial_id, config)
        return self.searcher.suggest(trial_id) if recalled is None else recalled

    def _make(self, trial_id: str, config: Mapping[str, Any], *, announce: bool) -> Trial:
        self._created += 1
        trial = self._make_trial(trial_id, copy.deepcopy(dict(config)), announce)
        self._open[trial_id] = trial
        return trial

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Tell the searcher of an intermediate result."""
        self.searcher.on_trial_result(trial_id, result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Tell the searcher that a trial ended; its place is free."""
        self._open.pop(trial_id, None)
        try:
            self.searcher.on_trial_complete(trial_id, result=result, error=error)
        except Exception as failure:  # Ray's controller would blame the trial
            self.failure = failure

    def is_finished(self) -> bool:
        """Return whether no further trial will be made."""
        exhausted = self.num_samples is not None and self._created >= self.num_samples
        return exhausted or bool(self._finished)

    @property
    def shortfall(self) -> str | None:
        """What to tell where the searcher has ended before all trials were made."""
        if not self._finished or self._created == self.num_samples:
            return None
        made = counted(self._created, "trial")
        if self.num_samples is not None:
            made = f"{self._created} of {counted(self.num_samples, 'trial')}"
        return f"the searcher has nothing new to suggest after {made}"

    def _at_limit(self) -> bool:
        return self.limit is not None and self.count_active() >= self.limit

    def _count_active(self) -> int:
        return sum(t.status in (Trial.PENDING, Trial.RUNNING) for t in self._open.values())

"""Ray Tune's controller without snapshots, and with quick answers about its trials.

Upstream writes its state as it goes, which the sweep's store makes needless, and looks at every
trial that ever ran to say whether one is left; what schedulers ask of it takes as long.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any, cast

from ray.tune import PlacementGroupFactory
from ray.tune.execution.tune_controller import TrialRunnerWrapper, TuneController
from ray.tune.experiment import Trial

__all__ = ["LeanController", "shape_of"]

_NAP_S = 0.05


class LeanController(TuneController):
    """Ray Tune's controller, except for its snapshots and what it tells of its trials.

    Args:
        **options: Those of `ray.tune.execution.tune_controller.TuneController`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._view: Any = None
        self._print_trial_errors = False

    def checkpoint(self, force: bool = False, wait: bool = False) -> None:
        """Do nothing: the sweep's store is the record."""

    def _mark_trial_to_checkpoint(self, trial: Trial) -> None:
        """Do nothing: there are no snapshots."""

    def _wrapped(self) -> Any:
        """Return what schedulers see of the controller."""
        if self._view is None:
            self._view = _View(super()._wrapped())  # type: ignore[no-untyped-call]
        return self._view

    def first_waiting(self) -> Trial | None:
        """Return the first of the pending trials; where there is none, the first paused one."""
        waiting = self._pending_trials or self._paused_trials
        return min(waiting, key=lambda trial: str(trial.trial_id)) if waiting else None

    def is_in_line(self, trial: Trial) -> bool:
        """Return whether a worker that is free now would be of use to a waiting trial."""
        return trial not in self._trial_to_actor

    @property
    def active(self) -> int:
        """How many trials wait for a worker or have one."""
        return len(self._pending_trials) + len(self._running_trials)

    @property
    def unfinished(self) -> int:
        """How many trials wait for a worker, have one or are paused."""
        return self.active + len(self._paused_trials)

    @property
    def running(self) -> Collection[Trial]:
        """The trials that have a worker."""
        return frozenset(self._running_trials)

    def is_finished(self) -> bool:
        """Return whether no trial is left to run and none will come."""
        if not self._search_alg.is_finished():
            return False
        return all(trial.is_finished() for trial in self._live_trials)

    def step(self) -> None:
        """Handle one event, waiting for it at most 0.1 s."""
        idle = not self.busy
        super().step()  # type: ignore[no-untyped-call]
        if idle and not self.busy:  # Ray has no event to wait for
            time.sleep(_NAP_S)

    @property
    def busy(self) -> bool:
        """Whether a trial runs, starts or waits to start."""
        return bool(self._running_trials or self._pending_trials or self._resetting_trials)


class _View(TrialRunnerWrapper):
    """What schedulers see of a controller; Ray's own warns of whatever it does not list.

    Args:
        upstream: Ray's.
    """

    def __init__(self, upstream: TrialRunnerWrapper) -> None:
        vars(self).update(vars(upstream))

    def first_waiting(self) -> Trial | None:
        return cast("LeanController", self._tune_controller).first_waiting()

    def is_in_line(self, trial: Trial) -> bool:
        return cast("LeanController", self._tune_controller).is_in_line(trial)


def shape_of(trial: Trial) -> PlacementGroupFactory:
    """Return what a trial takes; known for every trial that was added to the controller."""
    shape: Any = trial.placement_group_factory
    return cast(PlacementGroupFactory, shape)

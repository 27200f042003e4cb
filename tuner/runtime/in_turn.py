"""Ray Tune's controller where trials differ in what they take; see `tuner.runtime.turns`.

Ray starts whatever fits, in whichever order it fits, and an idle worker serves only trials that
take what it holds. So a large trial would wait until the last small one has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.tune import PlacementGroupFactory
from ray.tune.experiment import Trial

from tuner.runtime.lean import shape_of
from tuner.runtime.turns import Turns, Waiting
from tuner.runtime.warm import WarmController

__all__ = ["InTurnController"]

_ROOM_WITHIN_S = 10.0  # a worker that has ended makes room in less


class InTurnController(WarmController):
    """Ray Tune's controller, except for who waits where trials differ in what they take.

    Args:
        fits: Whether some node can hold what a trial takes.
        **options: Those of `WarmController`.
    """

    def __init__(self, *, fits: Callable[[PlacementGroupFactory], bool], **options: Any) -> None:
        super().__init__(**options)
        self._fits = fits
        self._turns = Turns()
        self._due: PlacementGroupFactory | None = None  # what alone is given out
        self._empty_since: float | None = None

    def _maybe_add_actors(self) -> None:
        self._due = self._make_room()
        super()._maybe_add_actors()

    def _provide_worker(self, trial: Trial) -> None:
        if self._due is None or shape_of(trial) == self._due:
            super()._provide_worker(trial)

    def _actor_started(self, tracked_actor: TrackedActor, log: str = "STARTED") -> None:
        if self._shapes_differ():
            trial = self._actor_to_trial[tracked_actor]
            self._turns.served(Waiting(trial.trial_id, shape_of(trial)), self._line())
        super()._actor_started(tracked_actor, log)

    def _make_room(self) -> PlacementGroupFactory | None:
        """Return what alone is given out now, where a trial has been overtaken often enough."""
        if self._draining or not self._shapes_differ():
            return None
        line = self._line()
        self._turns.keep(line)
        due = self._turns.due(line)
        if due is None:
            return None
        shape = cast(PlacementGroupFactory, due.shape)
        if self._others_hold_the_room() or not self._fits(shape):
            self._turns.excuse(due)
            return None
        for worker in self._idle.release({shape}):
            self._release(worker, "made room for a trial that takes something else")
        for trial in [t for t in self._pending_trials if shape_of(t) != shape]:
            self._withdraw(trial)
        return shape

    def _others_hold_the_room(self) -> bool:
        """Return whether there has been no worker for so long that it is not this sweep's doing."""
        if self._actor_manager.num_live_actors:
            self._empty_since = None
            return False
        now = time.monotonic()
        self._empty_since = now if self._empty_since is None else self._empty_since
        return now - self._empty_since > _ROOM_WITHIN_S

    def _shapes_differ(self) -> bool:
        waiting = self._resources_to_pending_trials.values()
        return sum(1 for trials in waiting if trials) > 1

    def _line(self) -> list[Waiting]:
        """Return the trials that wait for a worker, the first one first."""
        order = dict.fromkeys([*self._first, *self._pending_trials_list])
        return [Waiting(t.trial_id, shape_of(t)) for t in order if t in self._pending_trials]

"""Ray Tune's controller with trials that leave a node before it is taken away.

Clouds take spot machines back at a notice of seconds to minutes, of which Ray tells as of a node
that drains. Upstream trains on until the node is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from typing import Any

from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.train._internal.session import _TrainingResult
from ray.tune.experiment import Trial

from tuner.runtime.census import held_on
from tuner.runtime.losses import NodeLeavingError
from tuner.runtime.stretches import StretchController
from tuner.runtime.whereabouts import PLACE, Place

__all__ = ["MovingController"]


class MovingController(StretchController):
    """Ray Tune's controller, except for what it does about nodes that are about to go.

    Args:
        saves: Whether trials can save.
        **options: Those of `StretchController`.
    """

    def __init__(self, *, saves: bool, **options: Any) -> None:
        super().__init__(**options)
        self._saves = saves
        self._places: dict[TrackedActor, Place] = {}
        self._leaving: set[Trial] = set()  # once they have saved
        self._doomed: frozenset[str] = frozenset()  # nodes

    def vacate(self, node_ids: Collection[str]) -> None:
        """Have trials on some nodes save and go on elsewhere, as far as they can.

        Those that cannot save go on where they are: they may end in time. May be called again
        while the nodes are there.
        """
        self._doomed = frozenset(node_ids)
        for worker in [w for w in self._places if self._must_leave(w)]:
            trial = self._actor_to_trial.get(worker)
            if trial is None:
                if self._idle.forget(worker):
                    self._release(worker, "its node is to be taken away")
            elif self._saves and _trains(trial) and trial not in self._leaving:
                self._leaving.add(trial)
                self._schedule_trial_save(trial)

    def _must_leave(self, worker: TrackedActor | None) -> bool:
        place = self._places.get(worker) if worker is not None else None
        return place is not None and place.node_id in self._doomed

    def _maybe_cache_trial_actor(self, trial: Trial) -> bool:
        worker = self._trial_to_actor[trial]
        if not self._must_leave(worker):
            return super()._maybe_cache_trial_actor(trial)
        self._resetting_trials.discard(trial)
        self._unfit.setdefault(worker, "its node is to be taken away")
        return False

    def avoid(self, node_ids: Set[str]) -> None:
        """Start no worker on some nodes from now on."""
        self._placement.avoid(node_ids)

    def admit(self, node_ids: Set[str]) -> None:
        """Start workers on these nodes only, from now on."""
        self._placement.admit(node_ids)

    def nodes_of(self, trial: Trial) -> Set[str]:
        """Return the ids of the nodes on which the worker of a trial lies, with all its bundles."""
        tracked = self._trial_to_actor.get(trial)
        live = self._actor_manager._live_actors_to_ray_actors_resources
        return set(held_on(live[tracked][1])) if tracked in live else set()

    def _on_training_result(self, trial: Trial, result: Any) -> None:
        reports = result if isinstance(result, list) else [result]
        place, worker = reports[-1].get(PLACE), self._trial_to_actor.get(trial)
        if place is not None and worker is not None:
            self._places[worker] = place
        super()._on_training_result(trial, result)  # type: ignore[no-untyped-call]

    def _on_saving_result(self, trial: Trial, checkpoint_value: _TrainingResult) -> None:
        leaving = trial in self._leaving
        self._leaving.discard(trial)
        super()._on_saving_result(trial, checkpoint_value)
        if leaving and trial.status == Trial.RUNNING and trial in self._trial_to_actor:
            self._process_trial_failure(trial, NodeLeavingError())

    def _schedule_trial_stop(self, trial: Trial, exception: Exception | None = None) -> None:
        self._leaving.discard(trial)
        super()._schedule_trial_stop(trial, exception)

    def _actor_stopped(self, tracked_actor: TrackedActor) -> None:
        self._places.pop(tracked_actor, None)
        super()._actor_stopped(tracked_actor)

    def _actor_failed(self, tracked_actor: TrackedActor, exception: Exception) -> None:
        self._places.pop(tracked_actor, None)
        super()._actor_failed(tracked_actor, exception)


def _trains(trial: Trial) -> bool:
    """Whether a trial can save: until it is restored, there is nothing to be saved."""
    return trial.status == Trial.RUNNING and trial.temporary_state.restoring_from is None

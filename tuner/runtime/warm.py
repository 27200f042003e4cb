"""Ray Tune's controller with workers that last; `tuner.runtime.controller` builds on it.

Upstream lets a trial whose own worker is starting take over an idle one, and throws the starting
one away: one slot serves every short trial, the others stay empty, and a process is started per
trial (ray-project/ray #15504). It also ends workers that paused trials will need: PBT then starts
a process per time slice. Here an idle worker serves whatever waits, a new one is started only
while a slot is empty, and workers last until nothing is left to run, or until they have been idle
for a minute. A worker that is not fit for another trial, or that died while idle, is replaced;
upstream fails the trial.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ray.actor import ActorHandle
from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.train._internal.storage import StorageContext
from ray.tune import Callback, CheckpointConfig, PlacementGroupFactory
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler
from ray.tune.search import SearchAlgorithm

from tuner.runtime.arrivals import PromptActorManager
from tuner.runtime.census import held_on
from tuner.runtime.lanes import Lane, LaneActorManager, LanePlacement
from tuner.runtime.lean import LeanController, shape_of
from tuner.runtime.placing import NodePlacement
from tuner.runtime.worker_log import WorkerLog
from tuner.runtime.workers import ActorClass, IdleWorkers
from tuner.worker_modes import IDLE_S

__all__ = ["WarmController"]

_PATIENCE_AT_THE_END_S = 3  # how long a worker may finish its step when the sweep is over


class WarmController(LeanController):
    """Ray Tune's controller, except for how trials get a worker and leave it.

    Args:
        search_alg: Where new trials come from.
        scheduler: What decides about each report.
        storage: Where checkpoints go.
        callbacks: Told of each event, in order.
        max_pending_trials: How many trials may wait for a worker at once.
        reuse_actors: Let a worker process serve many trials.
        fail_fast: End the sweep at the first failed trial.
        checkpoint_config: When a trial saves, and how many checkpoints it keeps.
        slots: How many workers the cluster holds; None where it grows, or where trials differ in
            what they take.
        lanes: How many trials a process trains at once, by what they take; none for one.
    """

    def __init__(
        self,
        *,
        search_alg: SearchAlgorithm,
        scheduler: TrialScheduler,
        storage: StorageContext,
        callbacks: Sequence[Callback],
        max_pending_trials: int,
        reuse_actors: bool,
        fail_fast: bool,
        checkpoint_config: CheckpointConfig,
        slots: int | None,
        lanes: Mapping[PlacementGroupFactory, int],
    ) -> None:
        placement = self._placement = NodePlacement()
        super().__init__(
            search_alg=search_alg,
            scheduler=scheduler,
            storage=storage,
            callbacks=list(callbacks),
            reuse_actors=reuse_actors,
            fail_fast=fail_fast,
            trial_checkpoint_config=checkpoint_config,
            resource_manager_factory=lambda: placement,
        )
        if lanes:
            self._actor_manager = LaneActorManager(LanePlacement(placement, lanes))
        elif reuse_actors:
            self._actor_manager = PromptActorManager(placement)
        self._max_pending_trials = max_pending_trials
        self._slots = slots
        self._ration: int | None = None
        self._class_cache: Any = ActorClass(max(lanes.values(), default=1))
        self._idle = IdleWorkers()
        self._log = WorkerLog(time.monotonic, self._on_worker_ended)
        self._unfit: dict[TrackedActor, str] = {}  # why each of these ends
        self._actor_cache: Any = self._idle
        self._innocent: set[Trial] = set()
        self._first: list[Trial] = []  # those that get a worker before any other
        self._draining = False
        self._pausing = False
        self._actor_force_cleanup_timeout = _PATIENCE_AT_THE_END_S

    def _maybe_update_trial_queue(self) -> None:
        """Take in what the searcher suggests now."""
        while not self._draining and len(self._pending_trials) < self._max_pending_trials:
            if not self._update_trial_queue(blocking=False):
                return

    def _maybe_add_actors(self) -> None:
        """Give waiting trials a worker: those that ran before, the scheduler's choice, the rest."""
        if self._draining:
            return
        for trial in self._first:
            if trial in self._pending_trials:  # and was not stopped while it waited
                self._provide_worker(trial)
        self._first = [t for t in self._first if t in self._pending_trials]
        controller: Any = self._wrapped()
        chosen = self._scheduler_alg.choose_trial_to_run(controller)
        if chosen is not None:
            self._provide_worker(chosen)
        waiting = [trial for trial in self._pending_trials_list if trial in self._pending_trials]
        for trial in waiting:
            if not self._idle.num_cached_objects and not self._has_room():
                break
            self._provide_worker(trial)
        self._pending_trials_list = [t for t in waiting if t in self._pending_trials]
        for worker in self._idle.take_unrested():
            self._have_rest(worker)

    def is_in_line(self, trial: Trial) -> bool:
        """Return whether a worker that is free now would be of use to a waiting trial."""
        own = self._trial_to_actor.get(trial)
        if own is None:
            return True
        under_way = trial in self._resetting_trials or self._is_started(own)
        return not under_way and bool(self._idle.has_cached_object(shape_of(trial)))

    def _provide_worker(self, trial: Trial) -> None:
        own = self._trial_to_actor.get(trial)
        if trial in self._resetting_trials or self._is_started(own):
            return
        idle = self._idle.has_cached_object(shape_of(trial))
        if not idle and (own is not None or not self._has_room()):
            return
        if trial.status == Trial.PAUSED:
            self._on_queued(trial)
        self._set_trial_status(trial, Trial.PENDING)
        self._staged_trials.add(trial)
        if own is None:
            self._schedule_trial_actor(trial)  # takes an idle worker where there is one
        else:
            self._maybe_reuse_cached_actor(trial)  # and withdraws the request for its own

    def _withdraw(self, trial: Trial) -> None:
        """Take back the request for a worker of a trial's own."""
        own = self._trial_to_actor.get(trial)
        if own is None or trial in self._resetting_trials or self._is_started(own):
            return
        self._detach(trial, own)
        self._remove_actor(own)

    def _has_room(self) -> bool:
        if self._slots is not None:
            return bool(self._actor_manager.num_total_actors < self._slots)
        return bool(self._actor_manager.num_pending_actors < self._max_pending_trials)

    def _too_many(self) -> bool:
        """Whether there are more workers than there may be, but for those that are ending."""
        if self._ration is None:
            return False
        live = self._actor_manager._live_actors_to_ray_actors_resources
        ending = sum(worker in live for worker in self._stopping_actors)
        return bool(self._actor_manager.num_total_actors - ending > self._ration)

    def _is_started(self, actor: TrackedActor | None) -> bool:
        return actor is not None and bool(self._actor_manager.is_actor_started(actor))

    def _schedule_trial_actor(self, trial: Trial) -> None:
        super()._schedule_trial_actor(trial)
        worker = self._trial_to_actor.get(trial)
        if worker is not None and trial not in self._resetting_trials:
            self._log.requested(worker)

    def _actor_started(self, tracked_actor: TrackedActor, log: str = "STARTED") -> None:
        number = self._log.took_up(tracked_actor)
        if number is not None:
            holds = held_on(self._actor_manager.get_actor_resources(tracked_actor))
            self._on_worker_started({"worker": number, "holds": holds})
        super()._actor_started(tracked_actor, log)

    def _have_rest(self, worker: TrackedActor) -> None:
        """Have a worker let go of what its last trial held, as nothing else waits for it."""
        self._actor_manager.schedule_actor_task(
            worker, "rest", on_result=self._on_rested, on_error=self._on_rested
        )

    def _on_rested(self, worker: TrackedActor, unfit: str | Exception | None) -> None:
        """Replace a worker that is not fit for another trial, unless it has one by now."""
        if isinstance(unfit, Exception):  # this is the task that told of its death
            self._innocent.clear()
        if unfit is not None and self._idle.forget(worker):
            self._release(worker, f"replaced: {unfit}")

    def _maybe_cache_trial_actor(self, trial: Trial) -> bool:
        """Keep the worker of a trial that ended or pauses, for whichever trial is next."""
        self._resetting_trials.discard(trial)  # ended before its worker was ready for it
        actor = self._trial_to_actor[trial]
        usable = self._is_started(actor) and actor in self._started_actors
        if not (self._reuse_actors and usable and self._more_to_run()) or self._too_many():
            return False
        self._idle.cache_object(shape_of(trial), actor)
        self._log.let_go(actor)
        self._detach(trial, actor)
        return True

    def _cleanup_cached_actors(self, force_all: bool = False) -> None:
        """End idle workers that have nothing left to do, hold up other shapes, or wait long."""
        if not self._idle.num_cached_objects:
            return
        for actor in self._idle.release(self._shapes_to_keep(force_all)):
            self._release(actor, "no trial was left for it")
        for actor in self._idle.release_idle(IDLE_S):
            self._release(actor, f"idle for {IDLE_S:.0f} s")
        while self._idle.num_cached_objects and self._too_many():
            self._release(self._idle.pop_any(), "other sweeps want its place")

    def _release(self, actor: TrackedActor, why: str) -> None:
        actor.set_on_stop(None)
        actor.set_on_error(None)
        self._unfit[actor] = why
        self._remove_actor(tracked_actor=actor)

    def _remove_actor(self, tracked_actor: TrackedActor) -> None:
        self._log.ended(tracked_actor, self._unfit.pop(tracked_actor, "its trial ended"))
        super()._remove_actor(tracked_actor)

    def _shapes_to_keep(self, force_all: bool) -> set[PlacementGroupFactory]:
        if force_all or not self._more_to_run():
            return set()
        waiting = {shape_of(trial) for trial in self._pending_trials}
        return waiting or self._idle.shapes

    def _schedule_trial_stop(self, trial: Trial, exception: Exception | None = None) -> None:
        worker = self._trial_to_actor.get(trial)
        if worker is not None and exception is not None:
            self._unfit[worker] = "its trial failed"
        super()._schedule_trial_stop(trial, exception)

    def _schedule_trial_pause(self, trial: Trial, should_checkpoint: bool = True) -> None:
        self._pausing = True  # upstream counts it as paused only when its worker is gone
        try:
            super()._schedule_trial_pause(trial, should_checkpoint)
        finally:
            self._pausing = False

    def _more_to_run(self) -> bool:
        waiting = self._pending_trials or self._paused_trials or self._pausing
        return bool(waiting or not self._search_alg.is_finished())

    def _on_trial_reset(self, trial: Trial, success: bool | str) -> None:
        """Start a fresh worker where the old one is not fit for another trial.

        Args:
            trial: The other one.
            success: True, or what is wrong with the old one.
        """
        if success is True:
            super()._on_trial_reset(trial, success)
            return
        stale = self._trial_to_actor[trial]
        self._unfit[stale] = f"replaced: {success or 'it cannot be reset'}"
        self._replace_worker(trial, stale)
        self._remove_actor(stale)

    def _actor_failed(self, tracked_actor: TrackedActor, exception: Exception) -> None:
        """Hand a failure to the worker's trial, unless it died idle: that is nobody's fault."""
        trial = self._actor_to_trial.get(tracked_actor)
        if trial is not None and trial not in self._resetting_trials:
            self._log.ended(tracked_actor, "its process died")
            super()._actor_failed(tracked_actor, exception)
            return
        self._log.ended(tracked_actor, f"died while idle: {exception}")
        self._started_actors.discard(tracked_actor)
        if trial is None:
            self._idle.forget(tracked_actor)
            return
        self._innocent.add(trial)
        self._actor_manager.clear_actor_task_futures(tracked_actor)
        self._replace_worker(trial, tracked_actor)

    def _trial_task_failure(self, trial: Trial, exception: Exception) -> None:
        if trial in self._innocent:
            self._innocent.discard(trial)
        elif trial in self._resetting_trials:  # what fails is the end of the one before
            self._on_trial_reset(trial, success=False)
        else:
            super()._trial_task_failure(trial, exception)

    def _replace_worker(self, trial: Trial, stale: TrackedActor) -> None:
        self._resetting_trials.remove(trial)
        self._detach(trial, stale)
        self._schedule_trial_actor(trial)

    def _detach(self, trial: Trial, actor: TrackedActor) -> None:
        self._trial_to_actor.pop(trial)
        self._actor_to_trial.pop(actor)
        trial.set_ray_actor(None)

    def is_resetting(self, trial: Trial) -> bool:
        """Return whether a used worker is being made ready for ``trial``."""
        return trial in self._resetting_trials

    def resize(self, slots: int | None, max_pending_trials: int, ration: int | None = None) -> None:
        """Say how many workers the cluster holds now, and how many trials may wait for one.

        Args:
            slots: As many workers are asked for at most; None for no bound.
            max_pending_trials: How many trials may wait for a worker at once.
            ration: More workers than these have to go when they can, since other sweeps want their
                places; None where nobody does.
        """
        self._slots = slots
        self._max_pending_trials = max_pending_trials
        self._ration = ration
        for trial in list(self._pending_trials):
            if self._too_many():
                self._withdraw(trial)

    def worker_of(self, trial: Trial) -> ActorHandle[Any] | None:
        """Return the worker that runs, resets or starts for ``trial``, if it has one."""
        tracked = self._trial_to_actor.get(trial)
        if tracked is None:
            return None
        live = self._actor_manager._live_actors_to_ray_actors_resources.get(tracked)
        handle = live[0] if live else None
        return handle.process.handle if isinstance(handle, Lane) else handle

    def _on_queued(self, trial: Trial) -> None:
        """A paused trial shall go on; for a subclass to take note of."""

    def _on_worker_started(self, life: Mapping[str, Any]) -> None:
        """A worker took up its first trial; for a subclass to take note of."""

    def _on_worker_ended(self, life: Mapping[str, Any]) -> None:
        """A worker that had started ended; for a subclass to take note of."""

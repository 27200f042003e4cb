"""The one module that touches Ray Tune's private parts: its controller, put right.

`SweepController` is Ray's ``TuneController`` with these changes, each for a measured defect:

* Workers. Upstream lets a trial whose own worker is starting take over an idle one, and throws
  the starting one away: one slot serves every short trial, the others stay empty, and a process
  is started per trial (ray-project/ray #15504). It also ends workers that paused trials will need
  (PBT then starts a process per time slice). Here an idle worker serves whatever waits, a new one
  is started only while a slot is empty, and workers last until nothing is left to run.
* A worker that cannot be reset, or that died while idle, is replaced; upstream fails the trial.
* No experiment snapshots: the sweep's store is the record, and Ray rewrites its snapshot whole.
* Finding out whether all trials ended looks at the live trials only, not at all that ever ran.
* Which reports are valid is the supervisor's decision, made before a scheduler sees them.

It is tested with the Ray versions of ``TESTED_RAY``.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any, cast

import ray
from ray.actor import ActorHandle
from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.train._internal.storage import StorageContext
from ray.tune import Callback, CheckpointConfig, PlacementGroupFactory
from ray.tune.execution.class_cache import ENV_VARS_TO_PROPAGATE
from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler
from ray.tune.search import SearchAlgorithm

__all__ = ["TESTED_RAY", "SweepController"]

TESTED_RAY = "2.60"

_PATIENCE_AT_THE_END_S = 3  # how long a worker may finish its step when the sweep is over


class IdleWorkers:
    """Workers without a trial, by what they hold. Stands in for Ray's ``_ObjectCache``.

    Ray's decides itself how many to keep, by counting trials that wait for a worker of their
    own; this one keeps all that it is given, until they are released.
    """

    def __init__(self) -> None:
        self._workers: dict[PlacementGroupFactory, list[TrackedActor]] = {}

    @property
    def num_cached_objects(self) -> int:
        """How many there are."""
        return sum(map(len, self._workers.values()))

    def has_cached_object(self, shape: PlacementGroupFactory) -> bool:
        """Return whether there is one that holds ``shape``."""
        return bool(self._workers.get(shape))

    def cache_object(self, shape: PlacementGroupFactory, worker: TrackedActor) -> bool:
        """Take in a worker; always possible."""
        self._workers.setdefault(shape, []).append(worker)
        return True

    def pop_cached_object(self, shape: PlacementGroupFactory) -> TrackedActor:
        """Return the worker that became idle last, and forget it."""
        return self._workers[shape].pop()

    @property
    def shapes(self) -> set[PlacementGroupFactory]:
        """What the workers hold."""
        return set(self._workers)

    def release(self, keep: Collection[PlacementGroupFactory]) -> list[TrackedActor]:
        """Return the workers of other shapes than ``keep``, and forget them."""
        released = [shape for shape in self._workers if shape not in keep]
        return [worker for shape in released for worker in self._workers.pop(shape)]

    def increase_max(self, shape: PlacementGroupFactory) -> None:
        """Do nothing: there is no bound."""

    def decrease_max(self, shape: PlacementGroupFactory) -> None:
        """Do nothing: there is no bound."""


class ActorClass:
    """A sweep's trainable as a Ray actor class, made once. Stands in for ``_ActorClassCache``.

    Ray's gives every worker a runtime environment of its own, so that the processes which wait
    in Ray's pool are of no use, and new ones are started beside them. It also keeps a class per
    lookup, each of which unpickles the trainable anew.
    """

    def __init__(self) -> None:
        self._made: Any = None

    def get(self, trainable: type) -> Any:
        """Return the actor class; its processes get the variables that Ray Tune hands on."""
        if self._made is None:
            names = sorted(ENV_VARS_TO_PROPAGATE & os.environ.keys())
            variables = {name: os.environ[name] for name in names}
            remote = ray.remote(runtime_env={"env_vars": variables}) if names else ray.remote
            self._made = remote(trainable)
        return self._made


class SweepController(TuneController):
    """Ray Tune's controller without the defects named in this module's docstring.

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
    ) -> None:
        super().__init__(
            search_alg=search_alg,
            scheduler=scheduler,
            storage=storage,
            callbacks=list(callbacks),
            reuse_actors=reuse_actors,
            fail_fast=fail_fast,
            trial_checkpoint_config=checkpoint_config,
        )
        self._max_pending_trials = max_pending_trials
        self._slots = slots
        self._class_cache: Any = ActorClass()
        self._idle = IdleWorkers()
        self._actor_cache: Any = self._idle
        self._innocent: set[Trial] = set()
        self._print_trial_errors = False
        self._actor_force_cleanup_timeout = _PATIENCE_AT_THE_END_S

    def checkpoint(self, force: bool = False, wait: bool = False) -> None:
        """Do nothing: the sweep's store is the record."""

    def is_finished(self) -> bool:
        """Return whether no trial is left to run and none will come."""
        if not self._search_alg.is_finished():
            return False
        return all(trial.is_finished() for trial in self._live_trials)

    def _validate_result_metrics(self, result: dict[str, Any]) -> None:
        """Leave validation to the supervisor, which stops the sweep with one clear line."""

    def _maybe_add_actors(self) -> None:
        """Give waiting trials a worker, the scheduler's choice first."""
        controller: Any = self._wrapped()  # type: ignore[no-untyped-call]
        chosen = self._scheduler_alg.choose_trial_to_run(controller)
        if chosen is not None:
            self._provide_worker(chosen)
        waiting = [trial for trial in self._pending_trials_list if trial in self._pending_trials]
        for trial in waiting:
            if not self._idle.num_cached_objects and not self._has_room():
                break
            self._provide_worker(trial)
        self._pending_trials_list = [t for t in waiting if t in self._pending_trials]

    def _provide_worker(self, trial: Trial) -> None:
        own = self._trial_to_actor.get(trial)
        if trial in self._resetting_trials or self._is_started(own):
            return
        idle = self._idle.has_cached_object(_shape(trial))
        if not idle and (own is not None or not self._has_room()):
            return
        self._set_trial_status(trial, Trial.PENDING)
        self._staged_trials.add(trial)
        if own is None:
            self._schedule_trial_actor(trial)  # takes an idle worker where there is one
        else:
            self._maybe_reuse_cached_actor(trial)  # and withdraws the request for its own

    def _has_room(self) -> bool:
        if self._slots is not None:
            return bool(self._actor_manager.num_total_actors < self._slots)
        return bool(self._actor_manager.num_pending_actors < self._max_pending_trials)

    def _is_started(self, actor: TrackedActor | None) -> bool:
        return actor is not None and bool(self._actor_manager.is_actor_started(actor))

    def _maybe_cache_trial_actor(self, trial: Trial) -> bool:
        """Keep the worker of a trial that ended or pauses, for whichever trial is next."""
        actor = self._trial_to_actor[trial]
        usable = self._is_started(actor) and actor in self._started_actors
        if not (self._reuse_actors and usable and self._more_to_run()):
            return False
        self._idle.cache_object(_shape(trial), actor)
        self._detach(trial, actor)
        return True

    def _cleanup_cached_actors(self, force_all: bool = False) -> None:
        """End idle workers once nothing is left to run, or where they hold up other shapes."""
        for actor in self._idle.release(self._shapes_to_keep(force_all)):
            actor.set_on_stop(None)
            actor.set_on_error(None)
            self._remove_actor(tracked_actor=actor)

    def _shapes_to_keep(self, force_all: bool) -> set[PlacementGroupFactory]:
        if force_all or not self._more_to_run():
            return set()
        waiting = {_shape(trial) for trial in self._pending_trials}
        return waiting or self._idle.shapes

    def _more_to_run(self) -> bool:
        return bool(
            self._pending_trials or self._paused_trials or not self._search_alg.is_finished()
        )

    def _on_trial_reset(self, trial: Trial, success: bool) -> None:
        """Start a fresh worker where the old one could not be made ready for another trial."""
        if success:
            super()._on_trial_reset(trial, success)
            return
        stale = self._trial_to_actor[trial]
        self._replace_worker(trial, stale)
        self._remove_actor(stale)

    def _actor_failed(self, tracked_actor: TrackedActor, exception: Exception) -> None:
        """Hand a failure to the worker's trial, unless it died idle: that is nobody's fault."""
        trial = self._actor_to_trial.get(tracked_actor)
        if trial is None or trial not in self._resetting_trials:
            super()._actor_failed(tracked_actor, exception)
            return
        self._innocent.add(trial)
        self._actor_manager.clear_actor_task_futures(tracked_actor)
        self._started_actors.discard(tracked_actor)
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

    def step(self) -> None:
        """Handle one event, waiting for it at most 0.1 s."""
        super().step()  # type: ignore[no-untyped-call]

    def stop_trial(self, trial: Trial) -> None:
        """End a trial, whatever it does now."""
        super().stop_trial(trial)  # type: ignore[no-untyped-call]

    def cleanup(self) -> None:
        """Stop every worker, and tell the callbacks that the sweep ended."""
        super().cleanup()  # type: ignore[no-untyped-call]

    @property
    def busy(self) -> bool:
        """Whether a trial runs, starts or waits to start."""
        return bool(self._running_trials or self._pending_trials or self._resetting_trials)

    def is_resetting(self, trial: Trial) -> bool:
        """Return whether a used worker is being made ready for ``trial``."""
        return trial in self._resetting_trials

    def resize(self, slots: int | None, max_pending_trials: int) -> None:
        """Say how many workers the cluster holds now, and how many trials may wait for one."""
        self._slots = slots
        self._max_pending_trials = max_pending_trials

    def announce(self, *, num_samples: int | None) -> None:
        """Tell the callbacks that the sweep begins, as Ray Tune does."""
        self._callbacks.setup(total_num_samples=num_samples or 0)

    def worker_of(self, trial: Trial) -> ActorHandle[Any] | None:
        """Return the worker that runs, resets or starts for ``trial``, if it has one."""
        tracked = self._trial_to_actor.get(trial)
        if tracked is None:
            return None
        live = self._actor_manager._live_actors_to_ray_actors_resources.get(tracked)
        return live[0] if live else None


def _shape(trial: Trial) -> PlacementGroupFactory:
    """What a trial takes; known for every trial that was added to the controller."""
    shape: Any = trial.placement_group_factory
    return cast(PlacementGroupFactory, shape)

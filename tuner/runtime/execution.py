"""Runs a planned sweep on a connected Ray: builds the controller and drives it to its end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ray.exceptions import RayActorError
from ray.tune import Callback
from ray.tune.experiment import Trial

from tuner.bundles import total
from tuner.errors import SweepFailedError, TunerError
from tuner.planning import Plan, total_of
from tuner.plurals import counted
from tuner.runtime.admission import Admission
from tuner.runtime.callbacks import GuardedCallbacks
from tuner.runtime.controller import SweepController
from tuner.runtime.exhaustion import Infeasible
from tuner.runtime.following import Following
from tuner.runtime.hung import LOOK_EVERY_S, HungTrials
from tuner.runtime.placing import shape_taken
from tuner.runtime.recorder import Recorder
from tuner.runtime.replay import Replay
from tuner.runtime.restoring import Restored, check_can_go_on, forget_missing_checkpoint
from tuner.runtime.retention import Retention, held_by_population
from tuner.runtime.serving import look_up
from tuner.runtime.shapes import takes_of
from tuner.runtime.source import TrialSource
from tuner.runtime.stopping import Every, Stop
from tuner.runtime.storage import Checkpoints, TrialStorage
from tuner.runtime.surroundings import Surroundings
from tuner.runtime.tape import Record
from tuner.runtime.trial import SweepTrial
from tuner.runtime.trials import Trials
from tuner.schedulers import Decision, Reason, Supervisor, as_number
from tuner.schedulers.heeding import only_stops
from tuner.seeds import SweepSeeds
from tuner.spec import SweepSpec
from tuner.store import last_line

__all__ = ["Execution"]

_LOOK_FOR_NODES_EVERY_S = 2.0  # some are taken away at a notice of seconds
_STALLED_AFTER_S = 30.0
_REPORT_DELAY_S = 1.0


class Execution:
    """One sweep on a connected Ray.

    Args:
        plan: What to run.
        storage: Where checkpoints go.
        remove_checkpoint: Deletes the one at a path.
        recorder: Told of everything.
        callbacks: A user's own, told after the recorder.
        admission: Asks nodes that join whether they can serve the sweep; None for using them all.

    Attributes:
        surroundings: The cluster as the sweep sees it.
        following: The sweep's part of it.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        storage: TrialStorage,
        remove_checkpoint: Callable[[str], None],
        recorder: Recorder,
        callbacks: Sequence[Callback],
        admission: Admission | None = None,
    ) -> None:
        self._plan = plan
        self._spec = plan.spec
        self._copies = plan.copies
        self._recorder = recorder
        self._stop = Stop()
        self._started = time.monotonic()
        self._spent_s = 0.0
        self._observe: Callable[[Decision], None] = self._record_decision
        self._trials = Trials(plan, storage, recorder.on_trial_created, keeps_files=bool(callbacks))
        self.surroundings = Surroundings(
            plan, mixed=self._trials.request_resources, say=recorder.say
        )
        if self.surroundings.settled:
            self._trials.refuse_beyond(self.surroundings.nodes)
        self._callbacks = GuardedCallbacks(callbacks)
        self._retention = Retention(
            mode=plan.spec.mode,
            best=plan.spec.keep_checkpoints,
            keep_final=plan.spec.keep_final,
            value_of=self._last_value,
            open_trials=lambda: self._trials.open().values(),
            held=held_by_population(plan.scheduler),
            remove=remove_checkpoint,
        )
        bounds = self.surroundings.bounds()
        self._supervisor = Supervisor(
            plan.scheduler,
            metric=plan.spec.metric,
            mode=plan.spec.mode,
            time_attr=plan.spec.time_attr,
            max_t=plan.spec.max_t,
            seed=SweepSeeds.spawn(plan.spec.seed).scheduler,
            observe=lambda decision: self._observe(decision),
            diverges=plan.scenario.diverges,
        )
        self._source = TrialSource(
            plan.searcher,
            num_samples=plan.num_trials,
            limit=bounds.trials,
            make_trial=self._trials.make,
            numbers=plan.numbers,
        )
        self._controller = SweepController(
            search_alg=self._source,
            scheduler=self._supervisor,
            storage=storage,
            callbacks=[recorder, self._retention, self._callbacks],
            max_pending_trials=bounds.waiting,
            reuse_actors=plan.spec.worker_mode == "warm",
            fail_fast=plan.spec.fail_fast,
            checkpoint_config=self._trials.checkpoint_config,
            witness=recorder,
            heeds_from=self._supervisor.heeds_from,
            give_up=self._gives_up_on_save,
            slots=bounds.workers,
            lanes=self._trials.lanes,
            report_delay_s=_report_delay_s(plan.spec),
            only_stops=only_stops(plan.scheduler),
            saves=plan.scenario.saves_checkpoints,
            copies=plan.copies,
            weigh=self._weigh,
            fits=lambda placement: self.surroundings.can_hold(shape_taken(placement)),
        )
        self._source.count_active = lambda: self._controller.active
        self.following = Following(self.surroundings, self._controller, self._source, admission)

    def restore(
        self,
        records: Iterable[Record],
        checkpoints: Checkpoints,
        was: SweepSpec | None = None,
        resumed: Sequence[tuple[int, Mapping[str, Any]]] = (),
    ) -> Restored:
        """Bring scheduler, searcher and trials to where a sweep's record ends.

        Args:
            records: All that happened, in the order in which it did.
            checkpoints: Where the trials' checkpoints are.
            was: What the sweep was asked to do then, if that has changed.
            resumed: Place and details of each event that tells of an earlier resume.

        Raises:
            SweepFailedError: The record contradicts what the scheduler decides now.
            SpecError: Trials shall run longer, and the checkpoints they ended with are missing.
        """
        was = was or self._spec
        changes = {
            "max_t_was": was.max_t,
            "max_t": self._spec.max_t,
            "num_trials_was": total_of(was, self._plan.scenario),
            "num_trials": self._plan.num_trials,
            "space_changed": was.space != self._spec.space,
        }
        at_first = {**changes, **(resumed[0][1] if resumed else {})}
        moves = [seq for seq, details in resumed if details.get("space_changed")]
        replay = Replay(
            supervisor=self._supervisor,
            source=self._source,
            ledger=self._recorder.ledger,
            metric=self._spec.metric,
            time_attr=self._spec.time_attr,
            copies=self._copies,
            checkpoints=checkpoints,
            max_t=self._spec.max_t,
            first_max_t=at_first["max_t_was"],
            first_num_trials=at_first["num_trials_was"],
            learns_until=math.inf if changes["space_changed"] else max(moves, default=-1),
        )
        self._observe = replay.on_decision
        replay.run(records)
        found = checkpoints.found()
        check_can_go_on(replay, self._recorder.ledger, found)
        self._observe = self._record_decision
        self._source.num_samples = self._plan.num_trials
        for decision in replay.unrecorded:
            self._record_decision(decision)
        self._source.learns_only = False
        self._recorder.on_resumed(changes)
        replay.lose_workers(max_t=self._spec.max_t)
        for trial in replay.trials:
            forget_missing_checkpoint(trial, found)
            self._recorder.on_restored(trial)
            self._controller.adopt(trial, replay.overdue.get(trial))
        self._retention.adopt(replay.trials, found)
        self._spent_s = replay.spent_s
        return Restored.of(replay)

    def in_use(self) -> Mapping[str, float]:
        """Return what trials hold now, in Ray's spelling."""
        return total(takes_of(trial) for trial in self._controller.running)

    def stop_trial(self, trial_id: str, by: str) -> None:
        """End one trial because somebody asks for it; does nothing where it has ended."""
        trial, note = self._trials.open().get(trial_id), self._recorder.note(trial_id)
        if trial is None or note is None:
            return
        trial.run_metadata.last_result = {**(trial.run_metadata.last_result or {}), "done": True}
        self._recorder.on_last(trial)
        reason = Reason(f"asked for by {by}", {"asked_by": by})
        self._record_decision(
            Decision(
                trial_id,
                "STOP",
                reason,
                outcome="stopped",
                training_iteration=note.iteration,
                time=note.time,
            )
        )
        self._controller.stop_trial(trial)

    def run(self, stop: Stop, tick: Callable[[], None]) -> None:
        """Drive the sweep until every trial ended or ``stop`` asks for less.

        Args:
            stop: Looked at between events.
            tick: Called between events, several times a second.

        Raises:
            ReportError: The trainable does not report what the scenario promises.
            SweepFailedError: A scheduler, searcher or callback raised.
            StorageError: From ``tick``.
        """
        self._stop = stop
        self._started = time.monotonic()
        self._controller.announce(num_samples=self._spec.num_samples)
        try:
            self._drive(tick)
        finally:
            self._recorder.close_open_trials()
            self._controller.cleanup()
        self._raise_failure()  # of a callback that was told of the end

    def _drive(self, tick: Callable[[], None]) -> None:
        chores: list[Callable[[], None]] = [
            tick,
            Every(_LOOK_FOR_NODES_EVERY_S, self.following.look),
        ]
        limit = self._spec.trial_timeout_s
        if limit is not None:
            hung = HungTrials(limit, self._trials, self._recorder, self._controller)
            chores.append(Every(LOOK_EVERY_S, hung.look))
        self.following.admit()  # nothing is started on a node that joined in the meantime
        busy_at = time.monotonic()
        while not self._controller.is_finished():
            self._step()
            for chore in chores:
                chore()
            if self._must_stop():
                if self._stop.reason == "interrupted":
                    self._drain(chores)
                return
            now = time.monotonic()
            may_go_on = self._controller.busy or self._source.may_suggest
            busy_at = now if may_go_on or self.following.ration == 0 else busy_at
            if now - busy_at > _STALLED_AFTER_S:
                self._end_paused()
                busy_at = now
        if self._source.shortfall is not None:
            self._recorder.say(self._source.shortfall)
        if self._spec.fail_fast and self._recorder.tally.outcomes["failed"]:
            self._stop.reason = "failed trial"

    def _drain(self, chores: Iterable[Callable[[], None]]) -> None:
        """Let what runs finish its step and save; a second interrupt cuts it short."""
        number = self._controller.drain()
        if number:
            self._recorder.say(
                f"stopping: saving {counted(number, 'trial')} first; Ctrl-C again to stop now"
            )
        while not (self._controller.drained or self._controller.is_finished()):
            self._step()
            for chore in chores:
                chore()

    def _must_stop(self) -> bool:
        budget = self._spec.time_budget_s
        spent = self._spent_s + time.monotonic() - self._started
        if budget is not None and spent >= budget and self._stop.reason is None:
            self._stop.reason = "time budget"
        return self._stop.reason is not None

    def _gives_up_on_save(self, waited_s: float) -> bool:
        limit = self._spec.trial_timeout_s
        return self._must_stop() or (limit is not None and waited_s > limit)

    def _step(self) -> None:
        try:
            self._controller.step()
        except TunerError:
            raise
        except Exception as failure:
            raise SweepFailedError(_summary(failure)) from failure
        refusal = self._supervisor.refusal or self._recorder.refusal
        if refusal is not None:
            raise refusal
        self._raise_failure()

    def _raise_failure(self) -> None:
        parts = (self._supervisor, self._source, self._callbacks)
        for failure in (part.failure for part in parts):
            if failure is not None:
                raise SweepFailedError(_summary(failure)) from failure

    def _end_paused(self) -> None:
        """End trials that their scheduler left paused though nothing else runs.

        Nothing else will, unless the searcher waits for the ends of these.
        """
        for trial in self._trials.open().values():
            if trial.status == Trial.PAUSED:
                self._controller.stop_trial(trial)

    def _weigh(self, trial: SweepTrial, failure: Exception) -> None:
        """Look whether a trial failed for want of memory, or with the others of its process."""
        note = self._recorder.ledger[trial.trial_id]
        if note.ending == "hung":  # and was killed for it
            return
        peak = None if self._trials.lanes else note.peak_memory  # of all trials in the process
        sequel = trial.weigh(str(failure), peak=peak, nodes=self.surroundings.nodes)
        if isinstance(sequel, Infeasible):
            self._recorder.condemn(trial.trial_id, "infeasible", sequel.why)
        elif sequel is None and self._trials.lanes and isinstance(failure, RayActorError):
            trial.lost("the process that trained it with others died")

    def _last_value(self, trial: Trial) -> float | None:
        return as_number(look_up(trial.last_result or {}, self._spec.metric))

    def _record_decision(self, decision: Decision) -> None:
        self._recorder.on_decision(decision, self._trials[decision.trial_id].config)


def _report_delay_s(spec: SweepSpec) -> float | None:
    """Return how long reports may wait for others; None for not at all."""
    if spec.worker_mode == "cold":
        return None
    return min(_REPORT_DELAY_S, (spec.trial_timeout_s or math.inf) / 4)  # which counts from reports


def _summary(failure: Exception) -> str:
    """One line for a failure inside the controller; Ray hands tracebacks over as text."""
    line = last_line(str(failure)) or "no message"
    kind = type(failure).__name__
    prefix = "" if kind in ("TuneError", "RayTaskError") else f"{kind}: "
    return f"the sweep cannot go on: {prefix}{line}"

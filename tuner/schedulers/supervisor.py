"""What stands between Ray Tune's controller and a scheduler: checks, limits, and a record.

A `Supervisor` is itself a Ray ``TrialScheduler``. It hands every event to the scheduler it wraps
and adds what Ray's schedulers lack:

* a first report without the metric or the time attribute ends the sweep with one clear line;
* a report whose metric is NaN or infinite stops the trial at once and never enters a rung, a
  median or a population (Ray's ASHA lets such a trial run to the end: ``nan < cutoff`` is False);
* ``max_t`` holds under every scheduler;
* each decision other than CONTINUE is told to an observer, with its reason;
* random draws come from the sweep's seed, not from the global generators.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    FIFOScheduler,
    HyperBandScheduler,
    MedianStoppingRule,
    PopulationBasedTraining,
    TrialScheduler,
)

from tuner.errors import ReportError, nearest
from tuner.randomness import PrivateRandomState
from tuner.schedulers.reasons import Reason, explain, explain_removal

__all__ = ["Decision", "Supervisor"]

_DRAWS_ONLY_ON_ADD = (
    FIFOScheduler,
    AsyncHyperBandScheduler,
    HyperBandScheduler,
    MedianStoppingRule,
)


@dataclass(frozen=True)
class Decision:
    """One answer of a scheduler other than "go on".

    Attributes:
        trial_id: The trial decided about.
        kind: ``STOP``, ``PAUSE``, ``RESUME`` or ``EXPLOIT``.
        reason: Why, in words and figures.
        outcome: How the trial ended, if this ends it: ``stopped`` early, ``completed``, or
            ``diverged``.
        training_iteration: Ray's count of the trial's reports at that moment.
        time: The time attribute at that moment.
    """

    trial_id: str
    kind: Literal["STOP", "PAUSE", "RESUME", "EXPLOIT"]
    reason: Reason
    outcome: Literal["stopped", "completed", "diverged"] | None = None
    training_iteration: int | None = None
    time: float | None = None


class Supervisor(TrialScheduler):
    """Wraps a Ray scheduler; see the module's docstring.

    Args:
        scheduler: Ray's scheduler, its metric and mode already set.
        metric: What is tuned.
        mode: ``"min"`` or ``"max"``.
        time_attr: What counts as time.
        max_t: Trials end when ``time_attr`` reaches it.
        seed: Seeds the scheduler's draws.
        observe: Told of each decision, before it is acted on.

    Attributes:
        scheduler: The scheduler it wraps.
        refusal: Set when a report lacks the metric or the time attribute, or holds one that is
            no number; whoever drives the sweep ends it then.
        failure: What the scheduler raised when it was told of a trial's end, if it did; likewise.
    """

    def __init__(
        self,
        scheduler: TrialScheduler,
        *,
        metric: str,
        mode: Literal["min", "max"],
        time_attr: str,
        max_t: float,
        seed: int,
        observe: Callable[[Decision], None],
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.scheduler = scheduler
        self._metric = metric  # what Ray reads
        self._key = metric
        self._mode = mode
        self._time_attr = time_attr
        self._max_t = max_t
        self._observe = observe
        self._random = PrivateRandomState(seed)
        self._draws_on_result = isinstance(scheduler, PopulationBasedTraining) or not isinstance(
            scheduler, _DRAWS_ONLY_ON_ADD
        )
        self._fifo_choice = type(scheduler).choose_trial_to_run is FIFOScheduler.choose_trial_to_run
        self.refusal: ReportError | None = None
        self.failure: Exception | None = None
        self._reported: set[str] = set()
        self._diverged: set[str] = set()
        self._paused: dict[str, float] = {}
        if isinstance(scheduler, PopulationBasedTraining):
            self._watch_exploits(scheduler)

    @property
    def supports_buffered_results(self) -> bool:
        """Whether several reports may be handed over at once; never, decisions come first."""
        return False

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """A trial was suggested, or goes back to the queue after a failure."""
        with self._random.active():
            self.scheduler.on_trial_add(tune_controller, trial)

    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Decide about a report; one that breaks the scenario's promise sets `refusal`."""
        if not self._usable(trial, result):
            return str(TrialScheduler.CONTINUE)
        value, time = float(result[self._key]), float(result[self._time_attr])
        if not math.isfinite(value):
            return self._stop_diverged(trial, result)
        answer = self._ask(tune_controller, trial, result, time)
        if answer == TrialScheduler.CONTINUE and time < self._max_t:
            return answer
        if answer in (TrialScheduler.CONTINUE, TrialScheduler.STOP) and time >= self._max_t:
            self._tell(trial, "STOP", self._at_max_t(result), result, outcome="completed")
            return str(TrialScheduler.STOP)
        if answer in (TrialScheduler.STOP, TrialScheduler.PAUSE):
            reason = explain(self.scheduler, trial, value, time, self._mode)
            self._tell_answer(trial, answer, reason, result)
        return answer

    def on_trial_complete(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> None:
        """A running trial ended: by a decision, or by itself."""
        try:
            if trial.trial_id in self._diverged or self._key not in result:
                self.scheduler.on_trial_remove(tune_controller, trial)
            else:
                self.scheduler.on_trial_complete(tune_controller, trial, result)
        except Exception as failure:  # Ray's controller would blame the trial
            self.failure = failure

    def on_trial_remove(self, tune_controller: TuneController, trial: Trial) -> None:
        """A paused or waiting trial ends."""
        try:
            if trial.status in (Trial.PAUSED, Trial.PENDING):
                self._tell_removal(trial)
            self.scheduler.on_trial_remove(tune_controller, trial)
        except Exception as failure:  # Ray's controller would blame the trial
            self.failure = failure

    def on_trial_error(self, tune_controller: TuneController, trial: Trial) -> None:
        """A trial failed; it may come back through `on_trial_add`."""
        self.scheduler.on_trial_error(tune_controller, trial)

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return the trial that shall get the next free slot."""
        if self._fifo_choice:
            trial = _first_waiting(tune_controller)
        else:
            trial = self.scheduler.choose_trial_to_run(tune_controller)
        if trial is not None and self._paused.pop(trial.trial_id, None) is not None:
            self._tell(trial, "RESUME", Reason("gets a slot again"), trial.last_result)
        return trial

    def debug_string(self) -> str:
        """Return the scheduler's own summary."""
        return str(self.scheduler.debug_string())

    def _usable(self, trial: Trial, result: Mapping[str, Any]) -> bool:
        first = trial.trial_id not in self._reported
        self._reported.add(trial.trial_id)
        for key, role in ((self._key, "metric"), (self._time_attr, "time_attr")):
            if key not in result and not first:
                return False
            if key not in result or not _is_number(result[key]):
                self.refusal = ReportError(_bad_report(trial, result, key, role))
                return False
        return True

    def _ask(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any], time: float
    ) -> str:
        if isinstance(self.scheduler, PopulationBasedTraining) and time >= self._max_t:
            return str(TrialScheduler.STOP)
        with self._random.active() if self._draws_on_result else nullcontext():
            return str(self.scheduler.on_trial_result(tune_controller, trial, result))

    def _stop_diverged(self, trial: Trial, result: Mapping[str, Any]) -> str:
        self._diverged.add(trial.trial_id)
        reason = Reason(f"diverged: {self._key} is {result[self._key]}")
        self._tell(trial, "STOP", reason, result, outcome="diverged")
        return str(TrialScheduler.STOP)

    def _tell_removal(self, trial: Trial) -> None:
        if trial.last_result.get(self._time_attr, 0) >= self._max_t:
            reason = self._at_max_t(trial.last_result)
            self._tell(trial, "STOP", reason, trial.last_result, outcome="completed")
        else:
            reason = explain_removal(self.scheduler, trial)
            self._tell(trial, "STOP", reason, trial.last_result, outcome="stopped")

    def _at_max_t(self, result: Mapping[str, Any]) -> Reason:
        return Reason(f"reached max_t={self._max_t:g}", {"value": result.get(self._key)})

    def _tell_answer(
        self, trial: Trial, answer: str, reason: Reason, result: Mapping[str, Any]
    ) -> None:
        if answer == TrialScheduler.STOP:
            self._tell(trial, "STOP", reason, result, outcome="stopped")
        else:
            self._paused[trial.trial_id] = float(result[self._time_attr])
            self._tell(trial, "PAUSE", reason, result)

    def _tell(
        self,
        trial: Trial,
        kind: Literal["STOP", "PAUSE", "RESUME", "EXPLOIT"],
        reason: Reason,
        result: Mapping[str, Any],
        outcome: Literal["stopped", "completed", "diverged"] | None = None,
    ) -> None:
        time: Any = result.get(self._time_attr)
        self._observe(
            Decision(
                trial_id=trial.trial_id,
                kind=kind,
                reason=reason,
                outcome=outcome,
                training_iteration=result.get("training_iteration"),
                time=float(time) if _is_number(time) else None,
            )
        )

    def _watch_exploits(self, scheduler: PopulationBasedTraining) -> None:
        """Report each exploit, which PBT performs in the middle of deciding."""
        ray: Any = scheduler  # its private parts are not typed
        exploit = ray._exploit

        def watched(tune_controller: TuneController, trial: Trial, source: Trial) -> None:
            own, better = (ray._trial_state[t] for t in (trial, source))
            exploit(tune_controller, trial, source)
            self._paused[trial.trial_id] = own.last_train_time
            score, best = (ray._metric_op * state.last_score for state in (own, better))
            text = f"{score:.4g} is in the worst quantile; continues from {source.trial_id}"
            details = {"value": score, "source": source.trial_id, "source_value": best}
            reason = Reason(f"{text} ({best:.4g})", details | {"config": trial.config})
            self._tell(trial, "EXPLOIT", reason, own.last_result)

        ray._exploit = watched


def _first_waiting(tune_controller: TuneController) -> Trial | None:
    """Ray's FIFO choice (pending before paused), over the live trials only: O(slots)."""
    live: set[Trial] = tune_controller.get_live_trials()
    for status in (Trial.PENDING, Trial.PAUSED):
        waiting = [trial for trial in live if trial.status == status]
        if waiting:
            return min(waiting, key=lambda trial: trial.trial_id)
    return None


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def _bad_report(trial: Trial, result: Mapping[str, Any], key: str, role: str) -> str:
    if key in result:
        return (
            f"the {role} {key!r} must be a number; trial {trial.trial_id} reported "
            f"{result[key]!r}; report a float"
        )
    own = set(result) - _AUTOFILLED
    own = {name for name in own if not name.startswith("config/")}
    hint = nearest(key, own) if own else "; it reported nothing of its own"
    return (
        f"the first report of trial {trial.trial_id} must hold the {role} {key!r}, which it does "
        f"not{hint} (correct the scenario's {role}, or what the trainable reports)"
    )


_AUTOFILLED = {
    "trial_id",
    "date",
    "timestamp",
    "time_this_iter_s",
    "time_total_s",
    "training_iteration",
    "pid",
    "hostname",
    "node_ip",
    "time_since_restore",
    "iterations_since_restore",
    "done",
    "should_checkpoint",
    "checkpoint_dir_name",
    "experiment_tag",
}

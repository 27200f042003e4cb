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
from ray.tune.utils import flatten_dict

from tuner.errors import ReportError
from tuner.randomness import PrivateRandomState
from tuner.schedulers.populations import pass_barrier, watch_exploits
from tuner.schedulers.reasons import Reason, explain, explain_removal
from tuner.schedulers.reports import (
    as_number,
    describe_broken_promise,
    is_time,
    with_plain_numbers,
)

__all__ = ["Decision", "Supervisor", "is_used"]

_USED = "_used_by_tuner"
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
        kind: ``STOP``, ``PAUSE``, ``RESUME`` (a worker took the trial up again) or ``EXPLOIT``.
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


def is_used(scheduler: TrialScheduler) -> bool:
    """Return whether a sweep has run with this object, whose state is that of its trials."""
    return _USED in vars(scheduler)


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
        explains: Whether decisions are told with their reason, which takes time to find.
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
        setattr(scheduler, _USED, True)
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
        self.explains = True
        self.refusal: ReportError | None = None
        self.failure: Exception | None = None
        self._reported: set[str] = set()
        self._diverged: set[str] = set()
        if isinstance(scheduler, PopulationBasedTraining):
            watch_exploits(scheduler, self._tell_exploit)

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
        self.refusal = self.refusal or self._broken_promise(trial, result)
        value, time = as_number(result.get(self._key)), as_number(result.get(self._time_attr))
        if time is None or self.refusal is not None:
            return str(TrialScheduler.CONTINUE)
        if value is None:  # a later report may lack the metric; max_t holds all the same
            return self._stop_at_max_t(trial, result, time, str(TrialScheduler.CONTINUE))
        if not math.isfinite(value):
            return self._stop_diverged(trial, result)
        result.update(with_plain_numbers(result, self._key, self._time_attr))
        answer = self._ask(tune_controller, trial, result, time)
        if answer != TrialScheduler.NOOP:
            answer = self._stop_at_max_t(trial, result, time, answer)
        if time < self._max_t and answer in (TrialScheduler.STOP, TrialScheduler.PAUSE):
            reason = Reason("")
            if self.explains:
                reason = explain(self.scheduler, trial, value, time, self._mode)
            self._tell_answer(trial, answer, reason, result)
        return answer

    def on_trial_complete(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> None:
        """A running trial ended: by a decision, by itself, or by a decision about another."""
        try:
            self._tell_removal(trial)
            if trial.trial_id in self._diverged or self._key not in result:
                self.scheduler.on_trial_remove(tune_controller, trial)
            else:
                plain = with_plain_numbers(result, self._key, self._time_attr)
                self.scheduler.on_trial_complete(tune_controller, trial, plain)
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
            return _first_waiting(tune_controller)
        chosen = self.scheduler.choose_trial_to_run(tune_controller)
        if chosen is None and isinstance(self.scheduler, PopulationBasedTraining):
            with self._random.active():
                passed = pass_barrier(self.scheduler, tune_controller)
            return self.scheduler.choose_trial_to_run(tune_controller) if passed else None
        return chosen

    def debug_string(self) -> str:
        """Return the scheduler's own summary."""
        return str(self.scheduler.debug_string())

    def _broken_promise(self, trial: Trial, result: Mapping[str, Any]) -> ReportError | None:
        first = trial.trial_id not in self._reported
        self._reported.add(trial.trial_id)
        for key, role in ((self._key, "metric"), (self._time_attr, "time_attr")):
            number = as_number(result.get(key))
            usable = number is not None if role == "metric" else is_time(number)
            if not usable and (first or key in result):
                return describe_broken_promise(trial.trial_id, result, key, role)
        return None

    def _ask(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any], time: float
    ) -> str:
        if isinstance(self.scheduler, PopulationBasedTraining) and time >= self._max_t:
            return str(TrialScheduler.STOP)
        with self._random.active() if self._draws_on_result else nullcontext():
            return str(self.scheduler.on_trial_result(tune_controller, trial, result))

    def _stop_at_max_t(
        self, trial: Trial, result: Mapping[str, Any], time: float, answer: str
    ) -> str:
        """Return STOP from ``max_t`` on, whatever the scheduler answered, and ``answer`` before."""
        if time < self._max_t:
            return answer
        self._tell(trial, "STOP", self._at_max_t(result), result, outcome="completed")
        return str(TrialScheduler.STOP)

    def _stop_diverged(self, trial: Trial, result: Mapping[str, Any]) -> str:
        self._diverged.add(trial.trial_id)
        reason = Reason(f"diverged: {self._key} is {result[self._key]}")
        self._tell(trial, "STOP", reason, result, outcome="diverged")
        return str(TrialScheduler.STOP)

    def _tell_removal(self, trial: Trial) -> None:
        result = flatten_dict(trial.last_result)
        if result.get("done"):  # it ends for a reason that has been told
            return
        if (as_number(result.get(self._time_attr)) or 0) >= self._max_t:
            self._tell(trial, "STOP", self._at_max_t(result), result, outcome="completed")
        else:
            reason = explain_removal(self.scheduler, trial)
            self._tell(trial, "STOP", reason, result, outcome="stopped")

    def _tell_exploit(self, trial: Trial, reason: Reason, result: Mapping[str, Any]) -> None:
        self._tell(trial, "EXPLOIT", reason, result)

    def _at_max_t(self, result: Mapping[str, Any]) -> Reason:
        return Reason(f"reached max_t={self._max_t:g}", {"value": result.get(self._key)})

    def _tell_answer(
        self, trial: Trial, answer: str, reason: Reason, result: Mapping[str, Any]
    ) -> None:
        if answer == TrialScheduler.STOP:
            self._tell(trial, "STOP", reason, result, outcome="stopped")
        else:
            self._tell(trial, "PAUSE", reason, result)

    def _tell(
        self,
        trial: Trial,
        kind: Literal["STOP", "PAUSE", "EXPLOIT"],
        reason: Reason,
        result: Mapping[str, Any],
        outcome: Literal["stopped", "completed", "diverged"] | None = None,
    ) -> None:
        self._observe(
            Decision(
                trial_id=trial.trial_id,
                kind=kind,
                reason=reason,
                outcome=outcome,
                training_iteration=result.get("training_iteration"),
                time=as_number(result.get(self._time_attr)),
            )
        )


def _first_waiting(tune_controller: TuneController) -> Trial | None:
    """Ray's FIFO choice (pending before paused), over the live trials only: O(slots)."""
    live: set[Trial] = tune_controller.get_live_trials()
    for status in (Trial.PENDING, Trial.PAUSED):
        waiting = [trial for trial in live if trial.status == status]
        if waiting:
            return min(waiting, key=lambda trial: trial.trial_id)
    return None

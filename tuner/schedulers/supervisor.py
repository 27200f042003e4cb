"""What a sweep adds to a scheduler: promises, limits, a seed, and a record of each decision.

A `Supervisor` is the `Guard` of a sweep. Beyond which reports are valid it sees to it that

* a first report without the metric or the time attribute ends the sweep with one clear line;
* ``max_t`` holds under every scheduler;
* each decision other than CONTINUE is told to an observer, with its reason;
* random draws of Ray's schedulers come from the sweep's seed, not from the global generators.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, Literal, NamedTuple

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

from tuner.errors import ReportError, ScenarioError
from tuner.randomness import PrivateRandomState
from tuner.scenario import DivergenceRule
from tuner.schedulers.divergence import FarFromStart
from tuner.schedulers.guard import Guard
from tuner.schedulers.heeding import heed_of
from tuner.schedulers.populations import pass_barrier, watch_exploits
from tuner.schedulers.reasons import Reason, explain, explain_removal
from tuner.schedulers.reports import as_number, describe_broken_promise, is_time
from tuner.schedulers.waiting import first_waiting

__all__ = ["Decision", "Supervisor", "is_used"]

_USED = "_used_by_tuner"
_DRAWS_ONLY_ON_ADD = (
    FIFOScheduler,
    AsyncHyperBandScheduler,
    HyperBandScheduler,
    MedianStoppingRule,
)

_UNTOLD = Reason("")

Outcome = Literal["stopped", "completed", "diverged"]


class Decision(NamedTuple):
    """One answer of a scheduler other than "go on".

    Attributes:
        trial_id: The trial decided about.
        kind: ``STOP``, ``PAUSE``, ``RESUME`` (a worker took the trial up again), ``EXPLOIT``, or
            ``RETRY`` (it ran out of memory, and is tried again with more).
        reason: Why, in words and figures.
        outcome: How the trial ended, if this ends it: ``stopped`` early, ``completed``, or
            ``diverged``.
        training_iteration: Ray's count of the trial's reports at that moment.
        time: The time attribute at that moment.
    """

    trial_id: str
    kind: Literal["STOP", "PAUSE", "RESUME", "EXPLOIT", "RETRY"]
    reason: Reason
    outcome: Outcome | None = None
    training_iteration: int | None = None
    time: float | None = None


def is_used(scheduler: TrialScheduler) -> bool:
    """Return whether a sweep has run with this object, whose state is that of its trials."""
    return _USED in vars(scheduler)


class Supervisor(Guard):
    """The guard of a sweep; see the module's docstring.

    Args:
        scheduler: Ray's scheduler, its metric and mode already set.
        metric: What is tuned.
        mode: ``"min"`` or ``"max"``.
        time_attr: What counts as time.
        max_t: Trials end when ``time_attr`` reaches it.
        seed: Seeds the draws of a scheduler that has no generator of its own.
        observe: Told of each decision, before it is acted on.
        diverges: The scenario's divergence rule; None for none.

    Attributes:
        explains: Whether decisions are told with their reason, which takes time to find.
        refusal: Set when a report lacks the metric or the time attribute, or holds one that is
            no number, or the divergence rule fails; whoever drives the sweep ends it then.
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
        diverges: DivergenceRule | None = None,
    ) -> None:
        super().__init__(scheduler, metric=metric, time_attr=time_attr, diverges=diverges)
        setattr(scheduler, _USED, True)
        self._mode = mode
        self._max_t = max_t
        self._observe = observe
        self._random = PrivateRandomState(seed)
        self._draws = _draws_from_global_generators(scheduler)
        self._is_population = isinstance(scheduler, PopulationBasedTraining)
        self._heed = heed_of(scheduler) if diverges is None else None
        self._fifo_choice = type(scheduler).choose_trial_to_run is FIFOScheduler.choose_trial_to_run
        self.explains = True
        self.refusal: ReportError | ScenarioError | None = None
        self.failure: Exception | None = None
        if isinstance(scheduler, PopulationBasedTraining):
            watch_exploits(scheduler, self._tell_exploit)

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """A trial was suggested, or goes back to the queue after a failure."""
        if self._draws == "never":
            super().on_trial_add(tune_controller, trial)
            return
        with self._random.active():
            super().on_trial_add(tune_controller, trial)

    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Decide about a report; one that breaks the scenario's promise sets `refusal`."""
        if self._rule is not None or not self._is_plain(result):
            self.refusal = self.refusal or self._broken_promise(trial, result)
            if as_number(result.get(self._time_attr)) is None:
                return str(TrialScheduler.CONTINUE)
        if self.refusal is not None:
            return str(TrialScheduler.CONTINUE)
        try:
            return super().on_trial_result(tune_controller, trial, result)
        except ScenarioError as failure:  # of the divergence rule; Ray would wrap it
            self.refusal = failure
            return str(TrialScheduler.CONTINUE)

    def on_trial_complete(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> None:
        """A running trial ended: by a decision, by itself, or by a decision about another."""
        try:
            self._tell_removal(trial)
            super().on_trial_complete(tune_controller, trial, result)
        except Exception as failure:  # Ray's controller would blame the trial
            self.failure = failure

    def on_trial_remove(self, tune_controller: TuneController, trial: Trial) -> None:
        """A paused or waiting trial ends."""
        try:
            if trial.status in (Trial.PAUSED, Trial.PENDING):
                self._tell_removal(trial)
            super().on_trial_remove(tune_controller, trial)
        except Exception as failure:  # Ray's controller would blame the trial
            self.failure = failure

    def heeds_from(self, trial_id: str) -> float:
        """Return the time before which no report of a trial with a finite metric matters."""
        return -math.inf if self._heed is None else min(self._heed(trial_id), self._max_t)

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return the trial that shall get the next free slot."""
        if self._fifo_choice:
            return first_waiting(tune_controller)
        chosen = super().choose_trial_to_run(tune_controller)
        population = self.scheduler
        if chosen is None and isinstance(population, PopulationBasedTraining):
            with self._random.active() if self._draws == "always" else nullcontext():
                passed = pass_barrier(population, tune_controller, population.on_trial_result)
            return super().choose_trial_to_run(tune_controller) if passed else None
        return chosen

    def _broken_promise(self, trial: Trial, result: Mapping[str, Any]) -> ReportError | None:
        seen = self._live.get(trial.trial_id)
        if seen is None:
            return None
        promised = [(self._metric, "metric"), (self._time_attr, "time_attr")]
        if isinstance(self._rule, FarFromStart) and seen.first is None:
            promised.append((self._rule.metric, "divergence rule"))
        for key, role in promised:
            number = as_number(result.get(key))
            usable = is_time(number) if role == "time_attr" else number is not None
            if not usable and (seen.first is None or key in result):
                return describe_broken_promise(trial.trial_id, result, key, role)
        return None

    def _decide(self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]) -> str:
        """Answer a valid report: STOP from ``max_t`` on, whatever the scheduler says."""
        time = result[self._time_attr]
        answer = str(TrialScheduler.STOP)
        if time < self._max_t or not self._is_population:  # at its end no member copies another
            if self._draws == "always":
                with self._random.active():
                    answer = super()._decide(tune_controller, trial, result)
            else:
                answer = super()._decide(tune_controller, trial, result)
        if answer == TrialScheduler.NOOP:
            return answer
        if time >= self._max_t:
            self._tell(trial, "STOP", self._at_max_t(result), result, outcome="completed")
            return str(TrialScheduler.STOP)
        if answer in (TrialScheduler.STOP, TrialScheduler.PAUSE):
            self._tell_answer(trial, answer, result)
        return answer

    def _condemn(self, trial: Trial, result: Mapping[str, Any], reason: Reason) -> str:
        self._tell(trial, "STOP", reason, result, outcome="diverged")
        return super()._condemn(trial, result, reason)

    def _tell_answer(self, trial: Trial, answer: str, result: Mapping[str, Any]) -> None:
        reason = _UNTOLD
        if self.explains:
            value, time = float(result[self._metric]), float(result[self._time_attr])
            reason = explain(self.scheduler, trial, value, time, self._mode)
        if answer == TrialScheduler.STOP:
            self._tell(trial, "STOP", reason, result, outcome="stopped")
        else:
            self._tell(trial, "PAUSE", reason, result)

    def _tell_removal(self, trial: Trial) -> None:
        if trial.last_result.get("done"):  # it ends for a reason that has been told
            return
        result = flatten_dict(trial.last_result)
        if (as_number(result.get(self._time_attr)) or 0) >= self._max_t:
            self._tell(trial, "STOP", self._at_max_t(result), result, outcome="completed")
        else:
            reason = explain_removal(self.scheduler, trial)
            self._tell(trial, "STOP", reason, result, outcome="stopped")

    def _tell_exploit(self, trial: Trial, reason: Reason, result: Mapping[str, Any]) -> None:
        self._tell(trial, "EXPLOIT", reason, result)

    def _at_max_t(self, result: Mapping[str, Any]) -> Reason:
        return Reason(f"reached max_t={self._max_t:g}", {"value": result.get(self._metric)})

    def _tell(
        self,
        trial: Trial,
        kind: Literal["STOP", "PAUSE", "EXPLOIT"],
        reason: Reason,
        result: Mapping[str, Any],
        outcome: Outcome | None = None,
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


def _draws_from_global_generators(
    scheduler: TrialScheduler,
) -> Literal["never", "on add", "always"]:
    """Return when a scheduler may draw from Python's and NumPy's global generators.

    Swapping their states costs 20 us, so it is done where there is need: tuner's own schedulers
    have generators of their own.
    """
    own = type(scheduler).__module__.startswith("tuner.schedulers.")
    if own or type(scheduler) is FIFOScheduler:
        return "never"
    if isinstance(scheduler, PopulationBasedTraining):  # a FIFOScheduler too
        return "always"
    return "on add" if isinstance(scheduler, _DRAWS_ONLY_ON_ADD) else "always"

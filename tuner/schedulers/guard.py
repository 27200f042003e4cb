"""What may reach a scheduler: valid reports of live trials, each once.

Ray's schedulers take whatever they are handed. ASHA lets a trial whose metric is NaN run to the
end (``nan < cutoff`` is False); a median and a population keep what they were told; most raise on
a trial they do not know. A `Guard` stands before any of them. It is a Ray ``TrialScheduler``
itself, and works in a plain ``ray.tune.Tuner`` as well as in a sweep.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

from tuner.scenario import DivergenceRule
from tuner.schedulers.divergence import why_diverged
from tuner.schedulers.reasons import Reason
from tuner.schedulers.reports import as_number, with_plain_numbers

__all__ = ["Guard"]


@dataclass(slots=True)
class _Seen:
    """What is known of a live trial.

    Attributes:
        first: Its first report; None before.
        time: The time of its last report.
        config: Its configuration then, None if unknown; a copy of another trial gets a new one.
    """

    first: Mapping[str, Any] | None = None
    time: float | None = None
    config: Mapping[str, Any] | None = None


class Guard(TrialScheduler):
    """Hands only valid reports to a scheduler; stops trials that diverged.

    A report whose metric is NaN or infinite, or that the user's rule condemns, stops its trial at
    once and never enters a rung, a median or a population; for a searcher the trial's last value
    is NaN then. Reports of ended and of unknown trials, and a report that comes twice, change
    nothing. Scalars of other libraries become Python's numbers.

    Args:
        scheduler: The scheduler to guard.
        metric: What is tuned; None for the scheduler's own, or what ``Tuner`` is given.
        time_attr: What counts as time. Two reports of one trial at one time are the same one.
        diverges: The user's rule, such as `tuner.above_start`; None for none.

    Attributes:
        scheduler: As above.
    """

    def __init__(
        self,
        scheduler: TrialScheduler,
        *,
        metric: str | None = None,
        time_attr: str = "training_iteration",
        diverges: DivergenceRule | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.scheduler = scheduler
        self._metric: Any = metric or scheduler.metric
        self._time_attr = time_attr
        self._rule = diverges
        self._live: dict[str, _Seen] = {}
        self._diverged: dict[str, Reason | None] = {}  # until they end; None once it was taken

    @property
    def supports_buffered_results(self) -> bool:
        """Whether several reports may be handed over at once; never, decisions come first."""
        return False

    def set_search_properties(self, metric: str | None, mode: str | None, **spec: Any) -> bool:
        """Take over metric and mode from ``Tuner``, for the scheduler too."""
        self._metric = self._metric or metric
        return bool(self.scheduler.set_search_properties(metric, mode, **spec))

    def take_reason(self, trial_id: str) -> Reason | None:
        """Return why the trial was last stopped, paused or made to copy another, once."""
        reason = self._diverged.get(trial_id)
        if reason is not None:
            self._diverged[trial_id] = None
            return reason
        take = getattr(self.scheduler, "take_reason", None)
        return None if take is None else take(trial_id)

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """A trial was suggested, or goes back to the queue after a failure."""
        before = self._live.get(trial.trial_id)
        self._live[trial.trial_id] = _Seen(None if before is None else before.first)
        self.scheduler.on_trial_add(tune_controller, trial)

    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Decide about a report."""
        seen = self._live.get(trial.trial_id)
        if trial.trial_id in self._diverged or (seen is None and trial.is_finished()):
            return str(TrialScheduler.STOP)
        if seen is None or self._is_repeated(seen, trial, result):
            return str(TrialScheduler.CONTINUE)
        if seen.first is None:
            seen.first = dict(result) if self._rule is not None else {}
        plain = self._is_plain(result)
        if self._rule is not None or not plain:
            reason = why_diverged(result, seen.first, self._metric, self._rule)
            if reason is not None:
                return self._condemn(trial, result, reason)
        if not plain:
            result.update(with_plain_numbers(result, self._metric, self._time_attr))
        return self._decide(tune_controller, trial, result)

    def on_trial_complete(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> None:
        """A running trial ended: by a decision, by itself, or by a decision about another."""
        if self._live.pop(trial.trial_id, None) is None:
            return
        if trial.trial_id in self._diverged:
            del self._diverged[trial.trial_id]
            last = trial.run_metadata.last_result or {}
            trial.run_metadata.last_result = _with_nan(last, self._metric)
            self.scheduler.on_trial_remove(tune_controller, trial)
        elif self._metric not in result:
            self.scheduler.on_trial_remove(tune_controller, trial)
        else:
            plain = self._is_plain(result)
            told = result if plain else with_plain_numbers(result, self._metric, self._time_attr)
            self.scheduler.on_trial_complete(tune_controller, trial, told)

    def on_trial_remove(self, tune_controller: TuneController, trial: Trial) -> None:
        """A paused or waiting trial ends."""
        if self._live.pop(trial.trial_id, None) is not None:
            self._diverged.pop(trial.trial_id, None)
            self.scheduler.on_trial_remove(tune_controller, trial)

    def on_trial_error(self, tune_controller: TuneController, trial: Trial) -> None:
        """A trial failed; it may come back through `on_trial_add`."""
        if trial.trial_id not in self._live:
            return
        if trial.status != Trial.ERROR:  # which Ray sets before it starts a trial again
            del self._live[trial.trial_id]
        self._diverged.pop(trial.trial_id, None)
        self.scheduler.on_trial_error(tune_controller, trial)

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return the trial that shall get the next free slot."""
        return self.scheduler.choose_trial_to_run(tune_controller)

    def debug_string(self) -> str:
        """Return the scheduler's own summary."""
        return str(self.scheduler.debug_string())

    def save(self, checkpoint_path: str) -> None:
        """Write what it knows of its trials to a file, as JSON, and the scheduler's state beside.

        Raises:
            NotImplementedError: The scheduler cannot save; Ray's do not.
        """
        live = {
            trial_id: {"first": seen.first and with_plain_numbers(seen.first), "time": seen.time}
            for trial_id, seen in self._live.items()
        }
        state = {"live": live, "diverged": sorted(self._diverged)}
        Path(checkpoint_path).write_text(json.dumps(state, default=str))
        self.scheduler.save(_beside(checkpoint_path))

    def restore(self, checkpoint_path: str) -> None:
        """Go on from the files that `save` wrote."""
        state = json.loads(Path(checkpoint_path).read_text())
        self._live = {trial_id: _Seen(**seen) for trial_id, seen in state["live"].items()}
        self._diverged = dict.fromkeys(state["diverged"])
        self.scheduler.restore(_beside(checkpoint_path))

    def _is_plain(self, result: Mapping[str, Any]) -> bool:
        """Whether metric and time are Python's own finite numbers, as they nearly always are."""
        time, value = result.get(self._time_attr), result.get(self._metric)
        timed = type(time) is int or (type(time) is float and math.isfinite(time))
        return timed and type(value) is float and math.isfinite(value)

    def _decide(self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]) -> str:
        """Answer a valid report; one without the metric is not for the scheduler."""
        if as_number(result.get(self._metric)) is None:
            return str(TrialScheduler.CONTINUE)
        return str(self.scheduler.on_trial_result(tune_controller, trial, result))

    def _condemn(self, trial: Trial, result: Mapping[str, Any], reason: Reason) -> str:
        """Stop a trial that has diverged."""
        self._diverged[trial.trial_id] = reason
        return str(TrialScheduler.STOP)

    def _is_repeated(self, seen: _Seen, trial: Trial, result: Mapping[str, Any]) -> bool:
        """Whether a report came before: a copy of another trial may go back in time."""
        time = as_number(result.get(self._time_attr))
        same_config = seen.config is None or trial.config is seen.config
        repeated = time is not None and time == seen.time and same_config
        seen.time, seen.config = time, trial.config
        return repeated


def _beside(checkpoint_path: str) -> str:
    return f"{checkpoint_path}-scheduler"


def _with_nan(result: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a nested ``result`` whose value at a flat ``name`` is NaN."""
    head, _, rest = name.partition("/")
    inner = result.get(head)
    if name not in result and rest and isinstance(inner, Mapping):
        return {**result, head: _with_nan(inner, rest)}
    return {**result, name: math.nan}

"""From Ray Tune's events to the sweep's store, and to what a progress view shows."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial

from tuner.errors import ReportError
from tuner.schedulers import Decision, Reason, as_number
from tuner.seeds import trial_seed
from tuner.spec import SweepSpec
from tuner.store import SweepWriter, last_line

__all__ = ["Recorder", "TrialNote"]

_RAY_KEYS = frozenset(
    {
        "trial_id",
        "date",
        "timestamp",
        "time_this_iter_s",
        "timesteps_total",
        "episodes_total",
        "pid",
        "hostname",
        "node_ip",
        "config",
        "time_since_restore",
        "timesteps_since_restore",
        "iterations_since_restore",
        "done",
        "should_checkpoint",
        "checkpoint_dir_name",
        "experiment_tag",
        "hyperband_info",
    }
)
_PLACE = re.compile(r'File "([^"]+)", line (\d+)')
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class TrialNote:
    """What the driver keeps in mind of a trial that has not ended.

    Attributes:
        status: Ray's status.
        attempt: 1, and one more for each retry.
        ending: The outcome that a decision announced.
        verdict: Why the trial was ended from outside, if it was.
        value: Last value of the metric.
        iteration: Last ``training_iteration``.
        time: Last value of the time attribute.
        parent: The trial it last copied.
        node: Host it last reported from.
        config: Its configuration, which PBT changes.
    """

    status: str = Trial.PENDING
    attempt: int = 1
    ending: str | None = None
    verdict: str | None = None
    value: float | None = None
    iteration: int = 0
    time: float | None = None
    parent: str | None = None
    node: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Tally:
    """Running totals of a sweep.

    Attributes:
        statuses: Trials by Ray's status.
        outcomes: Ended trials by outcome.
        reports: How many reports arrived.
        best_value: Best finite value of the metric; None before the first.
        best_trial: Id of the trial that has it.
        best_iteration: ``training_iteration`` of that report.
        best_config: That trial's configuration then.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    reports: int = 0
    best_value: float | None = None
    best_trial: str | None = None
    best_iteration: int | None = None
    best_config: Mapping[str, Any] = field(default_factory=dict)


class Recorder(Callback):
    """Writes each report, decision and change of a trial to the store, and keeps the tally.

    Args:
        writer: The sweep's store.
        spec: The sweep.
        say: Shows a line to the user.
        clock: Returns unix seconds.
    """

    def __init__(
        self,
        writer: SweepWriter,
        spec: SweepSpec,
        *,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.tally = Tally()
        self.refusal: ReportError | None = None
        self._writer = writer
        self._spec = spec
        self._say = say
        self._clock = clock
        self._notes: dict[str, TrialNote] = {}

    def note(self, trial_id: str) -> TrialNote | None:
        """Return what is known of an open trial, or None once it ended."""
        return self._notes.get(trial_id)

    def condemn(self, trial_id: str, outcome: str, verdict: str) -> None:
        """Say in advance how a trial that is about to be killed shall be recorded."""
        note = self._notes[trial_id]
        note.ending, note.verdict = outcome, verdict

    def on_trial_created(self, trial: Trial) -> None:
        """A trial was suggested."""
        self._notes[trial.trial_id] = TrialNote(config=trial.config)
        self.tally.statuses[Trial.PENDING] += 1
        bundle = self._spec.resources
        self._writer.trial(
            trial.trial_id,
            status=Trial.PENDING,
            config=trial.config,
            attempts=1,
            seed=trial_seed(self._spec.seed, trial.trial_id),
            cpu=float(bundle.get("cpu", 0)),
            gpu=float(bundle.get("gpu", 0)),
        )

    def on_decision(self, decision: Decision, trial_config: Mapping[str, Any] | None) -> None:
        """A scheduler decided something other than to go on.

        Args:
            decision: What and why.
            trial_config: The trial's new configuration, if it changed.
        """
        note = self._notes[decision.trial_id]
        self._writer.decision(
            {
                "trial_id": decision.trial_id,
                "attempt": note.attempt,
                "training_iteration": decision.training_iteration,
                "time": decision.time,
                "decision": decision.kind,
                "reason": decision.reason.text,
                "details": dict(decision.reason.details),
                "timestamp": self._clock(),
            }
        )
        if decision.kind == "STOP":
            note.ending = decision.outcome
        elif decision.kind in ("PAUSE", "EXPLOIT"):
            self._set_status(decision.trial_id, note, Trial.PAUSED)
        if decision.kind == "EXPLOIT" and trial_config is not None:
            note.parent, note.config = decision.reason.details["source"], trial_config
            self._writer.trial(decision.trial_id, config=trial_config)

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A worker took up a trial, for the first time or again."""
        note = self._notes[trial.trial_id]
        if note.status == Trial.PAUSED:
            self.on_decision(_resumed(trial, note), None)
        if note.iteration == 0 and note.attempt == 1:
            self._writer.trial(trial.trial_id, started=self._clock())
        self._set_status(trial.trial_id, note, Trial.RUNNING)

    def on_report(self, trial: Trial, result: dict[str, Any]) -> None:
        """A report arrived; one that the store cannot hold ends the sweep, through `refusal`."""
        note = self._notes[trial.trial_id]
        kept = {self._spec.metric, self._spec.time_attr}
        row = {k: value for k, value in result.items() if k not in _RAY_KEYS or k in kept}
        row |= {"trial_id": trial.trial_id, "attempt": note.attempt, "timestamp": self._clock()}
        try:
            self._writer.report(row)
        except ReportError as refusal:
            self.refusal = refusal
            return
        self._keep_up(trial, note, result)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial ended without an error."""
        note = self._notes[trial.trial_id]
        if note.iteration == 0 and note.ending is None:
            self._end(trial, note, Trial.ERROR, "failed", self._silent_end(trial))
        else:
            self._end(trial, note, Trial.TERMINATED, note.ending or "completed", note.verdict)

    def on_trial_recover(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial failed and will be tried again."""
        note = self._notes[trial.trial_id]
        note.attempt += 1
        self._say(
            f"trial {trial.trial_id} failed, attempt {note.attempt} follows: "
            f"{_cause(_error_text(trial))}"
        )
        self._writer.trial(trial.trial_id, attempts=note.attempt, error=_error_text(trial))
        self._set_status(trial.trial_id, note, Trial.PENDING)

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial failed for good."""
        note = self._notes[trial.trial_id]
        error = note.verdict or _error_text(trial)
        self._end(trial, note, Trial.ERROR, note.ending or "failed", error)
        self._say(f"trial {trial.trial_id} {note.ending or 'failed'}: {_cause(error)}")

    def close_open_trials(self) -> None:
        """Record every trial that has not ended as interrupted; the sweep is over."""
        for trial_id, note in list(self._notes.items()):
            self._writer.trial(trial_id, outcome="interrupted", ended=self._clock())
            self._set_status(trial_id, note, Trial.TERMINATED)
            self.tally.outcomes["interrupted"] += 1
            del self._notes[trial_id]

    def _keep_up(self, trial: Trial, note: TrialNote, result: Mapping[str, Any]) -> None:
        tally = self.tally
        tally.reports += 1
        note.iteration = int(result["training_iteration"])
        node = result.get("hostname")
        if node != note.node:
            note.node = node
            self._writer.trial(trial.trial_id, node=node)
        note.time = _lookup(result, self._spec.time_attr)
        value = note.value = _lookup(result, self._spec.metric)
        if value is None or not math.isfinite(value):
            return
        best = tally.best_value
        if best is None or (value < best if self._spec.mode == "min" else value > best):
            tally.best_value, tally.best_trial = value, trial.trial_id
            tally.best_iteration, tally.best_config = note.iteration, trial.config

    def _end(
        self, trial: Trial, note: TrialNote, status: str, outcome: str, error: str | None
    ) -> None:
        self._set_status(trial.trial_id, note, status)
        self._writer.trial(trial.trial_id, outcome=outcome, ended=self._clock(), error=error)
        self.tally.outcomes[outcome] += 1
        del self._notes[trial.trial_id]

    def _set_status(self, trial_id: str, note: TrialNote, status: str) -> None:
        self.tally.statuses[note.status] -= 1
        self.tally.statuses[status] += 1
        note.status = status
        self._writer.trial(trial_id, status=status)

    def _silent_end(self, trial: Trial) -> str:
        text = (
            f"trial {trial.trial_id} ended without a single report; report "
            f"{self._spec.metric!r} with tune.report({{...}}) or return it"
        )
        if not self.tally.reports:
            self.refusal = ReportError(text)
        return text


def _cause(error: str) -> str:
    """Return the error that a traceback ends with, and where it was raised."""
    if "actor died" in error.lower():
        return "its worker process died (killed, out of memory, or it called exit)"
    places = _PLACE.findall(error)
    where = f" ({Path(places[-1][0]).name}:{places[-1][1]})" if places else ""
    line = last_line(error)
    return f"{line}{where}" if line else "no message"


def _error_text(trial: Trial) -> str:
    """Return the latest failure of ``trial`` as Ray wrote it down, without terminal colours."""
    path = trial.error_file
    if not path or not Path(path).exists():
        return "the trial's worker gave no reason"
    text = _TERMINAL_COLOURS.sub("", Path(path).read_text(errors="replace"))
    return text.rpartition("Failure # ")[2].partition("\n")[2].strip()


def _lookup(result: Mapping[str, Any], name: str) -> float | None:
    """Return the number at a flat ``name`` of a nested result; None if there is none."""
    value: Any = result
    if name in result:
        value = result[name]
    else:
        for part in name.split("/"):
            value = value.get(part) if isinstance(value, Mapping) else None
    return as_number(value)


def _resumed(trial: Trial, note: TrialNote) -> Decision:
    return Decision(
        trial_id=trial.trial_id,
        kind="RESUME",
        reason=Reason("gets a slot again"),
        training_iteration=note.iteration,
        time=note.time,
    )

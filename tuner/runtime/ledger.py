"""What the driver keeps in mind of a sweep: its open trials, and running totals.

Pure: it is told what happened, by the recorder as it happens or by the replay of a journal.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ray.tune.experiment import Trial

from tuner.progress import CurveBook
from tuner.runtime.whereabouts import Place

__all__ = ["Ledger", "Tally", "TrialNote"]


@dataclass
class TrialNote:
    """An open trial.

    Attributes:
        status: Ray's status.
        started: Whether it has had a worker.
        attempt: From 1; one more for each restart, and for each copy of a younger trial, since
            either repeats a ``training_iteration``.
        ending: The outcome that a decision announced.
        verdict: Why the trial was ended from outside, if it was.
        value: Last value of the metric.
        iteration: Last ``training_iteration``.
        seen: The last one that the scheduler knows of, since the trial last copied another.
        repeats_until: Reports up to this iteration repeat what the scheduler has seen.
        time: Last value of the time attribute.
        parent: The trial it last copied.
        place: Where its worker runs, once a report has told.
        peak_memory: Bytes that its worker has taken at most; None if unknown.
        config: Its configuration, which PBT changes.
    """

    status: str = Trial.PENDING
    started: bool = False
    attempt: int = 1
    ending: str | None = None
    verdict: str | None = None
    value: float | None = None
    iteration: int = 0
    seen: int = 0
    repeats_until: int = 0
    time: float | None = None
    parent: str | None = None
    place: Place | None = None
    peak_memory: int | None = None
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


class Ledger:
    """Notes on the open trials of a sweep, and its tally.

    Args:
        mode: Whether lower (``"min"``) or higher (``"max"``) is better.

    Attributes:
        tally: The totals.
        curves: Some of the learning curves, for a picture.
    """

    def __init__(self, mode: Literal["min", "max"]) -> None:
        self.tally = Tally()
        self.curves = CurveBook(mode)
        self._better = min if mode == "min" else max
        self._notes: dict[str, TrialNote] = {}

    def __getitem__(self, trial_id: str) -> TrialNote:
        """Return the note on an open trial."""
        return self._notes[trial_id]

    def get(self, trial_id: str) -> TrialNote | None:
        """Return the note on a trial, or None once it ended."""
        return self._notes.get(trial_id)

    def open(self) -> dict[str, TrialNote]:
        """Return the notes on all open trials by id, in the order in which they were made."""
        return dict(self._notes)

    def created(self, trial_id: str, config: Mapping[str, Any]) -> None:
        """A trial was suggested."""
        self._notes[trial_id] = TrialNote(config=config)
        self.tally.statuses[Trial.PENDING] += 1

    def set_status(self, trial_id: str, status: str) -> None:
        """A trial changed to another of Ray's statuses."""
        note = self._notes[trial_id]
        self.tally.statuses[note.status] -= 1
        self.tally.statuses[status] += 1
        note.status = status
        note.started = note.started or status == Trial.RUNNING

    def reported(
        self, trial_id: str, *, iteration: int, time: float | None, value: float | None
    ) -> bool:
        """Take note of a report.

        Returns:
            Whether it is new; one that repeats what was reported before a restart is not.
        """
        note, tally = self._notes[trial_id], self.tally
        repeated = iteration <= note.repeats_until
        if iteration <= note.iteration and not repeated:
            note.attempt += 1
        note.iteration, note.time, note.value = iteration, time, value
        if not repeated:
            note.seen = iteration
        tally.reports += 1
        self.curves.report(trial_id, time, value)
        if value is not None and math.isfinite(value) and self._is_best(value):
            tally.best_value, tally.best_trial = value, trial_id
            tally.best_iteration, tally.best_config = iteration, note.config
        return not repeated

    def withheld(self, trial_id: str, attempt: int) -> None:
        """A report is on record of which nobody has been told; its trial will repeat it."""
        note = self._notes[trial_id]
        note.attempt = max(note.attempt, attempt)

    def copied(self, trial_id: str, source: str, config: Mapping[str, Any]) -> None:
        """A trial goes on from another one's checkpoint, with another configuration."""
        note = self._notes[trial_id]
        note.parent, note.config = source, config
        note.seen = note.repeats_until = 0

    def reconfigured(self, trial_id: str, config: Mapping[str, Any]) -> None:
        """A trial goes on from its own checkpoint, with another configuration."""
        self._notes[trial_id].config = config

    def restarts(self, trial_id: str) -> None:
        """A trial starts again, from its last checkpoint or from the beginning."""
        note = self._notes[trial_id]
        note.repeats_until = note.seen
        note.iteration = 0
        note.attempt += 1

    def ended(self, trial_id: str, status: str, outcome: str) -> None:
        """A trial ended; it is forgotten."""
        self.set_status(trial_id, status)
        self.tally.outcomes[outcome] += 1
        self.curves.end(trial_id, stopped=outcome == "stopped")
        del self._notes[trial_id]

    def _is_best(self, value: float) -> bool:
        best = self.tally.best_value
        return best is None or (value != best and self._better(value, best) == value)

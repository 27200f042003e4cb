"""What happens in a simulation, in the tables of a sweep.

A report costs a few appends to a list; rows become columns some ten thousand at a time. As in any
sweep, ``seq`` numbers reports, decisions and events in the order in which they happened. Every
time is in seconds since the simulated sweep began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from ray.tune.experiment import Trial

from tuner.schedulers import Decision
from tuner.simulation.engine import Simulation
from tuner.simulation.keeping import Tables
from tuner.simulation.report_columns import VALUES, Column, Reports
from tuner.simulation.trial_columns import TrialColumns
from tuner.simulation.trials import SimulatedTrial
from tuner.spec import SweepSpec
from tuner.store.schema import DECISIONS, EVENTS, reports_schema
from tuner.store.values import to_json

__all__ = ["Recording"]

_REPORTS_AT_A_TIME = 2**15
_EVENTS_AT_A_TIME = 2**15
_GOES_ON = "gets a slot again"


@dataclass(slots=True)
class _Open:
    """A trial that has not ended.

    Attributes:
        trial: Itself.
        config: As it was when it last changed.
        ending: The outcome that a decision announced.
        paused: What paused it, until it goes on.
        started: Whether it has had a worker.
    """

    trial: SimulatedTrial
    config: Mapping[str, Any]
    ending: str | None = None
    paused: Decision | None = None
    started: bool = False


class Recording:
    """Keeps every report, decision and event of a simulation, and a row per trial.

    Args:
        spec: The sweep.
        tables: Where the rows go.
        on_end: Called whenever a trial has ended; may raise to end the simulation.

    Attributes:
        simulation: What it is told of; None before that begins.
    """

    def __init__(
        self, spec: SweepSpec, tables: Tables, on_end: Callable[[], None] = lambda: None
    ) -> None:
        self._tables = tables
        self._on_end = on_end
        self._time_attr = spec.time_attr
        self._max_t = spec.max_t
        self._counts_epochs = True
        self._columns = reports_schema(spec.time_attr)
        self._trials = TrialColumns(spec)
        self._open: dict[str, _Open] = {}
        self._ids: list[str] = []
        self._configs: list[Mapping[str, Any]] = []  # of the newest trials
        self._told: list[Any] = []  # of reports, one value after the other: this costs the least
        self._decisions: list[tuple[Any, ...]] = []
        self._events: list[tuple[Any, ...]] = []
        self._seqs: list[int] = []  # of the decisions and events that wait
        self._first_seq = 0
        self.simulation: Simulation | None = None

    @property
    def trials(self) -> int:
        """How many trials there are so far."""
        return len(self._ids)

    @property
    def full_epochs(self) -> int | None:
        """Epochs of full trainings of all that reported; None where max_t is not in epochs."""
        return self._trials.reported * self._max_t if self._counts_epochs else None

    def watch(self, simulation: Simulation) -> None:
        """The simulation is about to run."""
        self.simulation = simulation

    # What it is told ---------------------------------------------------------------------------

    def suggested(self, trial: SimulatedTrial, now: float) -> None:
        """There is a new trial."""
        self._open[trial.trial_id] = _Open(trial, trial.config)
        self._ids.append(trial.trial_id)
        self._configs.append(trial.config)
        self._trials.add()
        self._event(trial, "suggested", now)

    def started(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has a worker, the first one or another one."""
        note = self._open[trial.trial_id]
        paused, note.paused = note.paused, None
        if paused is not None:
            place = paused.training_iteration, paused.time
            self._decide(trial, *place, "RESUME", _GOES_ON, "{}", now)
        self._event(trial, "started", now)
        if not note.started:
            note.started = True
            self._trials.set(trial.number, started=now)
        self._trials.set(trial.number, status=Trial.RUNNING)

    def reported(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has finished an epoch."""
        told = self._told
        told.extend((now, trial.number, trial.attempt, trial.epoch, trial.seconds, trial.curve))
        if len(told) >= _REPORTS_AT_A_TIME * VALUES:
            self._take()

    def decided(self, decision: Decision) -> None:
        """The scheduler decided something other than to go on."""
        assert self.simulation is not None  # it runs
        note = self._open[decision.trial_id]
        reason, now = decision.reason, self.simulation.now
        place = decision.training_iteration, decision.time
        self._decide(note.trial, *place, decision.kind, reason.text, to_json(reason.details), now)
        if decision.kind == "STOP":
            note.ending = decision.outcome
            return
        note.paused = decision
        self._trials.set(note.trial.number, status=Trial.PAUSED)
        changed = reason.details.get("config")
        if changed is not None:
            seq, former = self._seqs[-1], note.config
            note.config = note.trial.config if decision.kind == "EXPLOIT" else changed
            self._trials.reconfigure(note.trial.number, seq, former, note.config)

    def failed(self, trial: SimulatedTrial, now: float, cause: str) -> None:
        """A trial's attempt failed."""
        self._event(trial, "failing", now)
        self._trials.fail(trial.number, cause)

    def ended(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has ended."""
        note = self._open.pop(trial.trial_id)
        failed = trial.status == Trial.ERROR
        outcome = "failed" if failed else note.ending or "completed"
        self._event(trial, "ended", now, _ending(trial.status, outcome))
        self._trials.end(trial.number, trial.status, outcome, now)
        if len(self._events) >= _EVENTS_AT_A_TIME:
            self._take()
        self._on_end()

    def close(self) -> None:
        """Keep the rest; what has not ended is interrupted.

        Raises:
            StorageError: It cannot be written.
        """
        now = 0.0 if self.simulation is None else self.simulation.now
        for note in self._open.values():
            self._trials.end(note.trial.number, Trial.TERMINATED, "interrupted", now)
        self._open.clear()
        self._take()
        self._tables.settle(self._trials.slices, at_once=True)

    # How it is kept ----------------------------------------------------------------------------

    def _event(
        self, trial: SimulatedTrial, event: str, now: float, details: str | None = None
    ) -> None:
        self._events.append((trial.trial_id, trial.attempt, event, details, now, self._seq()))

    def _decide(
        self,
        trial: SimulatedTrial,
        iteration: int | None,
        time: float | None,
        kind: str,
        reason: str,
        details: str,
        now: float,
    ) -> None:
        row = trial.trial_id, trial.attempt, iteration, time, kind, reason, details, now
        self._decisions.append((*row, self._seq()))

    def _seq(self) -> int:
        """Return the number of what happens now, unless that is a report."""
        seq = self._first_seq + len(self._told) // VALUES + len(self._seqs)
        self._seqs.append(seq)
        return seq

    def _take(self) -> None:
        """Make columns of what waits."""
        self._take_suggestions()
        first, count = self._first_seq, len(self._told) // VALUES + len(self._seqs)
        if self._told:
            others = np.array(self._seqs, np.int64) - first
            self._take_reports(np.delete(np.arange(first, first + count), others))
        if self._decisions:
            self._tables.extend("decisions", _columns(self._decisions, DECISIONS))
        if self._events:
            self._tables.extend("events", _columns(self._events, EVENTS))
        self._first_seq += count
        for waiting in (self._told, self._decisions, self._events, self._seqs):
            waiting.clear()
        self._tables.settle(self._trials.slices)

    def _take_suggestions(self) -> None:
        """Enter the newest trials' configurations, also into the events that tell of them."""
        if not self._configs:
            return
        ids = self._ids[-len(self._configs) :]
        texts = iter(self._trials.suggest(ids, self._configs))
        self._configs = []
        self._events = [
            (*row[:3], f'{{"config": {next(texts)}}}', *row[4:]) if row[2] == "suggested" else row
            for row in self._events
        ]

    def _take_reports(self, seqs: Column) -> None:
        reports = Reports.of(self._told)
        self._counts_epochs = self._counts_epochs and self._time_attr not in reports.metrics
        self._trials.report(reports, seqs)
        self._tables.extend("reports", reports.table(self._ids, seqs, self._columns))


@cache
def _ending(status: str, outcome: str) -> str:
    return to_json({"status": status, "outcome": outcome})


def _columns(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(zip(*rows, strict=True), schema, strict=True)
    return pa.table([pa.array(values, field.type) for values, field in columns], schema=schema)

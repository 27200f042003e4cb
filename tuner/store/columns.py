"""The fixed columns of each table of a sweep, each with its meaning.

Metrics (as reported, flattened with ``/``) and hyperparameters (``config/<name>``) come beside
them as they appear; `tuner.store.schema` has how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

import pyarrow as pa

from tuner.store.kinds import JSON, field_of

__all__ = [
    "BY_METRIC",
    "COLUMNS",
    "DECISIONS",
    "EVENTS",
    "EVENT_MEANINGS",
    "OUTCOMES",
    "REPORTS",
    "TRIALS",
    "Column",
    "TableName",
]

TableName: TypeAlias = Literal["reports", "decisions", "events", "trials"]

_TEXT, _LONG, _INT, _FLOAT = pa.string(), pa.int64(), pa.int32(), pa.float64()


@dataclass(frozen=True)
class Column:
    """A column whose type never changes.

    Attributes:
        name: Its name.
        type: Its Arrow type; None for JSON as text.
        meaning: What it holds, in a line.
        unit: The unit of a number; "" for none.
    """

    name: str
    type: pa.DataType | None
    meaning: str
    unit: str = ""

    @property
    def field(self) -> pa.Field:
        """The column in a schema."""
        return field_of(self.name, JSON) if self.type is None else pa.field(self.name, self.type)


_TRIAL = Column("trial_id", _TEXT, "the trial")
_ATTEMPT = Column("attempt", _INT, "which start of the trial, from 1")
_ITERATION = Column("training_iteration", _LONG, "reports of the trial so far, this one included")
_TIMESTAMP = Column("timestamp", _FLOAT, "when", "unix s")
_SEQ = Column("seq", _LONG, "counts reports, decisions and events of the sweep together, from 0")

_REPORTS = (
    _TRIAL,
    _ATTEMPT,
    _ITERATION,
    Column("time_total_s", _FLOAT, "how long the trial has trained", "s"),
    _TIMESTAMP,
    _SEQ,
)

_DECISIONS = (
    _TRIAL,
    _ATTEMPT,
    _ITERATION,
    Column("time", _FLOAT, "the time attribute at the decision", "time_attr"),
    Column("decision", _TEXT, "STOP, PAUSE, RESUME, EXPLOIT or RETRY"),
    Column("reason", _TEXT, "why, in words and figures"),
    Column("details", None, "the same as values: rung, value, cutoff, source trial, new config"),
    _TIMESTAMP,
    _SEQ,
)

_EVENTS = (
    Column("trial_id", _TEXT, "the trial; null: of the sweep as a whole"),
    _ATTEMPT,
    Column("event", _TEXT, "what happened"),
    Column("details", None, "what else is to be known of it"),
    _TIMESTAMP,
    _SEQ,
)

_TRIALS = (
    _TRIAL,
    Column("status", _TEXT, "Ray's: PENDING, RUNNING, PAUSED, TERMINATED, ERROR"),
    Column("outcome", _TEXT, "how it ended; null while it has not"),
    Column("config", None, "exact: absent and None, int and float, list and tuple differ"),
    Column("iterations", _LONG, "training_iteration of the last report"),
    Column("best_iteration", _LONG, "training_iteration of the best report"),
    Column("best_config", None, "that of the best report, where it is another (PBT)"),
    Column("seconds", _FLOAT, "time_total_s of the last report", "s"),
    Column("attempts", _INT, "its attempts so far, the first one included"),
    Column("seed", _LONG, "seeds its training"),
    Column("cpu", _FLOAT, "CPUs that it holds"),
    Column("gpu", _FLOAT, "GPUs that it holds; shares allowed"),
    Column("node", _TEXT, "where it ran last"),
    Column("peak_memory", _LONG, "what its worker took at most", "bytes"),
    Column("started", _FLOAT, "when it started first", "unix s"),
    Column("ended", _FLOAT, "when it ended", "unix s"),
    Column("error", _TEXT, "the traceback"),
)

COLUMNS: Mapping[TableName, Sequence[Column]] = MappingProxyType(
    {"trials": _TRIALS, "reports": _REPORTS, "decisions": _DECISIONS, "events": _EVENTS}
)
"""The fixed columns of each table, in their order; ``reports`` has the time attribute besides."""

BY_METRIC = MappingProxyType(
    {
        "config/<name>": "a hyperparameter; null where it is absent or None",
        "last/<metric>": "a metric at the trial's last report",
        "best/<metric>": "a metric at the trial's best report, by the (first) objective",
    }
)
"""Columns of ``trials.parquet`` that come as hyperparameters and metrics appear."""

OUTCOMES = MappingProxyType(
    {
        "completed": "ended by itself, or at max_t",
        "stopped": "by the scheduler",
        "diverged": "a metric was NaN or infinite, or the scenario's own rule said so",
        "failed": "raised an error, or its worker died, more often than max_failures allows",
        "hung": "reported nothing for longer than trial_timeout_s",
        "infeasible": "fits in the memory of no GPU or node",
        "interrupted": "still under way when the sweep ended",
    }
)
"""The values of ``outcome``."""

EVENT_MEANINGS = MappingProxyType(
    {
        "suggested": "the searcher suggested a configuration",
        "queued": "the trial waits for a worker",
        "started": "an attempt begins",
        "placed": "a worker took the trial up: node, ids of its GPUs",
        "saving": "a checkpoint was asked for",
        "saved": "a checkpoint is there",
        "last": "the trial ends by itself: with its next report, or with the one before",
        "failing": "an attempt failed, with the excuse if it does not count",
        "ending": "the trial is being ended",
        "ended": "the trial ended: status, outcome",
        "nodes": "these nodes are there now, and no others",
        "worker_started": "a worker process took up its first trial",
        "worker": "a worker process ended: what it did with its time, and why it ended",
        "resumed": "another driver goes on, with workers of its own",
    }
)
"""The values of ``event``."""

REPORTS = pa.schema([column.field for column in _REPORTS])
"""Fixed columns of ``reports/`` but for the time attribute."""

DECISIONS = pa.schema([column.field for column in _DECISIONS])
"""Fixed columns of ``decisions/``."""

EVENTS = pa.schema([column.field for column in _EVENTS])
"""Fixed columns of ``events/``."""

TRIALS = pa.schema([column.field for column in _TRIALS])
"""Fixed columns of ``trials.parquet``."""

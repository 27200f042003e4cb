"""Trials of earlier sweeps, kept with the sweep whose searcher learned from them.

A sweep that is resumed teaches its searcher the same again, so they are copied: the sweeps that
they come from may be gone by then, or may have gone on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from tuner.errors import StorageError
from tuner.objectives import Objective
from tuner.store.dataset import read_table, write_table
from tuner.store.kinds import JSON, field_of
from tuner.store.reader import Sweep
from tuner.store.schema import rows_of
from tuner.store.values import to_json

__all__ = ["PastTrial", "past_trials", "read_past_trials", "write_past_trials"]

_TAUGHT = ("completed", "stopped", "diverged")
"""The outcomes that say something of a configuration; the others are accidents, or no end."""

_SCHEMA = pa.schema(
    [
        pa.field("sweep", pa.string()),
        pa.field("trial_id", pa.string()),
        field_of("config", JSON),
        pa.field("whole", pa.bool_()),
        pa.field("times", pa.list_(pa.float64())),
        pa.field("values", pa.list_(pa.list_(pa.float64()))),
    ]
)


@dataclass(frozen=True)
class PastTrial:
    """A trial that ended in an earlier sweep, with its n reports that count.

    Attributes:
        sweep: Where that sweep lay.
        trial_id: Its id there.
        config: Its configuration.
        whole: Whether it ended by itself before ``max_t``, so that its last values are those of a
            full training.
        times: The time attribute at each report, n of them.
        values: At each report the value of each objective, the primary first; NaN where there is
            none. The last report of a trial that diverged, and no other, lacks a primary one.
    """

    sweep: str
    trial_id: str
    config: dict[str, Any]
    whole: bool
    times: Sequence[float]
    values: Sequence[Sequence[float]]


def past_trials(
    sweep: Sweep, objectives: Sequence[Objective], time_attr: str
) -> tuple[list[PastTrial], int]:
    """Return what there is to learn from a sweep.

    Args:
        sweep: An earlier one, which may still run.
        objectives: What is to be learned; those of ``sweep``, or some of them.
        time_attr: What it reported and counts as time.

    Returns:
        The trials that completed, were stopped or diverged, and how many others there are: those
        that failed, hung, have not ended or reported nothing, and those that changed their
        configuration while they ran (population-based training).
    """
    trials = sweep.trials()
    ended = trials[trials["outcome"].isin(_TAUGHT)]
    decisions = sweep.decisions()
    changed = set(decisions.loc[decisions["decision"] == "EXPLOIT", "trial_id"])
    reports = _Reports(sweep.reports(), objectives, time_attr)
    taught = []
    place, max_t = str(sweep.place), sweep.spec.max_t
    keys = (ended[name] for name in ("trial_id", "outcome", "config"))
    for trial_id, outcome, config in zip(*keys, strict=True):
        times, values = reports.of_trial(trial_id, diverged=outcome == "diverged")
        if times and trial_id not in changed:
            whole = outcome == "completed" and times[-1] < max_t
            taught.append(PastTrial(place, trial_id, config, whole, times, values))
    return taught, len(trials) - len(taught)


def write_past_trials(path: Path, trials: Sequence[PastTrial]) -> None:
    """Write trials to a file, atomically.

    Raises:
        StorageError: The file cannot be written.
    """
    columns = {
        "sweep": [trial.sweep for trial in trials],
        "trial_id": [trial.trial_id for trial in trials],
        "config": [to_json(trial.config) for trial in trials],
        "whole": [trial.whole for trial in trials],
        "times": [trial.times for trial in trials],
        "values": [trial.values for trial in trials],
    }
    write_table(pa.table(columns, schema=_SCHEMA), path)


def read_past_trials(path: Path) -> list[PastTrial]:
    """Return the trials that `write_past_trials` wrote, in their order.

    Raises:
        StorageError: The file is gone, or cannot be read.
    """
    if not path.exists():
        raise StorageError(f"{path} is gone, from which the searcher learned first; bring it back")
    return [PastTrial(**row) for row in rows_of(read_table(path))]


class _Reports:
    """The objectives in the reports of a sweep, by trial."""

    def __init__(
        self, frame: pd.DataFrame, objectives: Sequence[Objective], time_attr: str
    ) -> None:
        columns = [_numbers(frame, objective) for objective in objectives]
        self._values = [list(values) for values in zip(*columns, strict=True)]
        self._times: list[float] = frame[time_attr].astype("float64").tolist()
        self._rows: Mapping[Any, Iterable[Any]] = frame.groupby("trial_id", sort=False).indices

    def of_trial(self, trial_id: str, *, diverged: bool) -> tuple[list[float], list[list[float]]]:
        """Return times and values of the reports with a finite primary value, and a last NaN."""
        rows = list(self._rows.get(trial_id, ()))
        kept = [
            row
            for row in rows
            if math.isfinite(self._values[row][0]) or (diverged and row == rows[-1])
        ]
        values = [self._values[row] for row in kept]
        if diverged and kept and math.isfinite(values[-1][0]):  # by a rule of the user's
            values[-1] = [math.nan, *values[-1][1:]]
        return [self._times[row] for row in kept], values


def _numbers(frame: pd.DataFrame, objective: Objective) -> list[float]:
    if objective.metric not in frame:
        return [math.nan] * len(frame)
    values = (objective.value({objective.metric: each}) for each in frame[objective.metric])
    return [math.nan if value is None else value for value in values]

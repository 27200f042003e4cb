"""Snapshots of a sweep for someone who only sees its folder."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from tuner.cli.contents import best_results
from tuner.cli.stored import count_reports
from tuner.progress import Gauge, Member, Snapshot
from tuner.progress.recorded import Recorded
from tuner.store import Sweep, SweepLayout
from tuner.store.looking import ColumnFollower
from tuner.store.results import TrialResult
from tuner.store.standing import Standing, resume_hint

__all__ = ["Watched", "snapshot_of"]

_POPULATIONS = ("pbt", "pb2")
_CURVES = 120


def snapshot_of(sweep: Sweep, standing: Standing) -> Snapshot:
    """Return a sweep as it stands now.

    Raises:
        StorageError: The folder cannot be read, or is of schema version 1.
    """
    return Watched(sweep).snapshot(standing)


class Watched:
    """A sweep that is looked at again and again: each look reads what is new.

    Args:
        sweep: The sweep, running or not.

    Raises:
        StorageError: The folder cannot be read.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        spec = self._spec = sweep.spec
        self._recorded = Recorded(
            spec.metric,
            spec.mode,
            spec.time_attr,
            takes=self._takes,
            shape=spec.shape if spec.resources or spec.bundles else None,
            fuse=spec.fuse,
            at_most=spec.max_concurrent_trials,
            milestones=sweep.state.get("rungs") or (),
        )
        self._follower = ColumnFollower(
            SweepLayout(sweep.path),
            self._recorded.columns,
            trials=("status", "outcome", "cpu", "gpu"),
        )
        self._trials: Mapping[str, Mapping[str, Any]] = {}
        self._best: TrialResult | None = None
        self._best_value: float | None = None

    def snapshot(self, standing: Standing) -> Snapshot:
        """Return the sweep as it stands now.

        Raises:
            StorageError: The folder cannot be read.
        """
        self._look()
        spec, trials = self._spec, self._trials.values()
        best = self._best
        expected = spec.num_samples
        return Snapshot(
            name=self._sweep.name,
            path=str(self._sweep.place),
            arm=spec.arm,
            metric=spec.metric,
            mode=spec.mode,
            time_attr=spec.time_attr,
            max_t=spec.max_t,
            elapsed_s=self._elapsed_s(standing),
            counts=_counts(trial["status"] for trial in trials),
            outcomes=_counts(trial["outcome"] for trial in trials),
            # A grid makes several trials of one sample.
            num_samples=expected if expected is not None and expected >= len(trials) else None,
            reports=count_reports(self._sweep),
            best_value=best.value if best else None,
            best_trial=best.trial_id if best else None,
            best_iteration=best.iteration if best else None,
            best_config=best.config if best else {},
            rungs=self._recorded.rungs(),
            population=self._population(),
            gauges=self._gauges(standing),
            curves=self._recorded.curves(_CURVES),
            time_budget_s=spec.time_budget_s,
            note=self._note(standing),
            over=standing != "running",
        )

    def _note(self, standing: Standing) -> str:
        if standing == "gone":
            return resume_hint(self._sweep)
        if standing == "ended" and self._sweep.state.get("status") == "interrupted":
            return f"interrupted; go on with: tuner resume {self._sweep.place}"
        return ""

    def _look(self) -> None:
        """Read what is new."""
        self._sweep.refresh()
        found = self._follower.look()
        self._trials = found.trials  # before events, which ask what a trial takes
        self._recorded.take(found.new["report"], found.new["decision"], found.new["event"])
        if self._recorded.best != self._best_value:
            self._best_value = self._recorded.best
            self._best = next(iter(best_results(self._sweep, 1)), None)

    def _takes(self, trial_id: str) -> tuple[float, float]:
        trial = self._trials.get(trial_id, {})
        return trial.get("cpu") or 0.0, trial.get("gpu") or 0.0

    def _gauges(self, standing: Standing) -> list[Gauge]:
        if standing == "running" and "simulated" not in self._sweep.state:
            return self._recorded.gauges(time.time())
        gauges = self._recorded.gauges(0.0)
        if standing == "running":
            return gauges
        # What an interruption ends, or a death, has no event of its own.
        return [replace(gauge, used=0.0) for gauge in gauges]

    def _population(self) -> list[Member]:
        """Return the trials of a population; none for other schedulers."""
        if self._spec.scheduler.partition(":")[0] not in _POPULATIONS:
            return []
        value = f"last/{self._spec.metric}"
        rows = self._sweep.trials().to_dict("records")
        return [
            Member(
                trial_id=row["trial_id"],
                value=_number(row.get(value)),
                iteration=int(_number(row["iterations"]) or 0),
                config=row["config"] or {},
                parent=self._recorded.parents.get(row["trial_id"]),
            )
            for row in rows
        ]

    def _elapsed_s(self, standing: Standing) -> float:
        state = self._sweep.state
        started, ended = state.get("started"), state.get("ended")
        if standing == "gone":  # it wrote last a few seconds before it died
            ended = SweepLayout(self._sweep.path).trials_file.stat().st_mtime
        if started is None:
            return 0.0
        return max(0.0, float(ended or time.time()) - float(started))


def _number(value: Any) -> float | None:
    """Return a cell of a table; None where it is empty."""
    return None if value is None or pd.isna(value) else float(value)


def _counts(values: Iterable[Any]) -> dict[str, int]:
    return dict(Counter(value for value in values if isinstance(value, str)))

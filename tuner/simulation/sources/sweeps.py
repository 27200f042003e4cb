"""The learning curves of a finished sweep, so that others can be tried on what it paid for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from ray import tune

from tuner.errors import SpecError
from tuner.plurals import counted
from tuner.scenario import Scenario
from tuner.simulation.sources.recordings import (
    ENDED_BY_THEMSELVES,
    RecordedCurves,
    epoch_seconds,
)
from tuner.simulation.tasks import CurveTask, Known
from tuner.store import Sweep, load

__all__ = ["overheads_of", "recorded_reports", "sweep_task"]


def sweep_task(path: str | Path | Sweep) -> CurveTask:
    """Return the task of choosing among the trials of a sweep.

    Its space is one choice, ``trial_id``: what was not tried is not known. Times are the recorded
    ones, restarts included as far as trials counted them.

    Args:
        path: The sweep, or its folder or URI.

    Raises:
        StorageError: There is no sweep.
        SpecError: It has no trial whose curve can be used.
    """
    sweep = path if isinstance(path, Sweep) else load(path)
    frame = recorded_reports(sweep)
    spec = sweep.spec
    reported = [objective.metric for objective in sweep.objectives]
    metrics = [*reported, *([] if _counts_reports(frame, spec.time_attr) else [spec.time_attr])]
    curves = RecordedCurves.of_frame(frame, key="trial_id", metrics=metrics)
    scenario = Scenario(
        name=spec.scenario,
        trainable=Known,
        space={"trial_id": tune.choice(curves.choices)},
        metric=reported,
        mode=[objective.mode for objective in sweep.objectives],
        time_attr=spec.time_attr,
        max_t=spec.max_t,
        grace_period=spec.grace_period,
        resources=spec.resources,
    )
    best = curves.best(spec.metric, spec.mode)
    return CurveTask(f"sweep:{sweep.place}", scenario, curves, tuple(_remarks(sweep, curves)), best)


def _remarks(sweep: Sweep, curves: RecordedCurves) -> Iterator[str]:
    trials = len(curves.choices)
    yield f"{counted(trials, 'recorded trial')} of {sweep.name}: no other configuration is known"
    cut = sum(not curves.recorded({"trial_id": each}).complete for each in curves.choices)
    if cut:
        yield f"{cut} of them were cut short: a simulation that would let one go on is refused"
    if left := len(sweep.trials()) - trials:
        yield f"left out: {counted(left, 'trial')} with no report, or with changing configurations"
    if overheads := overheads_of(sweep.events()):
        spelled = ",".join(f"{name}={seconds:.3g}" for name, seconds in overheads.items())
        yield f"its own cluster had {spelled}: give it to a simulation as cluster=N:..."


def overheads_of(events: pd.DataFrame) -> dict[str, float]:
    """Return how long a sweep's cluster took for what is not training, where events tell.

    Args:
        events: Of the sweep.

    Returns:
        ``start_s``: the median seconds until a worker was there for a trial that began before any
        ended, and ``save_s``: those from asking for a checkpoint to having it; named as
        `tuner.simulation.ClusterModel` has them.
    """
    by_trial = events.sort_values("seq").groupby("trial_id")
    before, took = by_trial["event"].shift(), by_trial["timestamp"].diff()
    ends = events.loc[events["event"] == "ended", "seq"]
    early = events["seq"] < (ends.min() if len(ends) else math.inf)
    spans = {
        "start_s": took[early & (before == "suggested") & (events["event"] == "started")],
        "save_s": took[(before == "saving") & (events["event"] == "saved")],
    }
    return {name: float(span.median()) for name, span in spans.items() if span.median() > 0}


def _counts_reports(frame: pd.DataFrame, time_attr: str) -> bool:
    """Say whether the time of a report is its number, or its seconds, as simulations have it."""
    if time_attr not in frame:
        return True
    return bool((frame[time_attr] == frame.groupby("trial_id").cumcount() + 1).all())


def recorded_reports(sweep: Sweep) -> pd.DataFrame:
    """Return the reports of a sweep as a recording, one row each, in order.

    Trials that changed their configuration while they ran (population-based training) are left
    out, since their curves belong to none; so are those that reported nothing.

    Returns:
        The columns ``trial_id``, ``epoch_seconds``, ``complete``, the hyperparameters as
        ``config/<name>``, and everything that was reported.

    Raises:
        SpecError: The reports do not say how long they took.
    """
    decisions = sweep.decisions()
    changed = set(decisions.loc[decisions["decision"] == "EXPLOIT", "trial_id"])
    reports = sweep.reports()
    reports = reports[~reports["trial_id"].isin(changed)]
    if reports["time_total_s"].isna().any():
        raise SpecError(f"the sweep {sweep.name} was recorded without times (time_total_s)")
    trials = sweep.trials().set_index("trial_id")
    ended = trials["outcome"].isin(ENDED_BY_THEMSELVES)
    configs = trials[[name for name in trials.columns if name.startswith("config/")]]
    own = reports.drop(columns=["attempt", "time_total_s", "timestamp", "seq"])
    complete = own["trial_id"].map(ended).astype(bool)
    own = own.assign(epoch_seconds=epoch_seconds(reports), complete=complete)
    return own.join(configs, on="trial_id")

"""How a sweep stands for someone who only sees its folder: its driver, and a snapshot of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from tuner.cli.contents import best_results
from tuner.cli.stored import count_reports
from tuner.progress import Snapshot
from tuner.store import Sweep, SweepLayout
from tuner.store.drivers import holder

__all__ = ["Standing", "resume_hint", "snapshot_of", "standing_of"]

Standing = Literal["running", "ended", "gone"]
"""``gone``: the sweep neither ended nor does anyone drive it any more."""


def standing_of(sweep: Sweep) -> Standing:
    """Return whether a sweep runs, has ended, or lost its driver.

    Raises:
        StorageError: The folder cannot be read.
    """
    found = holder(SweepLayout(sweep.path))  # before the state: a driver writes that, then leaves
    if found is not None and found.alive:
        return "running"
    return "gone" if sweep.state.get("status") == "running" else "ended"


def resume_hint(sweep: Sweep) -> str:
    """Return what to say of a sweep that lost its driver."""
    return f"its driver is gone; go on with: tuner resume {sweep.path}"


def snapshot_of(sweep: Sweep, standing: Standing) -> Snapshot:
    """Return a sweep as it stands now, without rungs and population, which only its driver knows.

    Raises:
        StorageError: The folder cannot be read.
    """
    spec, trials = sweep.spec, sweep.trials()
    best = next(iter(best_results(sweep, 1)), None)
    expected = spec.num_samples
    return Snapshot(
        name=sweep.name,
        path=str(sweep.path),
        arm=spec.arm,
        metric=spec.metric,
        mode=spec.mode,
        time_attr=spec.time_attr,
        max_t=spec.max_t,
        elapsed_s=_elapsed_s(sweep, standing),
        counts=_counts(trials["status"]),
        outcomes=_counts(trials["outcome"]),
        # A grid makes several trials of one sample.
        num_samples=expected if expected is not None and expected >= len(trials) else None,
        reports=count_reports(sweep),
        best_value=best.value if best else None,
        best_trial=best.trial_id if best else None,
        best_iteration=best.iteration if best else None,
        best_config=best.config if best else {},
        time_budget_s=spec.time_budget_s,
        note=resume_hint(sweep) if standing == "gone" else "",
    )


def _elapsed_s(sweep: Sweep, standing: Standing) -> float:
    started, ended = sweep.state.get("started"), sweep.state.get("ended")
    if standing == "gone":  # it wrote last a few seconds before it died
        ended = SweepLayout(sweep.path).trials_file.stat().st_mtime
    if started is None:
        return 0.0
    return max(0.0, float(ended or time.time()) - float(started))


def _counts(values: Iterable[Any]) -> dict[str, int]:
    return dict(Counter(value for value in values if isinstance(value, str)))

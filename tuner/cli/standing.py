"""A snapshot of a sweep for someone who only sees its folder."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tuner.cli.contents import best_results
from tuner.cli.driven import Standing, resume_hint
from tuner.cli.stored import count_reports
from tuner.progress import Snapshot
from tuner.store import Sweep, SweepLayout

__all__ = ["snapshot_of"]


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
        path=str(sweep.place),
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

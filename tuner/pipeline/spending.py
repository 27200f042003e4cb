"""What sweeps have spent, by their records."""

from __future__ import annotations

from collections.abc import Iterable

from tuner.comparison.ray_spending import spending
from tuner.pipeline.steps import Spent
from tuner.store import Sweep

__all__ = ["spent_by"]


def spent_by(sweeps: Iterable[Sweep]) -> Spent:
    """Return what sweeps have spent together; each may still run."""
    return sum(map(_spent, sweeps), Spent())


def _spent(sweep: Sweep) -> Spent:
    reports = sweep.reports(all_attempts=True)
    trials = len(sweep.trials())
    if reports.empty:
        return Spent(trials=trials)
    rows = spending(
        reports,
        sweep.decisions(),
        sweep.events(),
        began=float(sweep.state.get("started") or reports["timestamp"].min()),
        gpus=float(sweep.spec.resources.get("gpu", 0.0)),
    )
    last = rows.iloc[-1]
    return Spent(trials, len(reports), max(0.0, float(last["seconds"])), float(last["gpu_seconds"]))

"""Which reports of a trial that was restarted count."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["surviving"]


def surviving(reports: pa.Table) -> pa.Table:
    """Return ``reports`` without the rows that a later attempt of their trial superseded.

    An attempt that begins again after iteration ``i`` supersedes what earlier attempts reported
    beyond ``i``, whether it comes that far itself or not. Rows without attempt or iteration stay.
    """
    if (pc.max(reports["attempt"]).as_py() or 1) <= 1:
        return reports
    limits = _limits(reports)
    keys = (reports[name].to_pylist() for name in ("trial_id", "attempt", "training_iteration"))
    survives = [
        iteration is None or iteration < limits.get((trial_id, attempt), iteration + 1)
        for trial_id, attempt, iteration in zip(*keys, strict=True)
    ]
    return reports.filter(pa.array(survives, pa.bool_()))


def _limits(reports: pa.Table) -> dict[tuple[str, int], int]:
    """Return from which iteration on later attempts supersede an attempt of a trial."""
    firsts = reports.group_by(["trial_id", "attempt"]).aggregate([("training_iteration", "min")])
    whole = firsts.drop_null().sort_by([("attempt", "descending")])
    limits: dict[tuple[str, int], int] = {}
    reached: dict[str, int] = {}  # the first iteration of any later attempt, by trial
    names = ("trial_id", "attempt", "training_iteration_min")
    for trial_id, attempt, first in zip(*(whole[n].to_pylist() for n in names), strict=True):
        if trial_id in reached:
            limits[trial_id, attempt] = reached[trial_id]
        reached[trial_id] = min(first, reached.get(trial_id, first))
    return limits

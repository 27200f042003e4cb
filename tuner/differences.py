"""How far two runs of one trial lie apart, metric by metric. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["MetricDifference", "compare", "versions_apart"]

_NO_METRICS = frozenset(
    {"trial_id", "attempt", "training_iteration", "time_total_s", "timestamp", "seq"}
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class MetricDifference:
    """How far one metric lies apart in two runs.

    NaN equals NaN. Values that are no numbers are equal or infinitely far apart, and so are a
    value and none.

    Attributes:
        metric: Its flat name.
        compared: How many iterations report it in either run.
        max_abs: Largest absolute difference, in the metric's units.
        max_rel: Largest difference relative to the larger of the two magnitudes.
        first_iteration: The first training_iteration that differs; None where none does.
    """

    metric: str
    compared: int
    max_abs: float
    max_rel: float
    first_iteration: int | None

    def within(self, tolerance: float) -> bool:
        """Return whether the absolute or the relative difference is at most ``tolerance``."""
        return min(self.max_abs, self.max_rel) <= tolerance


def compare(before: Iterable[Row], after: Iterable[Row]) -> list[MetricDifference]:
    """Return how far the metrics of two runs lie apart, in the order of their names.

    Args:
        before: The reports of one run, at most one per ``training_iteration``.
        after: Those of the other.
    """
    left, right = _by_iteration(before), _by_iteration(after)
    iterations = sorted({*left, *right})
    rows = [*left.values(), *right.values()]
    metrics = sorted({name for row in rows for name in row} - _NO_METRICS)
    return [_difference(metric, iterations, left, right) for metric in metrics]


def versions_apart(then: Row, now: Row) -> dict[str, tuple[Any, Any]]:
    """Return what two runs ran with where it differs, as (then, now) by name.

    Args:
        then: As `tuner.provenance.provenance` returned it.
        now: Likewise.
    """
    sides = [
        {name: side.get(name) for name in ("python", "git_commit", "git_dirty")}
        | dict(side.get("versions") or {})
        for side in (then, now)
    ]
    names = sorted({*sides[0], *sides[1]})
    pairs = {name: (sides[0].get(name), sides[1].get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _by_iteration(rows: Iterable[Row]) -> dict[int, Row]:
    return {int(row["training_iteration"]): row for row in rows}


def _difference(
    metric: str, iterations: Sequence[int], left: Mapping[int, Row], right: Mapping[int, Row]
) -> MetricDifference:
    pairs = {
        iteration: (left.get(iteration, {}).get(metric), right.get(iteration, {}).get(metric))
        for iteration in iterations
    }
    found = {i: _distance(*pair) for i, pair in pairs.items() if pair != (None, None)}
    differing = [iteration for iteration, distance in found.items() if distance != (0.0, 0.0)]
    return MetricDifference(
        metric=metric,
        compared=len(found),
        max_abs=max((absolute for absolute, _ in found.values()), default=0.0),
        max_rel=max((relative for _, relative in found.values()), default=0.0),
        first_iteration=differing[0] if differing else None,
    )


def _distance(left: Any, right: Any) -> tuple[float, float]:
    """Return how far two values lie apart, absolutely and relative to the larger magnitude."""
    if _is_nan(left) and _is_nan(right):
        return 0.0, 0.0
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        if len(left) != len(right):
            return math.inf, math.inf
        parts = [_distance(*pair) for pair in zip(left, right, strict=True)]
        return max((p[0] for p in parts), default=0.0), max((p[1] for p in parts), default=0.0)
    if left == right:
        return 0.0, 0.0
    if not (isinstance(left, int | float) and isinstance(right, int | float)):
        return math.inf, math.inf
    absolute = abs(left - right)
    if not math.isfinite(absolute):  # NaN or an infinity, on one side or with two signs
        return math.inf, math.inf
    return float(absolute), absolute / max(abs(left), abs(right))


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)

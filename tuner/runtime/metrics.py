"""How a sweep stands, as metrics for Prometheus, through Ray's own exporter on each node.

Ray serves them at every node's metrics port with the prefix ``ray_``; ``cluster/grafana`` has a
dashboard of them.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ray.util import metrics as ray_metrics

from tuner.progress import Snapshot

__all__ = ["METRICS", "Exporter", "Metric", "Reading", "readings"]

_STATUSES = ("PENDING", "RUNNING", "PAUSED", "TERMINATED", "ERROR")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Metric:
    """A metric.

    Attributes:
        name: Its name, to which Ray adds ``ray_``.
        description: What it says.
        tags: What distinguishes its series, besides ``sweep`` and ``scenario``.
        kind: A counter only grows; a gauge says how it is now.
    """

    name: str
    description: str
    tags: tuple[str, ...] = ()
    kind: Literal["gauge", "counter"] = "gauge"


class Reading(NamedTuple):
    """The value of one series.

    Attributes:
        metric: The metric's name.
        value: As it stands now; of a counter, all that was counted so far.
        tags: The metric's own tags with their values.
    """

    metric: str
    value: float
    tags: dict[str, str]


METRICS = (
    Metric("tuner_trials", "Trials by Ray Tune's status", ("status",)),
    Metric("tuner_trials_ended", "Trials that have ended, by outcome", ("outcome",)),
    Metric("tuner_trials_expected", "Trials that there will be, as far as is known"),
    Metric("tuner_best_value", "Best value of the metric so far", ("metric", "mode")),
    Metric("tuner_reports_total", "Reports of all trials", kind="counter"),
    Metric("tuner_resource_used", "What running trials hold", ("resource",)),
    Metric("tuner_resource_available", "What the cluster has of it", ("resource",)),
    Metric("tuner_gpu_share_in_use", "Share of the cluster's GPUs that running trials hold"),
)


def readings(snapshot: Snapshot) -> Iterator[Reading]:
    """Yield the value of every series that a sweep has now."""
    for status in _STATUSES:
        yield Reading("tuner_trials", snapshot.counts.get(status, 0), {"status": status})
    for outcome, number in snapshot.outcomes.items():
        yield Reading("tuner_trials_ended", number, {"outcome": outcome})
    yield Reading("tuner_trials_expected", snapshot.expected, {})
    if snapshot.best_value is not None:
        tags = {"metric": snapshot.metric, "mode": snapshot.mode}
        yield Reading("tuner_best_value", snapshot.best_value, tags)
    yield Reading("tuner_reports_total", snapshot.reports, {})
    for name, (used, available) in snapshot.resources.items():
        tags = {"resource": name}
        yield Reading("tuner_resource_used", used, tags)
        yield Reading("tuner_resource_available", available, tags)
        if name == "GPU" and available:
            yield Reading("tuner_gpu_share_in_use", used / available, {})


class Exporter:
    """Hands readings to Ray, which keeps the last ones and serves them.

    Args:
        sweep: The sweep's name.
        scenario: The scenario's.
        look: Returns how the sweep stands.
        make: Makes Ray's object of a metric.
    """

    def __init__(
        self,
        sweep: str,
        scenario: str,
        look: Callable[[], Snapshot],
        make: Callable[[Metric], Any] | None = None,
    ) -> None:
        self._look = look
        self._tags = {"sweep": sweep, "scenario": scenario}
        self._metrics = {metric.name: (make or _on_ray)(metric) for metric in METRICS}
        self._counted: dict[str, float] = {}
        self._failed = False

    def export(self) -> None:
        """Hand over how the sweep stands now; a failure is logged, once, and ends nothing."""
        try:
            for reading in readings(self._look()):
                self._hand_over(reading)
        except Exception:
            if not self._failed:
                _log.exception("metrics could not be exported; the sweep goes on without them")
            self._failed = True

    def _hand_over(self, reading: Reading) -> None:
        metric, tags = self._metrics[reading.metric], self._tags | reading.tags
        if not hasattr(metric, "inc"):
            metric.set(float(reading.value), tags)
            return
        before = self._counted.get(reading.metric, 0.0)
        if reading.value > before and math.isfinite(reading.value):
            metric.inc(reading.value - before, tags)
            self._counted[reading.metric] = reading.value


def _on_ray(metric: Metric) -> Any:
    kind = ray_metrics.Counter if metric.kind == "counter" else ray_metrics.Gauge
    return kind(metric.name, metric.description, ("sweep", "scenario", *metric.tags))

"""How many workers, CPUs and GPUs the trials of a sweep held, from its record. Pure.

The record says when a trial was taken up by a worker, and when it paused, failed or ended; which
nodes there were, and when a new driver began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tuner.bundles import Shape, shape_slots
from tuner.progress.meter import Meter
from tuner.progress.snapshot import Gauge
from tuner.store.holding import LETS_GO, RESUMED, STARTED

__all__ = ["Occupancy"]


class Occupancy:
    """Takes events and decisions in the order in which they happened.

    Args:
        takes: Returns the CPUs and GPUs that a trial holds while a worker has it.
        shape: What a trial takes; None where trials differ, so that nobody can say how many fit.
        fuse: How many trials share a worker process.
        at_most: A bound on trials that run at once, if there is one.
    """

    def __init__(
        self,
        takes: Callable[[str], tuple[float, float]],
        shape: Shape | None,
        *,
        fuse: int = 1,
        at_most: int | None = None,
    ) -> None:
        self._takes = takes
        self._shape = shape
        self._fuse = fuse
        self._at_most = at_most
        self._held: dict[str, tuple[float, float]] = {}
        self._cpu = self._gpu = 0.0
        self._totals: tuple[float | None, float | None, float | None] = (None, None, None)
        self._meters = (Meter("workers"), Meter("CPU"), Meter("GPU"))

    def take(
        self, now: float, what: str, trial_id: str | None, details: Mapping[str, Any] | None
    ) -> None:
        """Take one event or decision.

        Args:
            now: When it happened, in seconds.
            what: Its name.
            trial_id: Of which trial; None for the sweep as a whole.
            details: What is recorded of it.
        """
        if what == "nodes":
            self._totals = self._offered((details or {}).get("nodes", ()))
        elif what == RESUMED:  # the driver before it has gone, and all its workers with it
            self._held.clear()
            for meter in self._meters:
                meter.skip(now)
        elif trial_id is None or not self._changes(what, trial_id):
            return
        if not self._held:
            self._cpu = self._gpu = 0.0  # what adding and subtracting left over
        used = (float(len(self._held)), self._cpu, self._gpu)
        for meter, amount, total in zip(self._meters, used, self._totals, strict=True):
            meter.observe(now, amount, total)

    def gauges(self, now: float) -> list[Gauge]:
        """Return how busy all is, without GPUs where there are none."""
        gauges = [meter.gauge(now) for meter in self._meters]
        return [each for each in gauges if each.name == "workers" or each.used or each.total]

    def _changes(self, what: str, trial_id: str) -> bool:
        """Take or let go of what a trial holds; return whether that changed."""
        was = self._held.pop(trial_id, None) if what in LETS_GO else self._held.get(trial_id)
        if what in LETS_GO and was is not None:
            self._cpu, self._gpu = self._cpu - was[0], self._gpu - was[1]
            return True
        if what == STARTED and was is None:
            holds = self._held[trial_id] = self._takes(trial_id)
            self._cpu, self._gpu = self._cpu + holds[0], self._gpu + holds[1]
            return True
        return False

    def _offered(
        self, nodes: Sequence[Mapping[str, Any]]
    ) -> tuple[float | None, float | None, float | None]:
        cpu, gpu = (sum(float(node.get(name, 0)) for node in nodes) for name in ("cpu", "gpu"))
        return self._slots(nodes), cpu, gpu

    def _slots(self, nodes: Sequence[Mapping[str, Any]]) -> float | None:
        """Return how many trials fit; of resources with other names nothing is on record."""
        if self._shape is None:
            return None
        wanted = {name for bundle in self._shape.bundles for name, much in bundle.items() if much}
        if not wanted or wanted - {"CPU", "GPU"}:
            return None
        offered = [
            {"CPU": float(node.get("cpu", 0)), "GPU": float(node.get("gpu", 0))} for node in nodes
        ]
        fitting = self._fuse * shape_slots(self._shape.times(self._fuse), offered)
        return float(fitting if self._at_most is None else min(fitting, self._at_most))

"""Puts together what a progress view shows, from the recorder, the scheduler and the cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict

from tuner.bundles import total
from tuner.planning import Plan
from tuner.progress import Gauge, Member, Meter, Rung, Snapshot
from tuner.runtime.recorder import Recorder
from tuner.runtime.shapes import shapes_of
from tuner.runtime.surroundings import Surroundings
from tuner.schedulers import population, rungs

__all__ = ["Board"]

_CURVES = 60


class Board:
    """Makes snapshots of a sweep.

    Args:
        plan: The sweep.
        path: Its folder.
        recorder: Has the tally.
        surroundings: The cluster.
        in_use: Returns what trials hold now, in Ray's spelling.
    """

    def __init__(
        self,
        plan: Plan,
        path: str,
        *,
        recorder: Recorder,
        surroundings: Surroundings,
        in_use: Callable[[], Mapping[str, float]],
    ) -> None:
        self._spec = plan.spec
        self._path = path
        self._recorder = recorder
        self._scheduler = plan.scheduler
        self._num_trials = plan.num_trials
        self._names = sorted({name for shape in shapes_of(plan) for name in total(shape.bundles)})
        self._in_use = in_use
        self._surroundings = surroundings
        self._meters = {name: Meter(name) for name in ("workers", "CPU", "GPU")}
        self._at_most = plan.spec.max_concurrent_trials
        self._started = time.monotonic()

    def snapshot(self) -> Snapshot:
        """Return the sweep as it stands now."""
        spec, tally = self._spec, self._recorder.tally
        running, waiting = tally.statuses["RUNNING"], tally.statuses["PENDING"]
        elapsed_s, resources = time.monotonic() - self._started, self._resources()
        return Snapshot(
            name=spec.name,
            path=self._path,
            arm=spec.arm,
            metric=spec.metric,
            mode=spec.mode,
            time_attr=spec.time_attr,
            max_t=spec.max_t,
            elapsed_s=elapsed_s,
            counts={status: count for status, count in tally.statuses.items() if count},
            outcomes=dict(tally.outcomes),
            num_samples=self._num_trials,
            reports=tally.reports,
            best_value=tally.best_value,
            best_trial=tally.best_trial,
            best_iteration=tally.best_iteration,
            best_config=tally.best_config,
            rungs=[Rung(**asdict(rung)) for rung in rungs(self._scheduler)],
            population=self._members(),
            resources=resources,
            gauges=self._gauges(elapsed_s, running, resources),
            curves=self._recorder.ledger.curves.sample(_CURVES),
            time_budget_s=spec.time_budget_s,
            note=self._surroundings.note(running=running, waiting=waiting),
        )

    def _members(self) -> list[Member]:
        members = []
        for standing in population(self._scheduler):
            note = self._recorder.note(standing.trial_id)
            members.append(
                Member(
                    trial_id=standing.trial_id,
                    value=note.value if note else standing.value,
                    iteration=note.iteration if note else int(standing.time),
                    config=note.config if note else {},
                    parent=note.parent if note else None,
                )
            )
        return members

    def _gauges(
        self, now: float, running: int, resources: Mapping[str, tuple[float, float]]
    ) -> list[Gauge]:
        """Return how busy workers, CPUs and GPUs are, and were whenever a snapshot was made."""
        slots = self._surroundings.slots(self._surroundings.shape)
        levels: dict[str, tuple[float, float]] = {
            "workers": (running, slots if self._at_most is None else min(slots, self._at_most)),
            **resources,
        }
        gauges = []
        for name, meter in self._meters.items():
            if name in levels:
                meter.observe(now, *levels[name])
                gauges.append(meter.gauge(now))
        return gauges

    def _resources(self) -> dict[str, tuple[float, float]]:
        in_use, nodes = self._in_use(), self._surroundings.nodes
        return {
            name: (in_use.get(name, 0.0), sum(node.get(name, 0.0) for node in nodes))
            for name in self._names
        }

"""What a simulated sweep has used: every second of every worker, and what came of it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.simulation.trials import Phase, Worker

__all__ = ["NodeUsage", "Timesheet", "Usage"]


@dataclass(frozen=True)
class NodeUsage:
    """What one node has been used for. Seconds of workers, all added up.

    Attributes:
        node: Its number, from 0.
        places: How many trials it holds at once.
        capacity_s: What it offered: its places, while it was there.
        busy_s: How long its workers trained, also epochs in vain and epochs that were repeated.
    """

    node: int
    places: int
    capacity_s: float
    busy_s: float

    @property
    def utilisation(self) -> float:
        """The share of the capacity that trained, 0 to 1; 0 where there was none."""
        return self.busy_s / self.capacity_s if self.capacity_s else 0.0


@dataclass(frozen=True)
class Usage:
    """What a simulated sweep has used. Seconds ending in ``_s``; of workers, all added up.

    ``capacity_s = train_s + start_s + save_s + load_s + lost_s + idle_s``, up to rounding.

    Attributes:
        makespan_s: From the sweep's beginning to its end.
        capacity_s: What the cluster offered: places for workers, while their nodes were there.
        train_s: Epochs that somebody was told of and that nobody trained again.
        start_s: Starting workers, and making used ones ready for another trial.
        save_s: Saving checkpoints.
        load_s: Loading them.
        lost_s: Epochs that were broken off or finished in vain, and epochs that were trained again
            after a failure.
        idle_s: Workers without a trial, and places without a worker.
        down_s: What lost nodes would have offered besides.
        wait_s: Trials in the queue for a worker, all added up; from being suggested, or losing
            one, to being given one.
        mean_wait_s: The same per stay in the queue.
        p95_wait_s: Of twenty stays, one is longer.
        gpu_seconds: The seconds that trials held workers, times the GPUs of each.
        failures: How often an attempt at a trial failed, for whichever reason.
        losses: How often a node was lost.
        nodes: What each node was used for; empty for a cluster of slots.
    """

    makespan_s: float
    capacity_s: float
    train_s: float
    start_s: float
    save_s: float
    load_s: float
    lost_s: float
    idle_s: float
    down_s: float
    wait_s: float
    mean_wait_s: float
    p95_wait_s: float
    gpu_seconds: float
    failures: int
    losses: int
    nodes: tuple[NodeUsage, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Usage:
        """Return the usage of which `dataclasses.asdict` made ``data``."""
        nodes = tuple(NodeUsage(**each) for each in data.get("nodes", ()))
        return cls(**{**data, "nodes": nodes})

    @property
    def utilisation(self) -> float:
        """The share of the capacity that trained, 0 to 1; 0 where there was none."""
        return self.train_s / self.capacity_s if self.capacity_s else 0.0


class Timesheet:
    """Adds up what workers do, whenever one of them changes what it does.

    Attributes:
        seconds: By phase; under None, the seconds of workers without a trial.
        lost_s: See `Usage`.
        offered_s: The seconds of places, while their nodes were there.
        down_s: The seconds of places, while their nodes were not.
        worked_s: The seconds of workers, from taking a place to leaving it.
        failures: How often an attempt failed.
        losses: How often a node was lost.
    """

    def __init__(self) -> None:
        self.seconds: dict[Phase | None, float] = dict.fromkeys((*Phase, None), 0.0)
        self.lost_s = self.offered_s = self.down_s = self.worked_s = 0.0
        self.failures = self.losses = 0
        self._waits = array("d")
        self._counted_until = 0.0

    @property
    def nodes(self) -> tuple[NodeUsage, ...]:
        """What each node was used for, once the sweep has ended; empty where nobody counts it."""
        return ()

    def book(self, worker: Worker, now: float) -> None:
        """Add up what a worker has done since this was called last."""
        since, worker.booked_until = worker.booked_until, now
        self.worked_s += now - since
        if worker.finishes_at > since:
            until = min(now, worker.finishes_at)
            self.seconds[worker.finishing] += until - since
            if worker.finishing is Phase.TRAINING:
                self.spoil(until - since)
            since = until
        self.seconds[worker.doing] += now - since

    def spoil(self, seconds: float) -> None:
        """Training that was counted came to nothing."""
        self.seconds[Phase.TRAINING] -= seconds
        self.lost_s += seconds

    def waited(self, seconds: float) -> None:
        """A trial has waited for a worker."""
        self._waits.append(seconds)

    def offer(self, places: int, down: int, now: float) -> None:
        """So many places have been there, and so many not, since this was called last."""
        self.offered_s += places * (now - self._counted_until)
        self.down_s += down * (now - self._counted_until)
        self._counted_until = now

    def lose(self, node: int, now: float) -> None:
        """A node offers nothing any more."""
        self.losses += 1

    def restore(self, node: int, now: float) -> None:
        """A node is back."""

    def close(self, now: float) -> None:
        """The sweep has ended."""

    def usage(self, now: float, held_s: float, gpus: float) -> Usage:
        """Return it all, once every worker is booked until ``now``.

        Args:
            now: The end.
            held_s: Seconds that trials held workers.
            gpus: Of each trial.
        """
        waits = np.asarray(self._waits)
        return Usage(
            makespan_s=now,
            capacity_s=self.offered_s,
            train_s=self.seconds[Phase.TRAINING],
            start_s=self.seconds[Phase.STARTING],
            save_s=self.seconds[Phase.SAVING],
            load_s=self.seconds[Phase.RESTORING],
            lost_s=self.lost_s,
            idle_s=self.offered_s - self.worked_s + self.seconds[None],
            down_s=self.down_s,
            wait_s=float(waits.sum()),
            mean_wait_s=float(waits.mean()) if len(waits) else 0.0,
            p95_wait_s=float(np.quantile(waits, 0.95)) if len(waits) else 0.0,
            gpu_seconds=held_s * gpus,
            failures=self.failures,
            losses=self.losses,
            nodes=self.nodes,
        )

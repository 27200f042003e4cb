"""What the nodes of a cluster were used for, from the events of a sweep. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["EVENTS_OF_NODES", "NodeUsage", "node_usage"]

EVENTS_OF_NODES = ("nodes", "worker_started", "worker", "resumed")
"""What is looked at: which nodes there are, each worker's beginning and end, and a new driver."""


@dataclass(frozen=True)
class NodeUsage:
    """What one node was used for by a sweep.

    Attributes:
        node: The name of its host.
        node_id: Ray's id; a node that was away comes back with another.
        cpu: How many CPUs it has.
        gpu: How many GPUs.
        present_s: How long it was there while the sweep ran, in seconds.
        workers: How many worker processes held something on it.
        cpu_busy: Which share of its CPUs trials held, 0 to 1, on average over ``present_s``.
        gpu_busy: Likewise of its GPUs; None where it has none.
        idle_s: Seconds that workers on it had no trial, all added up.
        unused_s: Seconds without any worker on it.
    """

    node: str
    node_id: str
    cpu: float
    gpu: float
    present_s: float
    workers: int
    cpu_busy: float | None
    gpu_busy: float | None
    idle_s: float
    unused_s: float


@dataclass
class _Sheet:
    """A node so far; ``since`` is None while it is away."""

    node: str
    cpu: float
    gpu: float
    since: float | None = None
    present_s: float = 0.0
    workers: int = 0
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    idle_s: float = 0.0
    held: list[tuple[float, float]] = field(default_factory=list)


class _Books:
    """Sums up, event by event."""

    def __init__(self) -> None:
        self.sheets: dict[str, _Sheet] = {}
        self._workers: dict[int, tuple[float, Mapping[str, Mapping[str, float]]]] = {}

    def nodes(self, now: float, present: Iterable[Mapping[str, Any]]) -> None:
        """These nodes are there, and no others."""
        known = {each["node_id"]: each for each in present}
        for node_id, sheet in self.sheets.items():
            if node_id not in known:
                _leave(sheet, now)
        for node_id, each in known.items():
            new = _Sheet(each["node"], each["cpu"], each["gpu"])
            sheet = self.sheets.setdefault(node_id, new)
            sheet.since = now if sheet.since is None else sheet.since

    def started(self, now: float, life: Mapping[str, Any]) -> None:
        """A worker took up its first trial."""
        self._workers[life["worker"]] = (now, life["holds"])

    def ended(self, now: float, worker: int, busy_s: float | None) -> None:
        """A worker ended; it had a trial all the time where nothing else is known."""
        since, holds = self._workers.pop(worker, (now, {}))
        busy_s = now - since if busy_s is None else busy_s
        for node_id, amounts in holds.items():
            sheet = self.sheets.get(node_id)
            if sheet is not None:
                sheet.workers += 1
                sheet.cpu_s += busy_s * amounts["cpu"]
                sheet.gpu_s += busy_s * amounts["gpu"]
                sheet.idle_s += max(now - since - busy_s, 0.0)
                sheet.held.append((since, now))

    def close(self, now: float) -> None:
        """The driver has ended, or is looked at."""
        for worker in list(self._workers):
            self.ended(now, worker, None)
        for sheet in self.sheets.values():
            _leave(sheet, now)


def node_usage(events: Iterable[Mapping[str, Any]], until: float) -> list[NodeUsage]:
    """Return what each node was used for, in the order in which they came.

    Args:
        events: ``event``, ``timestamp`` and, if any, ``details``, in order: at least those of
            `EVENTS_OF_NODES`, and each that is the last one before a new driver.
        until: When the sweep ended, or now, in unix seconds.
    """
    books, last = _Books(), until
    for event in events:
        kind, now = event["event"], event["timestamp"]
        details = event.get("details", {})  # the last one before a new driver may have none
        if kind == "resumed":
            books.close(last)  # what was under way ended with the driver before
        elif kind == "nodes":
            books.nodes(now, details["nodes"])
        elif kind == "worker_started":
            books.started(now, details)
        elif kind == "worker":
            books.ended(now, details["worker"], details["busy_s"])
        last = now
    books.close(until)
    return [_summed_up(node_id, sheet) for node_id, sheet in books.sheets.items()]


def _leave(sheet: _Sheet, now: float) -> None:
    if sheet.since is not None:
        sheet.present_s += max(now - sheet.since, 0.0)
        sheet.since = None


def _summed_up(node_id: str, sheet: _Sheet) -> NodeUsage:
    return NodeUsage(
        node=sheet.node,
        node_id=node_id,
        cpu=sheet.cpu,
        gpu=sheet.gpu,
        present_s=sheet.present_s,
        workers=sheet.workers,
        cpu_busy=_share(sheet.cpu_s, sheet.cpu * sheet.present_s),
        gpu_busy=_share(sheet.gpu_s, sheet.gpu * sheet.present_s),
        idle_s=sheet.idle_s,
        unused_s=max(sheet.present_s - _covered(sheet.held), 0.0),
    )


def _share(used: float, offered: float) -> float | None:
    return min(used / offered, 1.0) if offered > 0 else None


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """Return how many seconds lie in at least one span."""
    covered, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        covered += max(end - max(start, reached), 0.0)
        reached = max(reached, end)
    return covered

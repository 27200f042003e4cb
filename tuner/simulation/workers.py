"""The workers of a simulated cluster: where they are, which are idle, and what they do when."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from tuner.simulation.incidents import Kind
from tuner.simulation.node_sheet import NodeSheet
from tuner.simulation.places import Places
from tuner.simulation.trials import Phase, Worker
from tuner.simulation.usage import Timesheet

__all__ = ["Workers"]


class Workers:
    """All workers. An idle one serves whatever trial is next, the last one to become idle first.

    Args:
        counts: How many each node holds.
        most: How many there are at most; None for as many as there are places.
        by_node: Whether the sheet tells nodes apart.

    Attributes:
        idle: Those without a trial.
        sheet: What they have done.
    """

    def __init__(self, counts: Sequence[int], most: int | None, *, by_node: bool = False) -> None:
        self.idle: list[Worker] = []
        self.sheet = NodeSheet(counts, self.node_of) if by_node else Timesheet()
        self._total = sum(counts)
        self._places = Places(counts)
        self._most = math.inf if most is None else most
        self._number = 0
        self._room = min(self._most, self._total)
        self._at: dict[int, Worker] = {}
        self._unplaced: deque[Worker] = deque()

    @property
    def expected(self) -> int:
        """How many the nodes hold that are there now; 1 where there is none."""
        return max(self._places.up, 1)

    @property
    def are_all_lost(self) -> bool:
        """Whether there is no node."""
        return self._places.up == 0

    def has_room(self) -> bool:
        """Return whether a trial could be given one."""
        return bool(self.idle) or self._number < self._room

    def hire(self) -> Worker:
        """Return a new one, to be started once there is a place for it."""
        worker = Worker()
        self._number += 1
        self._unplaced.append(worker)
        return worker

    def place(self, now: float) -> list[Worker]:
        """Give free places to those that wait for one, and return these; they start now."""
        placed: list[Worker] = []
        while self._unplaced:
            place = self._places.take()
            if place is None:
                break
            worker = self._unplaced.popleft()
            worker.place, worker.booked_until = place, now
            self._at[place] = worker
            placed.append(worker)
        return placed

    def node_of(self, worker: Worker) -> int:
        """Return the number of the node that a worker is on."""
        assert worker.place is not None  # it has been started
        return self._places.node_of(worker.place)

    def begin(self, worker: Worker, phase: Phase, now: float, due: float) -> None:
        """Have a worker do something else."""
        if worker.doing is not phase:
            self.sheet.book(worker, now)
            worker.doing = phase
        worker.busy_until = due

    def rest(self, worker: Worker, now: float) -> None:
        """Have a worker leave its trial; it finishes what it does, and is idle then."""
        self._break_off(worker, now)
        worker.finishing, worker.finishes_at = worker.doing, worker.busy_until
        worker.doing = worker.trial = None
        worker.idle_since = now
        self.idle.append(worker)

    def dismiss(self, worker: Worker, now: float) -> None:
        """End a worker, and free its place."""
        self._number -= 1
        if worker.place is None:
            self._unplaced.remove(worker)
            return
        if worker.death is None:
            self._break_off(worker, now)
        del self._at[worker.place]
        self._places.give_back(worker.place)

    def kill(self, worker: Worker, cause: Kind, now: float) -> None:
        """A worker does nothing any more; its trial does not know it yet."""
        self._break_off(worker, now)
        worker.death = cause

    def on_node(self, node: int) -> list[Worker]:
        """Return the workers of a node, by place."""
        return [
            self._at[place] for place in sorted(self._at) if self._places.node_of(place) == node
        ]

    def at(self, place: int) -> Worker | None:
        """Return the worker at a place, if there is one."""
        return self._at.get(place)

    def lose(self, node: int, now: float) -> None:
        """A node is gone; its workers are for the caller to kill."""
        self._count_places(now)
        self.sheet.lose(node, now)
        self._places.lose(node)
        self._room = min(self._most, self.expected)

    def restore(self, node: int, now: float) -> None:
        """A node is back."""
        self._count_places(now)
        self.sheet.restore(node, now)
        self._places.restore(node)
        self._room = min(self._most, self.expected)

    def close(self, now: float) -> None:
        """Bring the sheet up to date: the sweep has ended."""
        self._count_places(now)
        self.sheet.close(now)
        for worker in self._at.values():
            if worker.death is None:
                self._break_off(worker, now)

    def _count_places(self, now: float) -> None:
        self.sheet.offer(self._places.up, self._total - self._places.up, now)

    def _break_off(self, worker: Worker, now: float) -> None:
        self.sheet.book(worker, now)
        if worker.doing is Phase.TRAINING and worker.busy_until > now:
            assert worker.trial is not None  # that it trains
            self.sheet.spoil(worker.trial.next_epoch_s - (worker.busy_until - now))

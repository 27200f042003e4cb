"""Which trials there are, and which of them wait; in O(log n) for n trials."""

from __future__ import annotations

import heapq

from ray.tune.experiment import Trial

from tuner.simulation.trials import SimulatedTrial

__all__ = ["Roster"]

_ACTIVE = (Trial.PENDING, Trial.RUNNING)
_WAITING = (Trial.PENDING, Trial.PAUSED)
_ENDED = (Trial.TERMINATED, Trial.ERROR)


class Roster:
    """The trials of a simulation by status.

    Args:
        keeps_ended: Whether ended trials stay in `trials`: a million of them take 0.5 GB.

    Attributes:
        live: Those that have not ended.
        pending: Those that wait for a worker, or for one to start; the longest waiting first.
        active: How many wait or run; paused ones don't count.
    """

    def __init__(self, *, keeps_ended: bool) -> None:
        self._all: list[SimulatedTrial] | None = [] if keeps_ended else None
        self.live: dict[SimulatedTrial, None] = {}
        self.pending: dict[SimulatedTrial, None] = {}
        self.active = 0
        self._waiting: dict[str, list[tuple[str, SimulatedTrial]]] = {s: [] for s in _WAITING}

    @property
    def trials(self) -> list[SimulatedTrial]:
        """Those that are kept, in the order of their numbers."""
        return list(self.live) if self._all is None else self._all

    def add(self, trial: SimulatedTrial) -> None:
        """There is a new trial, which waits."""
        if self._all is not None:
            self._all.append(trial)
        self.live[trial] = self.pending[trial] = None
        self.active += 1
        heapq.heappush(self._waiting[Trial.PENDING], (trial.trial_id, trial))

    def set_status(self, trial: SimulatedTrial, status: str) -> None:
        """Note what becomes of a trial."""
        before = trial.status
        if before == status:
            return
        self.active += (status in _ACTIVE) - (before in _ACTIVE)
        if before == Trial.PENDING:
            del self.pending[trial]
        if status == Trial.PENDING:
            self.pending[trial] = None
        if status in _WAITING:
            heapq.heappush(self._waiting[status], (trial.trial_id, trial))
        trial.status = status
        if status in _ENDED:
            del self.live[trial]

    def first_waiting(self) -> SimulatedTrial | None:
        """Return the first of the pending trials; where there is none, the first paused one."""
        for status in _WAITING:
            waiting = self._waiting[status]
            while waiting and waiting[0][1].status != status:
                heapq.heappop(waiting)
            if waiting:
                return waiting[0][1]
        return None

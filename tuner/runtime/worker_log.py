"""How the workers of a sweep spend their time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["WorkerLog"]


@dataclass
class _Life:
    """One worker so far; seconds are those of the clock, or summed up.

    Attributes:
        number: Its place among the sweep's workers, from 1.
        since: When it was asked for, took up its trial, or let it go.
        works: Whether it has a trial.
        start_s: From being asked for to its first trial; None before.
        busy_s: With a trial.
        idle_s: Between two trials, or after the last.
        wasted_s: Of the busy ones, those of reports after the one with which a trial was stopped.
        trials: How often it took one up.
        node: Where it runs, once a report has told.
    """

    number: int
    since: float
    works: bool = False
    start_s: float | None = None
    busy_s: float = 0.0
    idle_s: float = 0.0
    wasted_s: float = 0.0
    trials: int = 0
    node: str | None = None


class WorkerLog:
    """Follows each worker from when it is asked for to its end.

    Args:
        clock: Seconds, monotonic.
        tell: Told of each worker that has started, when it ends: its number, its node, how many
            trials it served, the seconds that it started, worked, was idle and wasted, and why it
            ended.
    """

    def __init__(
        self, clock: Callable[[], float], tell: Callable[[Mapping[str, Any]], None]
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._lives: dict[Hashable, _Life] = {}
        self._started = 0

    def requested(self, worker: Hashable) -> None:
        """A worker was asked for."""
        self._lives[worker] = _Life(number=0, since=self._clock())

    def took_up(self, worker: Hashable) -> int | None:
        """A worker has a trial now, its first or another.

        Returns:
            Its number, if it is its first.
        """
        life, now = self._lives[worker], self._clock()
        first = life.start_s is None
        if life.start_s is None:
            self._started += 1
            life.number, life.start_s = self._started, now - life.since
        else:
            life.idle_s += now - life.since
        life.since, life.works = now, True
        life.trials += 1
        return life.number if first else None

    def let_go(self, worker: Hashable) -> None:
        """A worker's trial has ended, or pauses."""
        life, now = self._lives[worker], self._clock()
        if life.works:
            life.busy_s += now - life.since
            life.since, life.works = now, False

    def is_on(self, worker: Hashable, node: str | None) -> None:
        """A report tells where a worker runs."""
        self._lives[worker].node = node

    def wasted(self, worker: Hashable, seconds: float) -> None:
        """A worker had trained on while its trial was stopped."""
        if worker in self._lives:
            self._lives[worker].wasted_s += seconds

    def ended(self, worker: Hashable, why: str) -> None:
        """A worker ends, or was withdrawn before it started; does nothing where that is known."""
        life = self._lives.pop(worker, None)
        if life is None or life.start_s is None:
            return
        now = self._clock()
        if life.works:
            life.busy_s += now - life.since
        else:
            life.idle_s += now - life.since
        self._tell(
            {
                "worker": life.number,
                "node": life.node,
                "trials": life.trials,
                "start_s": life.start_s,
                "busy_s": life.busy_s,
                "idle_s": life.idle_s,
                "wasted_s": life.wasted_s,
                "ended": why,
            }
        )

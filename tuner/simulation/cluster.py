"""The simulated cluster: how many trials it holds, and how long everything but training takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from tuner.errors import SpecError

__all__ = ["ClusterModel", "Worker"]


@dataclass(frozen=True)
class ClusterModel:
    """So many equal workers.

    Attributes:
        slots: How many trials run at once.
        start_s: Seconds to start a worker.
        reset_s: Seconds until a worker that has served another trial is ready for the next.
        save_s: Seconds to save a checkpoint.
        load_s: Seconds to load one.

    Raises:
        SpecError: There are no slots, or something takes negative or endless time.
    """

    slots: int
    start_s: float = 0.0
    reset_s: float = 0.0
    save_s: float = 0.0
    load_s: float = 0.0

    def __post_init__(self) -> None:
        if self.slots < 1:
            raise SpecError(f"a cluster has at least one slot, got slots={self.slots}")
        for field in fields(self)[1:]:
            seconds = getattr(self, field.name)
            if not 0 <= seconds < math.inf:
                raise SpecError(f"{field.name} must be a number of seconds >= 0, got {seconds}")


class Worker:
    """A process that serves one trial after the other.

    Attributes:
        busy_until: When it will have done all that it was asked to do. It finishes an epoch also
            if nobody wants to know of it any more.
        started: Whether it has been there for a trial already.
    """

    __slots__ = ("busy_until", "started")

    def __init__(self) -> None:
        self.busy_until = 0.0
        self.started = False

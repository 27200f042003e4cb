"""What a process runs that trains several trials at once: lanes, each the worker of one trial.

Each lane has a thread, in which the calls to it are carried out in order, and which runs only
while it holds the baton (`tuner.runtime.meeting`).

What a trial does to its process, or leaves in it, cannot be told from what the others do: between
trials nothing is put back, and the process is replaced only when it dies. Trials of this kind are
epochs written for company (`tuner.FusedTrainable`), and have no reason to change their process.

Workers import this module, so it imports little.
"""

from __future__ import annotations

import threading
from typing import Any

from ray.tune import PlacementGroupFactory
from ray.tune.result import TRIAL_INFO

from tuner.runtime.meeting import Meeting
from tuner.runtime.serving import Serving

__all__ = ["FusedWorker", "fused", "lane_name"]

_TRAINS = ("train", "train_stretch")
_ENDS = ("rest", "reset", "stop")


class FusedWorker:
    """The process of some trials.

    Args:
        takes: What all of them take together.
    """

    kind: type[Serving]

    def __init__(self, takes: PlacementGroupFactory) -> None:
        self._takes = takes
        self._baton = threading.Condition(threading.Lock())
        self._meeting = Meeting(self._baton)
        own = {"company": self._meeting, "shares_process": True, "__module__": self.kind.__module__}
        self._class: Any = type(self.kind.__name__, (self.kind,), own)
        self._trials: dict[int, Any] = {}

    def open(self, lane: int, config: dict[str, Any], storage: Any) -> None:
        """Make a lane ready for a first trial."""
        with self._baton:
            self._trials[lane] = self._class(self._of_process(config), storage)

    def call(self, lane: int, method: str, *args: Any, **options: Any) -> Any:
        """Call a method of a lane's worker; see `tuner.runtime.serving.Serving`."""
        if method == "reset":
            args = (self._of_process(args[0]), *args[1:])
        trial = self._trials[lane]
        if method in _TRAINS:
            self._meeting.expect(trial)  # before it has the baton: those who do wait for it
        with self._baton:
            comes_again = False
            try:
                result = getattr(trial, method)(*args, **options)
                comes_again = method not in _ENDS
                return result
            finally:
                (self._meeting.part if comes_again else self._meeting.excuse)(trial)
                if method == "stop":
                    del self._trials[lane]

    def _of_process(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return a trial's configuration; a process is bounded by what all its trials take."""
        told = config.get(TRIAL_INFO)
        if told is not None:
            told.trial_resources = self._takes
        return config


def fused(kind: type[Serving]) -> type[FusedWorker]:
    """Return the class of processes that train trials of a kind; see `tuner.runtime.serving`."""
    return type(kind.__name__, (FusedWorker,), {"kind": kind, "__module__": kind.__module__})


def lane_name(lane: int) -> str:
    """Return the concurrency group of a lane."""
    return f"lane{lane}"

"""`Rank`: what a function gets in each of the processes that one trial runs on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ray.tune import Checkpoint

from tuner.distributed.layout import Place

if TYPE_CHECKING:
    import torch

__all__ = ["Rank", "Report", "Reports"]


class Report(NamedTuple):
    """What rank 0 reports.

    Attributes:
        metrics: By name.
        files: The checkpoint's content by path, relative to its folder; None for no checkpoint.
    """

    metrics: dict[str, Any]
    files: dict[str, bytes] | None

    @classmethod
    def of(cls, metrics: Mapping[str, Any], checkpoint: Checkpoint | None) -> Report:
        """Return a report that can go to another node."""
        if checkpoint is None:
            return cls(dict(metrics), None)
        with checkpoint.as_directory() as folder:
            paths = [path for path in Path(folder).rglob("*") if path.is_file()]
            files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        return cls(dict(metrics), files)

    def write_files(self, folder: Path) -> None:
        """Write the checkpoint's files."""
        for name, content in (self.files or {}).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


class Reports:
    """Hands reports from the thread that trains to the one that the trial asks for them."""

    def __init__(self) -> None:
        self._made: queue.SimpleQueue[Report | None] = queue.SimpleQueue()
        self._taken = threading.Semaphore(0)

    def put(self, report: Report) -> None:
        """Hand a report over, and wait until the trial has dealt with it."""
        self._made.put(report)
        self._taken.acquire()

    def end(self) -> None:
        """Say that no report follows."""
        self._made.put(None)

    def next(self, *, after_one: bool) -> Report | None:
        """Wait for a report.

        Args:
            after_one: Whether the last one has been dealt with, so that training may go on.

        Returns:
            It; None if none follows.
        """
        if after_one:
            self._taken.release()
        return self._made.get()


@dataclass(frozen=True)
class Rank:
    """One process of a trial that runs on several.

    `torch.distributed` is initialised, the variables that it looks for are set, and the generators
    of Python, NumPy and torch are seeded, each rank's by the trial's seed and its number.

    Attributes:
        place: Its numbers; ``rank.place.local_rank`` and others.
        checkpoint: What the trial goes on from; None at its beginning.
    """

    place: Place
    checkpoint: Checkpoint | None
    _reports: Reports = field(repr=False)

    @property
    def number(self) -> int:
        """The rank, from 0."""
        return self.place.rank

    @property
    def world_size(self) -> int:
        """How many ranks there are."""
        return self.place.world_size

    @property
    def device(self) -> torch.device:
        """Where its model and data belong."""
        import torch

        own = self.place.device
        return torch.device("cpu" if own is None else f"cuda:{own}")

    def report(self, metrics: Mapping[str, Any], checkpoint: Checkpoint | None = None) -> None:
        """Report to the trial, as ``tune.report`` does; on all ranks but 0 it does nothing.

        It returns once the trial may go on, so that the other ranks wait at their next exchange.

        Args:
            metrics: Numbers by name.
            checkpoint: A folder to go on from later. Its files pass through memory.
        """
        if self.number == 0:
            self._reports.put(Report.of(metrics, checkpoint))

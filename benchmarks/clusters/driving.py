"""Starts the driver of a sweep on a cluster's head, and gathers what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ray_nodes import LocalCluster

import tuner
from clusters.work import Epoch, Work, epochs

_DRIVE = Path(__file__).with_name("drive.py")
_GLANCE_S = 0.2
_RECENT_S = 3.0


class Drive:
    """One sweep, driven on the head of a cluster; a context, at whose end its driver has ended.

    Args:
        cluster: Which is up.
        name: The sweep's.
        work: What its trials do; their log is named here.
        options: Those of the sweep.

    Attributes:
        folder: The sweep's.
        output: What the driver prints.
        epochs_per_trial: How many a trial trains that nobody stops.
    """

    def __init__(self, cluster: LocalCluster, name: str, work: Work, **options: Any) -> None:
        self.cluster = cluster
        self.folder = cluster.shared / name
        self.output = cluster.shared / f"{name}.txt"
        self._outcome = cluster.shared / f"{name}-outcome.json"
        self._log = cluster.shared / f"{name}-epochs.jsonl"
        self._work = replace(work, log=str(self._log))
        self._options = {"storage_path": str(cluster.shared), "name": name, **options}
        self.epochs_per_trial = work.epochs
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Drive:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def start(self, *, resume: bool = False) -> None:
        """Start the sweep, or go on with it."""
        order = {
            "work": asdict(self._work),
            "options": self._options,
            "resume": str(self.folder) if resume else None,
            "outcome": str(self._outcome),
        }
        file = self.cluster.shared / f"{self.folder.name}-order.json"
        file.write_text(json.dumps(order))
        command = self.cluster.command("n1", [sys.executable, str(_DRIVE), str(file)])
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def finish(self, seconds: float) -> dict[str, Any]:
        """Wait for the end, and return what the driver told.

        Raises:
            RuntimeError: It failed, or took too long; with the end of what it said.
        """
        if not self.ends_within(seconds):
            raise RuntimeError(
                f"{self.folder.name} runs after {seconds:.0f} s:\n{self.said[-4000:]}"
            )
        assert self._process is not None
        status = self._process.returncode
        if status != 0:
            raise RuntimeError(f"{self.folder.name}: {status}\n{self.said[-4000:]}")
        return dict(json.loads(self._outcome.read_text()))

    def ends_within(self, seconds: float) -> bool:
        """Wait for the end, at most so long, and return whether it has come."""
        assert self._process is not None
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def abandon(self) -> None:
        """Take note that the driver died with its node."""
        assert self._process is not None
        self._process.wait(30)

    def wait_for(self, holds: Callable[[list[Epoch]], bool], seconds: float = 120.0) -> None:
        """Return once something holds of the epochs trained so far.

        Raises:
            RuntimeError: The sweep ended, or time went by, before that.
        """
        self._wait(lambda: holds(self.epochs()), seconds)

    def wait_to_hear(self, words: str, seconds: float) -> None:
        """Return once the driver has printed some words.

        Raises:
            RuntimeError: The sweep ended, or time went by, before that.
        """
        self._wait(lambda: words in self.said, seconds)

    def _wait(self, holds: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            if not self.is_running or time.monotonic() > deadline:
                raise RuntimeError(f"{self.folder.name} never came that far:\n{self.said[-4000:]}")
            time.sleep(_GLANCE_S)

    @property
    def is_running(self) -> bool:
        """Whether the driver has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def said(self) -> str:
        """What the driver printed."""
        return self.output.read_text(errors="replace")

    def epochs(self) -> list[Epoch]:
        """Return what trials wrote down themselves."""
        return epochs(self._log)

    def sweep(self) -> tuner.Sweep:
        """Return the sweep's record."""
        return tuner.load(self.folder)


def busy_node(drive: Drive, names: Collection[str], seconds: float = 120.0) -> str:
    """Return one of some nodes as soon as a trial is in the middle of its training there.

    Raises:
        RuntimeError: The sweep ended, or time went by, before that.
    """
    drive.wait_for(lambda _: any(epoch.node in names for epoch in _just_now(drive)), seconds)
    return next(epoch.node for epoch in _just_now(drive) if epoch.node in names)


def _just_now(drive: Drive) -> list[Epoch]:
    """Return the last epoch of each trial that has more to train, and trained not long ago."""
    last = {epoch.trial: epoch for epoch in drive.epochs()}
    began = time.time() - _RECENT_S
    return [e for e in last.values() if e.ended > began and e.number < drive.epochs_per_trial]

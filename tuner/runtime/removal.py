"""Deletes checkpoints: at once in a folder, behind the driver's back at a URI."""

from __future__ import annotations

import queue
import threading
import time

from pyarrow.fs import LocalFileSystem

from tuner.runtime.storage import Checkpoints

__all__ = ["Remover"]


class Remover:
    """Deletes checkpoints, without making decisions wait for a network.

    What is not deleted when the driver ends, or cannot be, is when the sweep is resumed.

    Args:
        checkpoints: Where they are.
    """

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self._waiting: queue.Queue[str] = queue.Queue()
        self._thread: threading.Thread | None = None

    def remove(self, path: str) -> None:
        """Delete one checkpoint, now or soon."""
        if isinstance(self._checkpoints.filesystem, LocalFileSystem):
            self._checkpoints.remove(path)
            return
        self._waiting.put(path)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="removal", daemon=True)
            self._thread.start()

    def wait(self, at_most_s: float) -> None:
        """Wait until everything is deleted, or no longer."""
        until = time.monotonic() + at_most_s
        while self._waiting.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.05)

    def _run(self) -> None:
        while True:
            self._checkpoints.remove(self._waiting.get())
            self._waiting.task_done()

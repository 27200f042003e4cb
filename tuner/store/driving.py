"""A sweep's folder as its driver has it, on this machine or on a share that all nodes see."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TypeAlias

from pyarrow.fs import FileSystem, LocalFileSystem

from tuner.places import Place
from tuner.store.layout import SweepLayout
from tuner.store.lock import SweepLock

__all__ = ["DriverFolder", "Say"]

Say: TypeAlias = Callable[[str], None]
"""Tells the user a line."""


class DriverFolder:
    """A sweep's folder on this machine, or on a share that all nodes see.

    Args:
        layout: The folder, which exists.

    Attributes:
        layout: Where the driver writes.
        number: That of the driver's lock, once it has it.
    """

    def __init__(self, layout: SweepLayout) -> None:
        self.layout = layout
        self._lock: SweepLock | None = None

    @property
    def place(self) -> Place:
        """Where the sweep lies for others."""
        return self.layout.root

    @property
    def number(self) -> int:
        """That of the driver's lock; requests are addressed to it."""
        return -1 if self._lock is None else self._lock.number

    def checkpoints(self) -> tuple[FileSystem, str]:
        """Return the file system that holds checkpoints, and their folder on it."""
        return LocalFileSystem(), str(self.layout.checkpoints_dir)

    def lock(self, say: Say) -> None:
        """Become the sweep's driver.

        Raises:
            SweepBusyError: It has one that is alive.
            StorageError: The folder cannot be read or written.
        """
        self._lock = SweepLock.acquire(self.layout)
        if self._lock.took_over:
            say(self._lock.took_over)

    def before_flush(self) -> None:
        """The writer is about to bring its journal into the tables."""

    def tick(self) -> None:
        """Show that the driver is alive. Call it several times a second.

        Raises:
            SweepBusyError: Another driver took over while this one was silent.
            StorageError: The folder cannot be written.
        """
        if self._lock is not None:
            self._lock.beat()

    def finish(self) -> None:
        """Bring everything to where others look for it; the driver writes no more.

        Raises:
            StorageError: That cannot be done; the message says where it is instead.
        """

    def release(self) -> None:
        """Let others drive the sweep."""
        if self._lock is not None:
            self._lock.release()

    def discard(self) -> None:
        """Remove a sweep in which nothing has run: the name stays free."""
        shutil.rmtree(self.layout.root, ignore_errors=True)

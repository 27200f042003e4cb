"""One driver per sweep: a lock in the sweep's folder that works across hosts and outlives nobody.

The lock is a chain of numbered files, of which the highest counts. It names its holder, or says
that it was released. Whoever finds the holder gone makes the next number, which the file system
grants to one process alone (``O_EXCL``, also on NFS), and then looks whether it is still the
highest. The highest is never removed, so that numbers never go back: a process that slept between
looking and making finds a higher one when it wakes.

Whether a holder is gone is certain on its own machine: its process is there or not. On another
machine its heartbeat tells, the time at which its lock was last touched. It is compared with a
file touched now, so that the clocks of the hosts do not matter.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tuner.errors import StorageError, SweepBusyError
from tuner.provenance import user
from tuner.store.drivers import GONE_AFTER_S, Holder, highest, holder, look
from tuner.store.layout import SweepLayout, refused, write_atomically
from tuner.store.processes import this_process

__all__ = ["BEAT_EVERY_S", "SweepLock", "driven_by", "judgement", "lock_content"]

BEAT_EVERY_S = 10.0

_TRIES = 40
_PAUSE_S = 0.05
"""Between two tries: a rival that makes its lock takes a moment to write into it."""


class SweepLock:
    """The right to drive a sweep, until it is released. A context manager; see `acquire`.

    Attributes:
        number: That of the lock; requests are addressed to it.
        took_over: What to say of a holder that counted as gone only because of its silence.
    """

    def __init__(
        self, layout: SweepLayout, number: int, took_over: str, clock: Callable[[], float]
    ) -> None:
        self.number = number
        self.took_over = took_over
        self._layout = layout
        self._clock = clock
        self._next_beat = clock() + BEAT_EVERY_S
        self._is_held = True

    @classmethod
    def acquire(cls, layout: SweepLayout, *, clock: Callable[[], float] = time.monotonic) -> Self:
        """Become the driver of a sweep.

        Args:
            layout: Its folder, which exists.
            clock: Seconds, monotonic, for the intervals of `beat` only.

        Raises:
            SweepBusyError: It has a driver that is alive.
            StorageError: The folder cannot be read or written.
        """
        last = None
        for _ in range(_TRIES):
            number, last = look(layout, _time_on(layout.root))
            if last is None or not last.alive:
                if _make(layout, number + 1):
                    return cls(layout, number + 1, judgement(last), clock)
            elif last.pid is not None:
                break
            time.sleep(_PAUSE_S)
        raise SweepBusyError(_busy(layout, last))

    @staticmethod
    def refuse_driven(layout: SweepLayout) -> None:
        """Refuse a sweep that a process of this machine drives, as `acquire` will; takes nothing.

        Raises:
            SweepBusyError: It is driven, for certain.
        """
        other = holder(layout)
        if other is not None and other.alive and other.silent_s is None:
            raise SweepBusyError(_busy(layout, other))

    def beat(self) -> None:
        """Show that the driver is alive. Call it often; it acts every 10 s.

        Raises:
            SweepBusyError: Another driver took over, as it may from a host that was suspended;
                this one must not write any more.
            StorageError: The folder cannot be written.
        """
        if self._clock() < self._next_beat:
            return
        self._next_beat = self._clock() + BEAT_EVERY_S
        if highest(self._layout) != self.number:
            root = self._layout.root
            raise SweepBusyError(
                f"a sweep has one driver, and {holder(self._layout) or 'another process'} took "
                f"over {root} while this one was silent; follow it with: tuner watch {root}"
            )
        path = self._layout.lock(self.number)
        try:
            os.utime(path)
        except OSError as error:
            raise refused(path, error) from error

    def release(self) -> None:
        """Let others drive the sweep; a second call does nothing.

        Where the folder cannot be written, the lock ends with this process.
        """
        if self._is_held and highest(self._layout) == self.number:
            with suppress(StorageError):
                write_atomically(self._layout.lock(self.number), lock_content(released=time.time()))
        self._is_held = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def _make(layout: SweepLayout, number: int) -> bool:
    """Make a lock, and return whether it counts: another process may have been faster."""
    path = layout.lock(number)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    except OSError as error:
        raise refused(path, error) from error
    try:
        os.write(file, lock_content())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise refused(path, error) from error
    finally:
        os.close(file)
    if highest(layout) != number:
        path.unlink(missing_ok=True)
        return False
    for older in layout.locks()[:-1]:
        with suppress(OSError):  # it does not count any more
            older.unlink()
    return True


def _time_on(folder: Path) -> float:
    """Return the time by the clock of the file system that holds ``folder``, in unix seconds."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            return os.fstat(probe.fileno()).st_mtime
    except OSError as error:
        raise refused(folder, error) from error


def lock_content(**more: Any) -> bytes:
    """Return what a lock of this process says."""
    me = this_process()
    told = {
        "host": socket.gethostname(),
        "pid": me.pid,
        "user": user(),
        "since": time.time(),
        "machine": me.machine,
        "started": me.started,
    }
    return json.dumps(told | more).encode()


def judgement(gone: Holder | None) -> str:
    """Return what to say of a holder that counted as gone because of its silence alone."""
    if gone is None or gone.silent_s is None:
        return ""
    return f"took over from {gone}, which was not heard from for {gone.silent_s:.0f} s"


def _busy(layout: SweepLayout, other: Holder | None) -> str:
    return f"{driven_by(layout.root, other)}; stop it with: tuner stop {layout.root}"


def driven_by(place: object, other: Holder | None) -> str:
    """Say that a sweep has a driver already, and how long one has to wait if that one died."""
    heard = ""
    if other is not None and other.silent_s is not None:
        wait_s = max(1.0, GONE_AFTER_S - other.silent_s)
        heard = f", heard from {other.silent_s:.0f} s ago (if it died, try again in {wait_s:.0f} s)"
    return f"a sweep has one driver, and {place} is driven by {other or 'another process'}{heard}"

"""One driver per sweep at a URI, by what every object store has: whole objects and listings.

The lock is the chain of numbered files of `tuner.store.lock`. What object stores lack is a way to
make one that only one process is granted. So whoever wants to be the next driver first writes a
*claim* under a name of its own, and then lists the claims. Who finds another one withdraws, and
tries again after a random pause. Where a listing shows all that was written before it, as S3,
Google Cloud Storage and Azure promise, two can not both find themselves alone: the later claim
was listed with the earlier one. On a store that shows it late, this is best effort.

A holder is gone as with files: by its process on this machine, elsewhere by its silence.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tuner.errors import StorageError, SweepBusyError
from tuner.store.drivers import Holder, standing
from tuner.store.layout import LOCK_PATTERN, SweepLayout
from tuner.store.lock import BEAT_EVERY_S, driven_by, judgement, lock_content
from tuner.store.remote import Found, RemoteFolder

__all__ = ["RemoteLock", "look"]

_CLAIMS = "claims"
_CLAIM_LASTS_S = 60.0
"""A claim of a process that died counts for so long."""

_TRIES = 12
_PAUSE_S = 0.5


class RemoteLock:
    """The right to drive a sweep at a URI, until it is released; see `acquire`.

    A thread of its own shows every 10 s that the driver is alive.

    Attributes:
        number: That of the lock.
        took_over: What to say of a holder that counted as gone only because of its silence.
        predecessor: The staging folder of the driver before; None where there was none.
        lost_to: Another driver that took over while this one was silent; None so far.
    """

    def __init__(
        self,
        remote: RemoteFolder,
        number: int,
        *,
        told: Mapping[str, Any],
        took_over: str,
        predecessor: str | None,
    ) -> None:
        self.number = number
        self.took_over = took_over
        self.predecessor = predecessor
        self.lost_to: str | None = None
        self._remote = remote
        self._told = told
        self._released = threading.Event()
        threading.Thread(target=self._beat_on, name="remote lock", daemon=True).start()

    @classmethod
    def acquire(
        cls, remote: RemoteFolder, staging: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> RemoteLock:
        """Become the driver of a sweep.

        Args:
            remote: Its folder.
            staging: What tells the driver's staging folder from all others.
            sleep: Waits so many seconds.

        Raises:
            SweepBusyError: It has a driver that is alive.
            StorageError: The folder cannot be read or written.
        """
        last: Holder | None = None
        told = {"since": time.time(), "staging": staging}
        for _ in range(_TRIES):
            claim = f"{_CLAIMS}/{uuid.uuid4().hex}"
            remote.write(claim, b"")
            claimed = time.monotonic()
            try:
                number, last = look(remote, _now(remote, claim))
                if last is not None and last.alive:
                    raise SweepBusyError(f"{driven_by(remote, last)}; stop it where it runs")
                in_time = time.monotonic() - claimed < _CLAIM_LASTS_S / 2
                if _is_alone(remote, claim) and in_time and _highest(remote)[0] == number:
                    predecessor = _staging(remote, number)
                    remote.write(_name(number + 1), lock_content(**told))
                    _remove_older(remote, number + 1)
                    return cls(
                        remote,
                        number + 1,
                        told=told,
                        took_over=judgement(last),
                        predecessor=predecessor,
                    )
            finally:
                remote.remove(claim)
            sleep(_PAUSE_S * random.uniform(1, 4))
        raise SweepBusyError(f"{driven_by(remote, last)}; stop it where it runs")

    def beat(self) -> None:
        """Show that the driver is alive, or learn that another took over.

        Raises:
            StorageError: The folder cannot be read or written.
        """
        number, _ = _highest(self._remote)
        if number > self.number:
            _, other = look(self._remote, time.time())
            self.lost_to = str(other or "another process")
        elif not self._released.is_set():
            self._remote.write(_name(self.number), lock_content(**self._told))

    def release(self) -> None:
        """Let others drive the sweep; a second call does nothing.

        Where the store cannot be reached, the lock ends with this process or with its silence.
        """
        if self._released.is_set():
            return
        self._released.set()
        with suppress(StorageError):
            if _highest(self._remote)[0] == self.number:
                self._remote.write(
                    _name(self.number), lock_content(**self._told, released=time.time())
                )

    def _beat_on(self) -> None:
        while self.lost_to is None and not self._released.wait(BEAT_EVERY_S):
            with suppress(StorageError):  # a store that is away is told of by who uploads to it
                self.beat()


def look(remote: RemoteFolder, now: float) -> tuple[int, Holder | None]:
    """Return the number of the last lock, -1 where there is none, and who holds it.

    Args:
        remote: The sweep's folder.
        now: The time in unix seconds, by the clock of the store.

    Raises:
        StorageError: The lock cannot be read.
    """
    while True:
        number, found = _highest(remote)
        if found is None:
            return number, None
        try:
            raw = remote.read(_name(number))
        except FileNotFoundError:  # a successor removed it meanwhile
            continue
        return number, standing(number, raw, max(0.0, now - found.mtime_ns / 1e9))


def _highest(remote: RemoteFolder) -> tuple[int, Found | None]:
    locks = {_number(name): found for name, found in remote.files().items() if _is_lock(name)}
    number = max(locks, default=-1)
    return number, locks.get(number)


def _staging(remote: RemoteFolder, number: int) -> str | None:
    """Return the staging folder that a lock tells of."""
    try:
        content = json.loads(remote.read(_name(number)))
    except (FileNotFoundError, ValueError):
        return None
    return content.get("staging") if isinstance(content, dict) else None


def _remove_older(remote: RemoteFolder, number: int) -> None:
    for name in remote.files():
        if _is_lock(name) and _number(name) < number:
            with suppress(StorageError):  # it does not count any more
                remote.remove(name)


def _is_alone(remote: RemoteFolder, claim: str) -> bool:
    """Return whether no other process wants to be the driver; claims of dead ones are removed."""
    claims = remote.files(_CLAIMS)
    latest = max((found.mtime_ns for found in claims.values()), default=0)
    for name, found in claims.items():
        if name != claim and (latest - found.mtime_ns) / 1e9 < _CLAIM_LASTS_S:
            return False
        if name != claim:
            remote.remove(name)
    return claim in claims


def _now(remote: RemoteFolder, just_written: str) -> float:
    """Return the time by the clock of the store, in unix seconds."""
    found = remote.files(_CLAIMS).get(just_written)
    return found.mtime_ns / 1e9 if found is not None and found.mtime_ns else time.time()


def _name(number: int) -> str:
    return SweepLayout(Path()).lock(number).name


def _is_lock(name: str) -> bool:
    return fnmatch(name, LOCK_PATTERN)


def _number(name: str) -> int:
    return int(Path(name).stem.rpartition("-")[2])

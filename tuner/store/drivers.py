"""Who drives a sweep, and whether that process is still there. Reading only; see `lock`."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from tuner.errors import StorageError
from tuner.store.layout import SweepLayout
from tuner.store.processes import Process

__all__ = ["GONE_AFTER_S", "Holder", "highest", "holder", "look", "standing"]

GONE_AFTER_S = 60.0
"""Silence after which a holder on another machine counts as gone."""

_FIELDS: dict[str, Any] = {"host": str, "machine": str, "pid": int, "started": int | None}


@dataclass(frozen=True)
class Holder:
    """Who holds a sweep's lock, or did when it died.

    Attributes:
        number: That of the lock; the sweep's next driver has a higher one.
        host: Its machine's name.
        pid: Its process there; None where the lock cannot be understood.
        user: Its user, where known.
        since: When it took the lock, in unix seconds.
        alive: Whether it still drives the sweep: its process runs, or it was heard from lately.
        silent_s: Seconds since it was heard from; None where its process itself was looked for.
    """

    number: int
    host: str
    pid: int | None
    user: str | None
    since: float | None
    alive: bool
    silent_s: float | None

    def __str__(self) -> str:
        return "an unknown process" if self.pid is None else f"process {self.pid} on {self.host}"


def holder(layout: SweepLayout) -> Holder | None:
    """Return who holds a sweep's lock, alive or not; None where it was released, or never taken.

    Nothing is written, so silence is measured by this host's clock.

    Raises:
        StorageError: The lock cannot be read.
    """
    return look(layout, time.time())[1]


def look(layout: SweepLayout, now: float) -> tuple[int, Holder | None]:
    """Return the number of the last lock, -1 where there is none, and who holds it.

    Args:
        layout: The sweep's folder.
        now: The time in unix seconds, by the clock of the file system.

    Raises:
        StorageError: The lock cannot be read.
    """
    while True:
        number = highest(layout)
        if number < 0:
            return number, None
        path = layout.lock(number)
        try:
            touched = path.stat().st_mtime
            content = path.read_bytes()
        except FileNotFoundError:  # a successor removed it meanwhile
            continue
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
        return number, standing(number, content, max(0.0, now - touched))


def highest(layout: SweepLayout) -> int:
    """Return the number of the last lock; -1 where there is none."""
    paths = layout.locks()
    return int(paths[-1].stem.rpartition("-")[2]) if paths else -1


def standing(number: int, raw: bytes, silent_s: float) -> Holder | None:
    """Return the holder that a lock names, and whether it still drives the sweep.

    Args:
        number: That of the lock.
        raw: What it says.
        silent_s: Seconds since it was last touched.
    """
    content = _understood(raw)
    if "released" in content:
        return None
    runs = None
    if content:
        runs = Process(content["machine"], content["pid"], content["started"]).runs()
    return Holder(
        number=number,
        host=content.get("host", ""),
        pid=content.get("pid"),
        user=content.get("user"),
        since=content.get("since"),
        alive=silent_s < GONE_AFTER_S if runs is None else runs,
        silent_s=silent_s if runs is None else None,
    )


def _understood(raw: bytes) -> dict[str, Any]:
    """Return what a lock says; nothing where it is damaged, or not written yet."""
    try:
        content = json.loads(raw)
    except ValueError:
        return {}
    is_whole = isinstance(content, dict) and all(
        name in content and isinstance(content[name], kind) for name, kind in _FIELDS.items()
    )
    return content if is_whole else {}

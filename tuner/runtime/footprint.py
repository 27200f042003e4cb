"""What a worker process holds on to while no trial runs in it, and when that is too much.

Imports no Ray, and no torch: devices are looked at only where something else has used them.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Footprint", "devices", "excess", "give_back_memory"]

_MB = 2**20
_MEMORY_MB = 512
_DEVICE_MB = 256
_THREADS, _PROCESSES, _FILES = 16, 8, 256

_SELF = Path("/proc/self")


@dataclass(frozen=True)
class Footprint:
    """What a process holds; what the system does not tell counts as nothing.

    Attributes:
        memory: Bytes of its own that are resident; what it shares, such as files that are mapped
            and Ray's object store, is not counted.
        device_memory: Bytes on all devices that torch has allocated, not only reserved.
        threads: Of Python.
        processes: Its children.
        files: That it holds open.
    """

    memory: int = 0
    device_memory: int = 0
    threads: int = 0
    processes: int = 0
    files: int = 0

    @classmethod
    def now(cls) -> Footprint:
        """Return that of this process."""
        return cls(
            memory=_own_memory(),
            device_memory=sum(
                device.memory_allocated(number)
                for device in devices()
                for number in range(device.device_count())
            ),
            threads=threading.active_count(),
            processes=_children(),
            files=_open_files(),
        )


def excess(before: Footprint, now: Footprint) -> str | None:
    """Return what a process holds too much of, ``"memory: ..."``; None where nothing is.

    Memory may grow by half, or by 512 MB (256 MB on devices): caches of libraries fill up. Of
    threads, processes and open files so many may be left behind that a pool or two passes, and
    what each trial leaves behind does not go on for long.

    Args:
        before: What it held when its first trial had ended.
        now: What it holds after another one.
    """
    for name, held, holds, at_least_mb in (
        ("memory", before.memory, now.memory, _MEMORY_MB),
        ("device memory", before.device_memory, now.device_memory, _DEVICE_MB),
    ):
        if holds - held > max(at_least_mb * _MB, held // 2):
            return f"{name}: {holds / _MB:,.0f} MB between trials, {held / _MB:,.0f} MB at first"
    for name, held, holds, tolerated in (
        ("threads", before.threads, now.threads, _THREADS),
        ("child processes", before.processes, now.processes, _PROCESSES),
        ("open files", before.files, now.files, _FILES),
    ):
        if holds - held > tolerated:
            return f"{name}: {holds} between trials, {held} at first"
    return None


def devices() -> Iterator[Any]:
    """Yield torch's modules of the kinds of devices that this process has used."""
    torch = sys.modules.get("torch")
    for kind in ("cuda", "xpu"):
        device = getattr(torch, kind, None)
        if device is not None and device.is_initialized():
            yield device


def give_back_memory() -> None:
    """Have glibc's allocator, where it is in use, give freed memory back to the system."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _own_memory() -> int:
    try:
        _, resident, shared, *_ = (_SELF / "statm").read_text().split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def _children() -> int:
    """Count the children of Python's threads; those of a thread that ended become another's."""
    count = 0
    for thread in threading.enumerate():
        with suppress(OSError):
            listed = _SELF / "task" / str(thread.native_id) / "children"
            count += len(listed.read_text().split())
    return count


def _open_files() -> int:
    try:
        return len(os.listdir(_SELF / "fd"))  # noqa: PTH208 (as a list)
    except OSError:
        return 0

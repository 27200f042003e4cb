"""CPU seconds of a whole process tree, also of processes that end while it is watched. Linux."""

from __future__ import annotations

import ctypes
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

_IDLE_SHARE, _LOOK_FOR_S, _IDLE_WITHIN_S = 0.1, 0.5, 60.0
_PR_SET_CHILD_SUBREAPER = 36
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class ProcessTree:
    """Samples the CPU seconds of every descendant of this process.

    A process that ends between two samples loses what it used since the last one, at most
    ``interval_s`` per process: an error in favour of whoever starts many processes. Against the
    kernel's own account of a control group it is 1 % where each trial has a process.

    Args:
        interval_s: Seconds between samples.
    """

    def __init__(self, interval_s: float = 0.05) -> None:
        # Orphans (Ray's daemons, once their driver is gone) become children of this process.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._interval_s = interval_s
        self._seconds: dict[tuple[int, int], float] = {}
        self._names: dict[tuple[int, int], str] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ProcessTree:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def cpu_seconds(self) -> float:
        """Return user and system seconds of all descendants so far, ended ones included."""
        self._sample()
        with self._lock:
            return sum(self._seconds.values())

    def wait_until_idle(self) -> None:
        """Wait until the descendants take less than a tenth of a core for half a second."""
        deadline = time.monotonic() + _IDLE_WITHIN_S
        taken = math.inf
        while taken > _IDLE_SHARE * _LOOK_FOR_S and time.monotonic() < deadline:
            before = self.cpu_seconds()
            time.sleep(_LOOK_FOR_S)
            taken = self.cpu_seconds() - before

    def started(self, counts: Callable[[str], bool]) -> int:
        """Return how many processes were ever seen whose title ``counts``."""
        with self._lock:
            return sum(map(counts, self._names.values()))

    def _watch(self) -> None:
        while not self._stopped.wait(self._interval_s):
            self._sample()

    def _sample(self) -> None:
        stats = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                stat = _stat(folder)
                if stat is not None:
                    stats[int(folder.name)] = stat
        inside = _descendants({pid: stat[0] for pid, stat in stats.items()}, os.getpid())
        with self._lock:
            for pid in inside:
                _, born, seconds = stats[pid]
                self._seconds[pid, born] = seconds
                if not self._names.get((pid, born), "").startswith("ray::"):  # its last one
                    self._names[pid, born] = _title(pid) or self._names.get((pid, born), "")


def _stat(folder: Path) -> tuple[int, int, float] | None:
    """Return parent, birth (in ticks) and CPU seconds of a process, or None if it is gone."""
    try:
        fields = (folder / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[19]), (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _descendants(parents: dict[int, int], root: int) -> set[int]:
    inside = {root}
    grown = True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in inside}
        grown = not children <= inside
        inside |= children
    return inside - {root}


def _title(pid: int) -> str:
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        return ""


def wait_for_orphans(timeout_s: float = 20.0) -> None:
    """Wait until every process that was left behind has ended."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.05)
        except ChildProcessError:
            return


def is_ray_worker(title: str) -> bool:
    """Return whether a process runs trials, or would; Ray's agents have titles like theirs."""
    if title.startswith("ray::"):
        return not title.partition(" ")[0].endswith("Agent")
    return "default_worker.py" in title and not title.partition(" ")[0].endswith("raylet")

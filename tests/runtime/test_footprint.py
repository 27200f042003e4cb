"""What a process holds between trials, and when that is too much."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.runtime.footprint import Footprint, devices, excess

MB = 2**20


@pytest.mark.parametrize(
    ("name", "before", "fits", "too_much", "words"),
    [
        ("memory", 300 * MB, 812 * MB, 813 * MB, "memory: 813 MB between trials, 300 MB at first"),
        ("memory", 4000 * MB, 6000 * MB, 6001 * MB, "memory: 6,001 MB"),
        ("device_memory", 0, 256 * MB, 257 * MB, "device memory: 257 MB"),
        ("device_memory", 2000 * MB, 3000 * MB, 3001 * MB, "device memory: 3,001 MB"),
        ("threads", 3, 19, 20, "threads: 20 between trials, 3 at first"),
        ("processes", 1, 9, 10, "child processes: 10 "),
        ("files", 40, 296, 297, "open files: 297 "),
    ],
)
def test_how_much_may_be_left_behind(
    name: str, before: int, fits: int, too_much: int, words: str
) -> None:
    at_first = replace(Footprint(), **{name: before})
    assert excess(at_first, replace(at_first, **{name: fits})) is None
    told = excess(at_first, replace(at_first, **{name: too_much}))
    assert told is not None
    assert told.startswith(words)


FOOTPRINTS = st.builds(Footprint, *[st.integers(0, 2**45)] * 5)


@given(FOOTPRINTS, FOOTPRINTS, FOOTPRINTS)
def test_to_hold_less_is_never_worse(before: Footprint, now: Footprint, other: Footprint) -> None:
    less = Footprint(
        *(min(pair) for pair in zip(vars(now).values(), vars(other).values(), strict=True))
    )
    assert excess(before, before) is None
    assert excess(before, now) is not None or excess(before, less) is None


def test_threads_children_and_files_are_counted(tmp_path: Path) -> None:
    before, stop = Footprint.now(), threading.Event()
    children: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        children.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1))
        stop.wait()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    while len(children) < 2:
        threads[0].join(0.01)
    with (tmp_path / "one").open("w"):
        now = Footprint.now()
    stop.set()
    for thread in threads:
        thread.join()
        while Path(f"/proc/self/task/{thread.native_id}").exists():  # until the kernel knows, too
            time.sleep(0.001)
    assert now.threads == before.threads + 2
    assert now.processes == before.processes + 2
    assert now.files == before.files + 3  # with the children's pipes
    assert Footprint.now().processes == before.processes + 2  # their threads have ended
    for child in children:
        child.communicate()
    assert Footprint.now().processes == before.processes


def test_memory_is_what_the_process_itself_holds() -> None:
    before = Footprint.now().memory
    held = bytearray(200 * MB)
    held[::4096] = b"x" * len(held[::4096])  # else the pages are not there
    assert Footprint.now().memory - before > 190 * MB
    del held
    assert Footprint.now().memory - before < 10 * MB


class FakeDevice:
    """As torch.cuda and torch.xpu are."""

    def __init__(self, allocated: list[int], used: bool = True) -> None:
        self.allocated, self.used = allocated, used

    def is_initialized(self) -> bool:
        return self.used

    def device_count(self) -> int:
        return len(self.allocated)

    def memory_allocated(self, number: int) -> int:
        return self.allocated[number]


@pytest.mark.parametrize(
    ("torch", "memory"),
    [
        (None, 0),
        (SimpleNamespace(), 0),
        (SimpleNamespace(cuda=FakeDevice([5, 6])), 11),
        (SimpleNamespace(cuda=FakeDevice([5], used=False), xpu=FakeDevice([7])), 7),
    ],
)
def test_only_devices_in_use_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, torch: Any, memory: int
) -> None:
    if torch is None:
        monkeypatch.delitem(sys.modules, "torch", raising=False)
    else:
        monkeypatch.setitem(sys.modules, "torch", torch)
    assert Footprint.now().device_memory == memory
    assert bool(list(devices())) == bool(memory)

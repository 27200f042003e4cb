"""One driver per sweep, whoever dies when, and however many try at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clocks import Clock

from tuner.errors import StorageError, SweepBusyError
from tuner.store import SweepLayout, drivers, lock
from tuner.store.drivers import Holder, holder
from tuner.store.lock import SweepLock
from tuner.store.processes import Process, this_machine, this_process

HOLD = """
import sys
from pathlib import Path
from tuner.store.layout import SweepLayout
from tuner.store.lock import SweepLock
lock = SweepLock.acquire(SweepLayout(Path(sys.argv[1])))
print(lock.number, flush=True)
sys.stdin.read()
"""

RACE = """
import sys, time
from pathlib import Path
from tuner.errors import SweepBusyError
from tuner.store.layout import SweepLayout
from tuner.store.lock import SweepLock
root = Path(sys.argv[1])
print("ready", flush=True)
for round_ in map(int, sys.stdin):
    layout = SweepLayout(root / str(round_))
    while not (layout.root / "go").exists():
        pass
    try:
        lock = SweepLock.acquire(layout)
        print(lock.number, flush=True)
    except SweepBusyError as error:
        print("busy" if str(root) in str(error) else error, flush=True)
"""


def start(code: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(root)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def say(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{text}\n")
    process.stdin.flush()


@pytest.fixture
def driver(layout: SweepLayout) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = start(HOLD, layout.root)
    assert line_of(process) == "0"
    yield process
    end(process)


@pytest.fixture
def write_lock(layout: SweepLayout) -> Callable[..., Path]:
    """Leave a lock as some other process would have, heard from some seconds ago."""

    def write(number: int = 0, *, silent_s: float = 0.0, **changes: Any) -> Path:
        content = {
            "host": "far", "pid": 1234, "user": "ann", "since": 1.0,
            "machine": "another boot", "started": 5,
        } | changes  # fmt: skip
        return _aged(layout.lock(number), json.dumps(content).encode(), silent_s)

    return write


def _aged(path: Path, content: bytes, silent_s: float) -> Path:
    path.write_bytes(content)
    moment = time.time() - silent_s
    os.utime(path, (moment, moment))
    return path


class TestHolding:
    def test_a_held_lock_names_this_process(self, layout: SweepLayout) -> None:
        assert holder(layout) is None
        with SweepLock.acquire(layout) as held:
            found = holder(layout)
            assert found is not None
            assert (found.pid, found.alive, found.number) == (os.getpid(), True, held.number)
            assert found.silent_s is None  # its process was looked for
        assert holder(layout) is None

    def test_not_even_its_own_process_takes_it_twice(self, layout: SweepLayout) -> None:
        with SweepLock.acquire(layout), pytest.raises(SweepBusyError, match=str(os.getpid())):
            SweepLock.acquire(layout)

    def test_what_is_driven_here_is_refused_without_taking_it(self, layout: SweepLayout) -> None:
        SweepLock.refuse_driven(layout)
        with SweepLock.acquire(layout), pytest.raises(SweepBusyError, match=r"tuner stop"):
            SweepLock.refuse_driven(layout)
        SweepLock.refuse_driven(layout)
        assert len(layout.locks()) == 1

    def test_each_driver_has_a_higher_number_and_leaves_one_file(self, layout: SweepLayout) -> None:
        for number in range(12):
            with SweepLock.acquire(layout) as held:
                assert held.number == number
            assert layout.locks() == [layout.lock(number)]

    def test_it_is_released_where_the_sweep_raises(self, layout: SweepLayout) -> None:
        with pytest.raises(ZeroDivisionError), SweepLock.acquire(layout):
            raise ZeroDivisionError
        SweepLock.acquire(layout).release()

    def test_a_second_release_does_not_free_the_next_driver(self, layout: SweepLayout) -> None:
        first = SweepLock.acquire(layout)
        first.release()
        with SweepLock.acquire(layout) as second:
            first.release()
            found = holder(layout)
            assert found is not None
            assert found.number == second.number

    def test_the_folder_may_vanish_before_the_release(self, layout: SweepLayout) -> None:
        held = SweepLock.acquire(layout)
        layout.lock(0).unlink()
        held.release()
        assert layout.locks() == []

    def test_reading_writes_nothing(
        self, layout: SweepLayout, write_lock: Callable[..., Path]
    ) -> None:
        write_lock(silent_s=1000)
        before = _state(layout.root)
        holder(layout)
        assert _state(layout.root) == before

    @pytest.mark.parametrize("function", ["os.open", "os.write", "tempfile.TemporaryFile"])
    def test_a_folder_that_cannot_be_written(
        self, layout: SweepLayout, monkeypatch: pytest.MonkeyPatch, function: str
    ) -> None:
        def refuse(*args: Any, **kwargs: Any) -> Any:
            raise OSError(30, "Read-only file system")

        module, _, name = function.partition(".")
        with monkeypatch.context() as patch:
            patch.setattr(getattr(lock, module), name, refuse)
            with pytest.raises(StorageError, match="Read-only"):
                SweepLock.acquire(layout)
        assert layout.locks() == []
        SweepLock.acquire(layout).release()

    def test_a_lock_that_cannot_be_released_ends_with_its_process(
        self, layout: SweepLayout, full_disk: pytest.MonkeyPatch
    ) -> None:
        SweepLock.acquire(layout).release()
        assert holder(layout) is not None


class TestAnotherProcess:
    def test_is_named_with_what_to_do(
        self, layout: SweepLayout, driver: subprocess.Popen[str]
    ) -> None:
        with pytest.raises(SweepBusyError) as refusal:
            SweepLock.acquire(layout)
        for part in (f"process {driver.pid} on ", f"tuner stop {layout.root}", "one driver"):
            assert part in str(refusal.value)

    def test_that_was_killed_is_replaced_without_a_word(
        self, layout: SweepLayout, driver: subprocess.Popen[str]
    ) -> None:
        driver.kill()  # and not waited for: it is a zombie now, or about to be one
        deadline = time.monotonic() + 30
        while _alive(layout) and time.monotonic() < deadline:
            time.sleep(0.01)
        with SweepLock.acquire(layout) as held:
            assert (held.number, held.took_over) == (1, "")

    def test_that_got_the_pid_of_a_dead_one_is_no_driver(
        self, layout: SweepLayout, driver: subprocess.Popen[str], write_lock: Callable[..., Path]
    ) -> None:
        write_lock(machine=this_machine(), pid=driver.pid, started=1)
        found = holder(layout)
        assert found is not None
        assert not found.alive

    def test_whose_start_is_hidden_counts_as_alive(
        self, layout: SweepLayout, driver: subprocess.Popen[str], write_lock: Callable[..., Path]
    ) -> None:
        write_lock(machine=this_machine(), pid=driver.pid, started=None)
        assert _alive(layout)

    def test_a_process_of_another_user_is_alive(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(pid: int, signal: int) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "kill", refuse)
        assert this_process().runs()
        assert not Process(this_machine(), os.getpid(), 1).runs()


class TestAnotherHost:
    def test_that_was_heard_from_holds_it(
        self, layout: SweepLayout, write_lock: Callable[..., Path]
    ) -> None:
        write_lock(silent_s=20)
        with pytest.raises(SweepBusyError, match=r"process 1234 on far, heard from 2\d s ago"):
            SweepLock.acquire(layout)
        SweepLock.refuse_driven(layout)  # which is for what is certain

    def test_that_is_silent_for_a_minute_is_gone_and_that_is_said(
        self, layout: SweepLayout, write_lock: Callable[..., Path]
    ) -> None:
        write_lock(7, silent_s=61)
        with SweepLock.acquire(layout) as held:
            assert held.number == 8
            assert held.took_over.startswith("took over from process 1234 on far, which was not")
        assert layout.locks() == [layout.lock(8)]

    def test_whose_clock_is_ahead_holds_it(
        self, layout: SweepLayout, write_lock: Callable[..., Path]
    ) -> None:
        write_lock(silent_s=-3600)
        with pytest.raises(SweepBusyError, match="heard from 0 s ago"):
            SweepLock.acquire(layout)

    def test_silence_is_measured_by_the_clock_of_the_file_system(
        self,
        layout: SweepLayout,
        write_lock: Callable[..., Path],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        write_lock(silent_s=5)
        monkeypatch.setattr(time, "time", lambda: 4e9)  # this host's clock is decades ahead
        with pytest.raises(SweepBusyError, match="heard from 5 s ago"):
            SweepLock.acquire(layout)

    def test_beats_keep_it(self, layout: SweepLayout) -> None:
        clock = Clock(100.0)
        held = SweepLock.acquire(layout, clock=clock)
        path = layout.lock(0)
        os.utime(path, (1, 1))
        clock.now += 9.9
        held.beat()
        assert path.stat().st_mtime == 1
        clock.now += 0.2
        held.beat()
        assert path.stat().st_mtime > 1
        os.utime(path, (1, 1))
        held.beat()
        assert path.stat().st_mtime == 1

    def test_that_wakes_after_it_was_replaced_is_told_at_its_next_beat(
        self, layout: SweepLayout, write_lock: Callable[..., Path]
    ) -> None:
        clock = Clock(100.0)
        suspended = SweepLock.acquire(layout, clock=clock)
        write_lock(0, silent_s=61)  # as another host sees it
        with SweepLock.acquire(layout) as successor:
            clock.now += 11
            with pytest.raises(SweepBusyError, match=f"process {os.getpid()} on .* took over"):
                suspended.beat()
            suspended.release()
            found = holder(layout)
            assert found is not None
            assert found.number == successor.number
            assert len(layout.locks()) == 1


@pytest.mark.parametrize(
    "garbage",
    [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"pid": "x"}', b'{"host": "h", "pid": 3}'],
)
class TestGarbage:
    def test_counts_as_a_driver_until_it_is_a_minute_old(
        self, layout: SweepLayout, garbage: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lock, "_PAUSE_S", 0.0)
        _aged(layout.lock(0), garbage, 0)
        with pytest.raises(SweepBusyError, match=r"an unknown process.*try again in 60 s"):
            SweepLock.acquire(layout)

    def test_is_replaced_after_that(self, layout: SweepLayout, garbage: bytes) -> None:
        _aged(layout.lock(0), garbage, 61)
        with SweepLock.acquire(layout) as held:
            assert held.took_over.startswith("took over from an unknown process")


class TestRaces:
    def test_one_of_several_processes_gets_it(self, tmp_path: Path) -> None:
        """Some rounds begin without a lock, some with one that a dead process left."""
        rivals = [start(RACE, tmp_path) for _ in range(4)]
        try:
            assert [line_of(rival) for rival in rivals] == ["ready"] * 4
            for round_ in range(40):
                root = tmp_path / str(round_)
                root.mkdir()
                stale = round_ % 2
                if stale:
                    content = {"host": "h", "machine": this_machine(), "pid": 2**22, "started": 1}
                    SweepLayout(root).lock(3).write_text(json.dumps(content))
                for rival in rivals:
                    say(rival, str(round_))
                (root / "go").touch()
                answers = sorted(line_of(rival) for rival in rivals)
                assert answers == sorted(["busy"] * 3 + ["4" if stale else "0"])
        finally:
            for rival in rivals:
                end(rival)

    @pytest.mark.parametrize("others", [1, 2, 3])
    @pytest.mark.parametrize("last_holds", [True, False])
    def test_who_slept_after_looking_does_not_take_it_from_who_came_meanwhile(
        self,
        layout: SweepLayout,
        write_lock: Callable[..., Path],
        monkeypatch: pytest.MonkeyPatch,
        others: int,
        last_holds: bool,
    ) -> None:
        write_lock(3, silent_s=100)
        looked = lock.look
        awake: list[SweepLock] = []

        def sleep_after_looking(layout: SweepLayout, now: float) -> tuple[int, Holder | None]:
            found = looked(layout, now)
            monkeypatch.setattr(lock, "look", looked)
            for number in range(others):
                awake.append(SweepLock.acquire(layout))
                if number < others - 1 or not last_holds:
                    awake[-1].release()
            return found

        monkeypatch.setattr(lock, "look", sleep_after_looking)
        if last_holds:
            with pytest.raises(SweepBusyError):
                SweepLock.acquire(layout)
        else:
            late = SweepLock.acquire(layout)
            assert late.number == awake[-1].number + 1
        assert len(layout.locks()) == 1

    def test_a_lock_that_changes_hands_while_it_is_read(
        self, layout: SweepLayout, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = SweepLock.acquire(layout)
        highest = drivers.highest

        def pass_on(layout: SweepLayout) -> int:
            number = highest(layout)
            monkeypatch.setattr(drivers, "highest", highest)
            first.release()
            SweepLock.acquire(layout)
            return number

        monkeypatch.setattr(drivers, "highest", pass_on)
        found = holder(layout)
        assert found is not None
        assert found.number == 1


def _alive(layout: SweepLayout) -> bool:
    found = holder(layout)
    return found is not None and found.alive


def _state(folder: Path) -> dict[Path, tuple[int, int]]:
    stats = {path: path.stat() for path in folder.rglob("*")}
    return {path: (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}

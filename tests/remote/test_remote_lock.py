from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pyarrow.fs import LocalFileSystem

from tuner.errors import StorageError, SweepBusyError
from tuner.places import Uri
from tuner.store.remote import RemoteFolder
from tuner.store.remote_lock import RemoteLock, look


@pytest.fixture
def remote(tmp_path: Path) -> RemoteFolder:
    (tmp_path / "remote").mkdir()
    return RemoteFolder(Uri("mock://remote/sweep"), LocalFileSystem(), str(tmp_path / "remote"))


def as_if_elsewhere(remote: RemoteFolder, silent_s: float) -> None:
    """Make the last lock one of another machine, last heard from so long ago."""
    path = Path(remote.path, sorted(name for name in remote.files() if "driver" in name)[-1])
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "machine": "another", "host": "far"}))
    then = time.time() - silent_s
    os.utime(path, (then, then))


def test_one_driver_follows_the_other(remote: RemoteFolder) -> None:
    first = RemoteLock.acquire(remote, "staging-a")
    assert (first.number, first.predecessor, first.took_over) == (0, None, "")
    with pytest.raises(SweepBusyError, match=f"process {os.getpid()} on"):
        RemoteLock.acquire(remote, "staging-b")
    first.release()
    first.release()
    second = RemoteLock.acquire(remote, "staging-b")
    assert (second.number, second.predecessor) == (1, "staging-a")
    second.release()
    assert list(remote.files()) == ["driver-000001.lock"]
    assert remote.files("claims") == {}


def test_one_that_is_silent_elsewhere_is_gone(remote: RemoteFolder) -> None:
    first = RemoteLock.acquire(remote, "a")
    as_if_elsewhere(remote, silent_s=30.0)
    with pytest.raises(SweepBusyError, match="on far, heard from 30 s ago"):
        RemoteLock.acquire(remote, "b")
    as_if_elsewhere(remote, silent_s=61.0)
    second = RemoteLock.acquire(remote, "b")
    assert "on far, which was not heard from for 61 s" in second.took_over
    assert first.lost_to is None
    first.beat()
    assert first.lost_to == f"process {os.getpid()} on {os.uname().nodename}"
    first.release()
    assert look(remote, time.time())[1] is not None, "the successor keeps its lock"
    second.release()


def test_a_beat_is_heard(remote: RemoteFolder) -> None:
    lock = RemoteLock.acquire(remote, "a")
    as_if_elsewhere(remote, silent_s=50.0)
    lock.beat()
    _, holder = look(remote, time.time())
    assert holder is not None
    assert holder.pid == os.getpid()
    lock.release()


def test_who_does_not_find_itself_alone_withdraws(remote: RemoteFolder) -> None:
    remote.write("claims/other", b"")
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        assert set(remote.files("claims")) == {"claims/other"}, "its own claim is withdrawn"
        pauses.append(seconds)
        if len(pauses) == 3:
            remote.remove("claims/other")

    lock = RemoteLock.acquire(remote, "a", sleep=sleep)
    assert (lock.number, len(pauses)) == (0, 3)
    lock.release()


def test_the_claim_of_a_dead_process_does_not_last(remote: RemoteFolder) -> None:
    remote.write("claims/other", b"")
    then = time.time() - 61
    os.utime(Path(remote.path, "claims", "other"), (then, then))
    RemoteLock.acquire(remote, "a", sleep=pytest.fail).release()
    assert remote.files("claims") == {}


def test_of_many_at_once_one_gets_it(remote: RemoteFolder) -> None:
    ready, got, refused = threading.Barrier(6), [], []

    def try_it(name: str) -> None:
        ready.wait()
        try:
            got.append(RemoteLock.acquire(remote, name, sleep=lambda s: time.sleep(s / 20)))
        except SweepBusyError as busy:
            refused.append(busy)

    rivals = [threading.Thread(target=try_it, args=(str(n),)) for n in range(6)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    assert len(got) <= 1, "never two"
    assert len(got) + len(refused) == 6
    for lock in got:
        lock.release()


def test_a_store_that_is_away_is_said(remote: RemoteFolder, monkeypatch: Any) -> None:
    def away(*_: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(RemoteFolder, "_write", away)
    with pytest.raises(StorageError, match="cannot write mock://remote/sweep: no route to host"):
        RemoteLock.acquire(remote, "a")

"""What is read of a sweep at a URI: a beginning of it, whoever writes or reads meanwhile."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from mirrored import Driver, Flaky, Seen, Witness, seen
from scripted import SCRIPT, Step, frames, new_layout, perform

import tuner
from tuner.errors import StorageError
from tuner.places import Uri, place_of
from tuner.store import SweepLayout, copies
from tuner.store.copies import copy_folder, download
from tuner.store.remote import RemoteFolder

MEMORY = "memory://results/s"  # of fsspec: pyarrow does not know it


class Busy(Flaky):
    """A remote to which a driver uploads while somebody else reads from it."""

    driver: Driver
    steps: Iterator[Step]
    reads = 0

    def read(self, name: str) -> bytes:
        self.reads += 1
        if self.reads % 3 == 0:
            self.go_on()
        return super().read(name)

    def go_on(self) -> bool:
        steps = list(itertools.islice(self.steps, 1))
        perform(self.driver.writer, steps)
        self.driver.upload()
        return bool(steps)

    def begin(self, driver: Driver) -> None:
        self.driver, self.steps = driver, iter(SCRIPT)


def test_a_copy_is_whole_while_the_driver_uploads(tmp_path: Path, expected: Seen) -> None:
    remote = Busy(tmp_path / "remote")
    remote.begin(Driver(new_layout(tmp_path / "local"), remote))
    remote.driver.upload()
    copy = SweepLayout(tmp_path / "copy" / "s")
    lengths = []
    while remote.go_on():
        download(remote, copy)
        found = seen(copy)
        assert found == expected[: len(found)]
        tuner.load(copy.root).trials()
        lengths.append(len(found))
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 3


def test_a_copy_can_be_read_while_it_is_brought_up_to_date(
    tmp_path: Path, expected: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = Flaky(tmp_path / "remote")
    copy = SweepLayout(tmp_path / "copy" / "s")
    driver = Driver(new_layout(tmp_path / "local"), remote)
    replace, looks = Path.replace, []

    def look_first(self: Path, target: Path) -> Path:
        if copy.root in target.parents and copy.spec_file.exists():
            found = seen(copy)
            assert found == expected[: len(found)]
            looks.append(len(found))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", look_first)
    for number, step in enumerate(SCRIPT):
        perform(driver.writer, [step])
        driver.upload()
        if number % 4 == 0:
            download(remote, copy)
    assert looks == sorted(looks)
    assert looks[-1] > 5


def test_what_did_not_change_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = Flaky(tmp_path / "remote")
    driver = Driver(new_layout(tmp_path / "local"), remote)
    driver.carry_out(9)
    driver.upload()
    copy = SweepLayout(tmp_path / "copy" / "s")
    download(remote, copy)
    monkeypatch.setattr(remote, "read", pytest.fail)
    download(remote, copy)


def test_a_sweep_is_followed_at_a_uri(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(copies, "_FRESH_FOR_S", 0.0)
    uri = place_of(MEMORY)
    assert isinstance(uri, Uri)
    remote = RemoteFolder(uri)
    driver = Driver(new_layout(tmp_path / "local"), remote)
    try:
        driver.upload()
        sweep = tuner.load(MEMORY)
        assert (sweep.name, str(sweep.place), sweep.path) == ("s", MEMORY, copy_folder(uri))
        for step in SCRIPT:
            perform(driver.writer, [step])
            driver.upload()
            assert len(sweep.reports(all_attempts=True)) == len(
                tuner.load(driver.layout.root).reports(all_attempts=True)
            )
        for name, frame in frames(driver.layout).items():
            assert frame.equals(frames(SweepLayout(sweep.path))[name]), name
        remote.write("checkpoints/a/checkpoint_000001/state.pt", b"12345")
        assert sweep.checkpoints() == {"a/checkpoint_000001": 5}
    finally:
        remote.clear()
    with pytest.raises(StorageError, match="no sweep in memory://results/s"):
        tuner.load(MEMORY)


@pytest.mark.parametrize("disk", ["kept", "lost"])
def test_a_witness_sees_what_is_missing(tmp_path: Path, expected: Seen, disk: str) -> None:
    """The tests of this room would fail: a remote without its journal is not a beginning."""
    remote = Flaky(tmp_path / "remote")
    driver = Driver(new_layout(tmp_path / "local"), remote)
    driver.carry_out(7)
    driver.upload()
    if disk == "lost":
        for name in remote.files("reports"):
            remote.remove(name)
    else:
        remote.write("sweep.json", json.dumps({"schema_version": 99}).encode())
    with pytest.raises((AssertionError, StorageError)):
        Witness(remote, expected, tmp_path).look()

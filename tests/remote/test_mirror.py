"""Whatever fails in uploading, what is at the remote is the sweep up to some record."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest
from mirrored import Driver, Flaky, Seen, Witness, downloaded, seen
from scripted import frames, new_layout

from tuner.store import write_spec
from tuner.store.past import PastTrial, read_past_trials, write_past_trials


@pytest.mark.parametrize("every", [1, 3, 7])
def test_a_remote_can_be_read_at_every_moment(tmp_path: Path, expected: Seen, every: int) -> None:
    remote = Flaky(tmp_path / "remote")
    witness = Witness(remote, expected, tmp_path)
    driver = Driver(new_layout(tmp_path / "local"), remote)
    driver.carry_out(every)
    driver.writer.close()
    assert driver.upload()
    witness.look()
    assert witness.reached == len(expected)
    assert remote.files("journal") == {}
    assert not list(driver.outbox._folder.iterdir())


def test_whatever_upload_fails_the_next_one_makes_good(tmp_path: Path, expected: Seen) -> None:
    for number in itertools.count(0, 5):
        folder = tmp_path / str(number)
        folder.mkdir()
        remote = Flaky(folder / "remote")
        remote.fails_at = range(number, number + 1)
        witness = Witness(remote, expected, folder)
        driver = Driver(new_layout(folder / "local"), remote)
        driver.carry_out(5)
        driver.writer.close()
        driver.upload()
        assert driver.upload()
        witness.look()
        assert witness.reached == len(expected)
        if remote.operations <= number:
            break
        shutil.rmtree(folder)
    assert number > 20


@pytest.mark.parametrize("disk", ["kept", "lost"])
def test_a_driver_that_dies_at_any_upload_can_be_followed_by_another(
    tmp_path: Path, expected: Seen, disk: str
) -> None:
    for number in itertools.count(3, 4):  # before, there is nothing yet
        folder = tmp_path / str(number)
        folder.mkdir()
        remote = Flaky(folder / "remote")
        remote.fails_at = range(number, 10**6)
        witness = Witness(remote, expected, folder)
        driver = Driver(new_layout(folder / "local"), remote)
        driver.carry_out(4)
        driver.writer._journal.close()  # the process is gone, and with it what it had in memory
        if remote.operations <= number:
            break
        remote.fails_at = None
        layout = driver.layout
        if disk == "lost":
            layout = downloaded(remote, folder / "elsewhere")
        before = seen(layout)
        follower = Driver(layout, remote, existing=True)
        follower.upload()
        witness.look()
        follower.writer.close()
        assert follower.upload()
        witness.look()
        assert witness.reached == len(before) >= (len(expected) if disk == "kept" else 1)
        shutil.rmtree(folder)
    assert number > 20


def test_a_copy_says_what_the_folder_says(tmp_path: Path) -> None:
    remote = Flaky(tmp_path / "remote")
    driver = Driver(new_layout(tmp_path / "local"), remote)
    driver.carry_out(3)
    assert driver.upload()
    copy = downloaded(remote, tmp_path / "copy")
    for name, frame in frames(driver.layout).items():
        assert frame.equals(frames(copy)[name]), name


def test_what_did_not_change_is_not_uploaded_again(tmp_path: Path) -> None:
    remote = Flaky(tmp_path / "remote")
    driver = Driver(new_layout(tmp_path / "local"), remote)
    driver.carry_out(1)
    assert driver.upload()
    before = remote.operations
    assert driver.upload()
    assert remote.operations == before


def test_that_a_sweep_ended_is_told_after_everything_else(tmp_path: Path) -> None:
    remote = Flaky(tmp_path / "remote")
    driver = Driver(new_layout(tmp_path / "local"), remote)
    driver.carry_out(30)
    driver.writer.close()
    write_spec(driver.layout, {"spec": {"metric": "loss", "mode": "min", "time_attr": "epoch"}})
    written: list[str] = []
    write = remote.write
    remote.write = lambda name, content: (written.append(name), write(name, content))[1]  # type: ignore[method-assign,func-returns-value]
    assert driver.upload()
    assert written[-1] == "sweep.json"
    assert written[-2] == "trials.parquet"
    assert written[0].startswith("journal/")


def test_what_a_searcher_learned_first_is_at_the_remote_too(tmp_path: Path) -> None:
    past = [PastTrial("s3://b/earlier", "t1", {"lr": 0.1}, False, [1.0], [[0.5]])]
    remote = Flaky(tmp_path / "remote")
    driver = Driver(new_layout(tmp_path / "local"), remote)
    write_past_trials(driver.layout.warm_start_file, past)
    assert driver.upload()
    assert read_past_trials(downloaded(remote, tmp_path / "copy").warm_start_file) == past

"""Sweeps at a URI: run, killed, resumed, read, on a server that speaks S3."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow.fs import FileSelector, FileSystem
from sweeping import make_scenario
from test_resume import SCENARIO

import tuner
from tuner.errors import StorageError, SweepBusyError, SweepExistsError
from tuner.places import Uri, place_of
from tuner.store import staging, write_spec
from tuner.store.copies import staging_folder
from tuner.store.remote import RemoteFolder
from tuner.store.remote_lock import RemoteLock
from tuner.store.staging import StagedFolder

SECRET = b"hush-hush"
ONE_WORKER: dict[str, Any] = {"resources": {"cpu": 2, "gpu": 1}, "progress": "none", "seed": 4}

DRIVER = """
import sys, tuner
from tuner.store import staging
uri, address, scenario, cache = sys.argv[1:]
staging._UPLOAD_EVERY_S = 0.2
tuner.run(scenario, storage_path=uri, name="s", seed=5, address=address, progress="none",
          scheduler="hyperband", searcher="random", num_samples=9, resources={"cpu": 2, "gpu": 1},
          checkpoint_frequency=1)
"""


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "_UPLOAD_EVERY_S", 0.2)
    monkeypatch.setattr(staging, "_LAST_TRIES_AFTER_S", (0.0,))


def objects(uri: str) -> Iterator[tuple[str, bytes]]:
    filesystem, path = FileSystem.from_uri(uri)
    for info in filesystem.get_file_info(FileSelector(path, recursive=True)):
        if info.is_file:
            with filesystem.open_input_file(info.path) as file:
                yield info.path.removeprefix(path + "/"), file.read()


def learned(sweep: tuner.Sweep) -> Iterator[Any]:
    yield sweep.trials()[["trial_id", "outcome", "config/x", "config/lr", "iterations"]]
    yield sweep.reports()[["trial_id", "training_iteration", "epoch", "loss"]]
    yield sweep.decisions()[["trial_id", "training_iteration", "decision", "reason"]]


def assert_no_secret_in(folder: Path) -> None:
    for file in folder.rglob("*"):
        assert not file.is_file() or SECRET not in file.read_bytes(), file


@pytest.mark.usefixtures("one_process")
def test_a_sweep_at_a_uri_is_the_one_it_would_be_in_a_folder(
    ray_cluster: str, bucket: str, tmp_path: Path, own_cache: Path, capfd: Any
) -> None:
    options: dict[str, Any] = {
        **ONE_WORKER,
        "scheduler": "hyperband",
        "searcher": "random",
        "num_samples": 9,
        "keep_checkpoints": 2,
        "address": ray_cluster,
        "name": "s",
    }
    folder = tuner.run(make_scenario(), storage_path=f"file://{tmp_path}/local", **options)
    options["progress"] = "lines"
    remote = tuner.run(make_scenario(), storage_path=bucket, **options)
    assert folder.path == tmp_path / "local" / "s"
    for there, here in zip(learned(remote), learned(folder), strict=True):
        assert there.equals(here)
    assert remote.state["status"] == "finished"
    assert remote.name == "s"

    uri = place_of(bucket) / "s"
    assert isinstance(uri, Uri)
    found = dict(objects(uri.secret))
    kept = {name.rpartition("/")[0] for name in found if name.startswith("checkpoints/")}
    local = {str(path.relative_to(folder.path)) for path in folder.path.glob("checkpoints/*/c*")}
    assert {name for name in kept if name.count("/") == 2} == local
    assert len(local) == 2
    assert not [name for name in found if name.startswith(("journal/", "claims/"))]
    assert not staging_folder(uri).exists()
    assert not [name for name, content in found.items() if SECRET in content]
    assert_no_secret_in(own_cache)
    assert "hush" not in "".join(capfd.readouterr())
    assert "hush" not in repr(remote) + str(remote.place)

    with pytest.raises(SweepExistsError, match="not empty"):
        tuner.run(make_scenario(), storage_path=bucket, **options)
    longer = tuner.resume(uri.secret, scenario=make_scenario(), num_samples="+2", progress="none")
    assert len(longer.trials()) == 11
    assert tuner.load(uri.secret).state["status"] == "finished"


@pytest.mark.parametrize("disk", ["kept", "lost"])
def test_a_killed_driver_can_be_followed_by_one_elsewhere(
    ray_cluster: str, bucket: str, tmp_path: Path, own_cache: Path, disk: str
) -> None:
    (tmp_path / "descent.py").write_text(SCENARIO)
    uri = f"{bucket.partition('?')[0]}/s?{bucket.partition('?')[2]}"
    command = [sys.executable, "-c", DRIVER, bucket, ray_cluster, str(tmp_path / "descent.py"), ""]
    process = subprocess.Popen(command, start_new_session=True)
    while count_reports(uri) < 8:
        assert process.poll() is None
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = tuner.load(uri).reports(all_attempts=True)
    if disk == "lost":
        shutil.rmtree(own_cache)
    sweep = tuner.resume(uri, progress="none")
    after = sweep.reports(all_attempts=True)
    key = ["trial_id", "attempt", "training_iteration"]
    assert not after.duplicated(key).any()
    assert len(after.merge(before[[*key, "loss"]], on=[*key, "loss"])) == len(before)
    assert sweep.state["status"] == "finished"
    assert len(sweep.trials()) == 9
    assert set(sweep.trials().status) == {"TERMINATED"}


def count_reports(uri: str) -> int:
    try:
        return len(tuner.load(uri).reports())
    except StorageError:  # there is none yet
        return 0


@pytest.mark.usefixtures("one_process")
def test_what_cannot_be_uploaded_stays_here_and_is_uploaded_by_resume(
    ray_cluster: str, bucket: str, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    uri = place_of(bucket) / "s"
    assert isinstance(uri, Uri)
    write = RemoteFolder.write

    def away(self: RemoteFolder, name: str, content: bytes | Path) -> None:
        if "parquet" in name:
            raise StorageError(f"cannot write {self}: it is away")
        write(self, name, content)

    monkeypatch.setattr(RemoteFolder, "write", away)
    with pytest.raises(StorageError, match="could not be uploaded") as refusal:
        tuner.run(
            make_scenario(), storage_path=bucket, name="s", num_samples=3, address=ray_cluster,
            **ONE_WORKER | {"progress": "lines"},
        )  # fmt: skip
    assert str(staging_folder(uri)) in str(refusal.value)
    assert "hush" not in str(refusal.value)
    assert "the sweep goes on" in capfd.readouterr().err
    assert len(tuner.load(staging_folder(uri)).trials()) == 3

    monkeypatch.setattr(RemoteFolder, "write", write)
    sweep = tuner.resume(uri, scenario=make_scenario(), progress="none")
    assert len(sweep.trials()) == 3
    assert not staging_folder(uri).exists()


def test_a_sweep_that_is_driven_is_left_alone(bucket: str) -> None:
    uri = place_of(bucket) / "s"
    assert isinstance(uri, Uri)
    remote = RemoteFolder(uri)
    remote.write("sweep.json", b'{"schema_version": 2, "spec": {}}')
    lock = RemoteLock.acquire(remote, "elsewhere")
    with pytest.raises(SweepBusyError, match="driven by process"):
        tuner.resume(uri.secret)
    lock.release()
    with pytest.raises(StorageError, match="damaged"):
        tuner.resume(uri.secret)


def test_a_sweep_that_went_on_elsewhere_is_taken_from_there(
    bucket: str, own_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uri = place_of(bucket) / "s"
    assert isinstance(uri, Uri)
    for cache, text in ((own_cache, "here"), (tmp_path / "elsewhere", "there"), (own_cache, "")):
        monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
        make = StagedFolder.create if text == "here" else StagedFolder.open
        folder = make(uri)
        assert folder.layout.root.is_relative_to(cache)
        said: list[str] = []
        folder.lock(said.append)
        if text == "here":
            write_spec(folder.layout, {"spec": {}})
        if text:
            folder.layout.notes_file.write_text(text)
            folder.tick()
            while not (folder._upload and folder._upload.has_ended):
                time.sleep(0.01)
        else:
            assert folder.layout.notes_file.read_text() == "there"
            assert "went on elsewhere" in said[0]
            assert Path(said[0].split()[-1], "notes.jsonl").read_text() == "here"
        folder.release()


def test_what_is_no_sweep_is_left_as_it_is(bucket: str) -> None:
    uri = place_of(bucket)
    assert isinstance(uri, Uri)
    RemoteFolder(uri).write("a.txt", b"x")
    with pytest.raises(StorageError, match="no sweep in s3:"):
        tuner.resume(bucket)
    assert [name for name, _ in objects(bucket)] == ["a.txt"]


def test_a_uri_that_leads_nowhere_says_so_without_its_credentials(s3_server: str) -> None:
    for call in (tuner.load, tuner.resume):
        with pytest.raises(StorageError, match="no sweep in s3://none/x") as refusal:
            call(f"s3://user:hush-hush@none/x?{s3_server}")
        assert "hush" not in str(refusal.value)

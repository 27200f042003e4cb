"""What runs on a node: without tuner there, against real folders and broken trainables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ray import cloudpickle

from tuner.errors import StorageError
from tuner.runtime import node_probe
from tuner.runtime.shared_folder import SharedFolder
from tuner.scenario.transport import send_by_value

WITHOUT_TUNER = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tuner":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refuse())
from ray import cloudpickle
vet, versions = cloudpickle.load(open(sys.argv[1], "rb"))
said = vet(None, cloudpickle.dumps(len), {"json": "json.py"})
assert said == {"storage": None, "load_error": ""}, said
assert versions()["tuner"] is None
print(versions()["tuner_error"])
"""


def test_it_runs_where_tuner_is_missing(tmp_path: Path) -> None:
    send_by_value(node_probe)
    pickled = tmp_path / "probe"
    pickled.write_bytes(cloudpickle.dumps((node_probe.vet, node_probe._versions)))

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TUNER, str(pickled)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert done.stdout == "ModuleNotFoundError: No module named 'tuner'\n"


def seen_by(folder: SharedFolder, /, **changed: Any) -> tuple[bool, bool, str]:
    seen = node_probe._see_storage(**folder.request("n2") | changed)
    sight = folder.sight("n2", seen)
    return sight.read, sight.written, sight.error


def test_a_shared_folder_is_read_and_written(tmp_path: Path) -> None:
    with SharedFolder(tmp_path) as folder:
        assert seen_by(folder) == (True, True, "")
        assert not folder.sight("n3", {"read": True, "error": ""}).written
    assert not list(tmp_path.iterdir())


def test_another_file_system_lacks_the_folder(tmp_path: Path) -> None:
    with SharedFolder(tmp_path / "here") as folder:
        (tmp_path / "there").mkdir()
        assert seen_by(folder, folder=str(tmp_path / "there" / "x")) == (False, False, "")
        assert not list((tmp_path / "there").iterdir()), "a node makes no folder"


def test_a_file_of_that_name_with_something_else_in_it(tmp_path: Path) -> None:
    with SharedFolder(tmp_path / "here") as folder:
        (tmp_path / "there").mkdir()
        (tmp_path / "there" / folder.request("n2")["marker"]).write_text("left behind")
        assert seen_by(folder, folder=str(tmp_path / "there")) == (False, False, "")


def test_what_a_file_system_says(tmp_path: Path) -> None:
    with SharedFolder(tmp_path) as folder:
        request = folder.request("n2")
        (Path(request["folder"]) / node_probe.file_of("n2")).mkdir()
        read, written, error = seen_by(folder)
    assert (read, written) == (True, False)
    assert "irectory" in error
    assert "\n" not in error


def test_a_driver_that_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"must be writable, and .*file"):
        SharedFolder(tmp_path / "file" / "results")


def test_a_trainable_that_cannot_be_loaded(tmp_path: Path) -> None:
    broken = b"cnot_installed_anywhere\ntrain\n."

    missing = "ModuleNotFoundError: No module named 'not_installed_anywhere'"
    assert node_probe._load_error(broken, {}) == missing
    assert node_probe._load_error(cloudpickle.dumps(len), {"json": "json.py"}) == ""
    beside = tmp_path / "not_installed_anywhere.py"
    modules = {"not_installed_anywhere": str(beside)}
    assert node_probe._load_error(cloudpickle.dumps(len), modules) == missing
    beside.touch()  # on a folder that the nodes share
    assert node_probe._load_error(cloudpickle.dumps(len), modules) == ""


def test_ports_that_only_this_machine_reaches() -> None:
    local = ["127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"]
    assert all(node_probe._is_loopback(each) for each in local)
    assert not any(node_probe._is_loopback(each) for each in ("0.0.0.0", "::", "10.77.0.1"))

"""The verbs of the command line on sweeps at a URI."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mirrored import Driver
from scripted import new_layout

from tuner.cli import main
from tuner.places import Uri, place_of
from tuner.store import write_spec
from tuner.store.remote import RemoteFolder

Call = Callable[[str], tuple[int, str, str]]

SPEC: dict[str, Any] = {
    "name": "s", "storage_path": "x", "scenario": "scripted", "source": None, "space": {},
    "metric": "loss", "mode": "min", "time_attr": "epoch", "max_t": 9, "grace_period": 1,
    "scheduler": "fifo", "searcher": "random", "seed": 1, "resources": {},
}  # fmt: skip


@pytest.fixture
def stored(bucket: str, tmp_path: Path) -> str:
    """The URI of a storage folder with one sweep, ``s``, and something else."""
    uri = place_of(bucket) / "s"
    assert isinstance(uri, Uri)
    remote = RemoteFolder(uri)
    driver = Driver(new_layout(tmp_path / "local"), remote)
    driver.carry_out(50)
    write_spec(driver.layout, {"spec": SPEC, "status": "finished", "started": 1.0, "ended": 2.0})
    assert driver.upload()
    other = place_of(bucket) / "other"
    assert isinstance(other, Uri)
    RemoteFolder(other).write("notes.txt", b"no sweep")
    return bucket


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def run(line: str) -> tuple[int, str, str]:
        code = main(shlex.split(line))
        out, err = capsys.readouterr()
        assert "hush" not in out + err
        return code, out, err

    return run


def test_the_reading_verbs_take_a_uri(stored: str, call: Call) -> None:
    sweep = f"'{place_of(stored).secret.replace('results?', 'results/s?')}'"  # type: ignore[union-attr]
    code, out, _ = call(f"ls '{stored}' --json")
    assert (code, [each["name"] for each in json.loads(out)]) == (0, ["s"])
    assert json.loads(out)[0]["path"].startswith("s3://b")
    code, out, _ = call(f"show {sweep} --json")
    assert (code, json.loads(out)["trials"]["total"]) == (0, 3)
    assert json.loads(out)["checkpoints"] == {"number": 0, "bytes": 0}
    assert call(f"best {sweep}")[0] == 0
    assert "saved at iteration" in call(f"logs {sweep} --reports")[1]
    code, out, _ = call(f"export {sweep} --table reports --to csv")
    assert (code, len(out.splitlines())) == (0, 9)


@pytest.mark.parametrize("verb", ["stop {}", "note {} words"])
def test_what_a_folder_must_take_is_refused(stored: str, call: Call, verb: str) -> None:
    code, _, err = call(verb.format(f"'{stored}'"))
    assert (code, err.count("\n")) == (2, 1)
    assert "staging folder" in err

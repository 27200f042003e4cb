"""``tuner submit``: the options of ``run`` become a job, whose log is followed."""

from __future__ import annotations

import json
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main

import tuner.submission
from tuner.cli.app import app
from tuner.errors import SweepFailedError

Command = Callable[..., Any]
STORED = ("--storage-path", "/shared/results")


class FakeServer:
    """Keeps what is submitted, and ends as it is told to."""

    def __init__(self) -> None:
        self.address = "http://head:8265"
        self.ends: int | BaseException = 0
        self.submitted = False

    def __call__(self, address: str | None) -> FakeServer:
        self.asked_for = address
        return self

    def submit(
        self, entrypoint: str, submission_id: str, archive: Path, environment: Mapping[str, str]
    ) -> None:
        self.submitted = True
        self.entrypoint, self.submission_id = entrypoint, submission_id
        self.environment = environment
        with zipfile.ZipFile(archive) as package:
            self.files = {name: package.read(name).decode() for name in package.namelist()}
        self.launch = tomllib.loads(self.files["tuner-job.toml"])

    def follow(self, submission_id: str, show: Callable[[str], None]) -> None:
        show(f"log of {submission_id}\n")
        if isinstance(self.ends, BaseException):
            raise self.ends

    def exit_code(self, submission_id: str) -> int:
        assert isinstance(self.ends, int)
        return self.ends


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    fake = FakeServer()
    monkeypatch.setattr(tuner.submission, "JobServer", fake)
    return fake


def test_options_of_run_become_a_launch_file(tuner_command: Command, server: FakeServer) -> None:
    done = tuner_command(
        "submit", "digits_mlp", *STORED, "--num-samples", "8", "--time-budget", "10m",
        "--gpus-per-trial", "0.25", "--name", "first", "--tag", "a", "--fail-fast",
        "--address", "http://other:1",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert server.asked_for == "http://other:1"
    assert server.launch == {
        "scenario": "digits_mlp", "address": "auto", "storage_path": "/shared/results",
        "num_samples": 8, "time_budget_s": 600.0, "resources": {"gpu": 0.25}, "name": "first",
        "tags": ["a"], "fail_fast": True, "progress": "lines",
    }  # fmt: skip
    assert server.entrypoint == "tuner run tuner-job.toml"
    assert int(server.environment["RAY_JOB_STOP_WAIT_TIME_S"]) > 60
    assert done.out == f"log of {server.submission_id}\n"
    assert f"submitted {server.submission_id} to http://head:8265" in done.err
    assert "tuner show /shared/results/first" in done.err


def test_a_scenario_file_goes_with_its_neighbours(
    tuner_command: Command, server: FakeServer, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text("import model")
    (tmp_path / "model.py").write_text("")
    (tmp_path / "points.json").write_text('[{"norm": null}]')
    (tmp_path / "first.toml").write_text('scenario = "mine.py"\nseed = 3\nnum_samples = 4\n')
    done = tuner_command(
        "submit", "first.toml", *STORED, "--seed", "5", "--points-to-evaluate", "points.json"
    )
    assert done.code == 0, done.err
    assert {"mine.py", "model.py", "tuner-job.toml"} <= set(server.files)
    assert server.launch["scenario"] == "mine.py"
    assert (server.launch["seed"], server.launch["num_samples"]) == (5, 4)
    assert server.launch["name"].startswith("mine-")
    assert json.loads(server.files["tuner-job-points.json"]) == [{"norm": None}]
    assert (
        server.entrypoint == "tuner run tuner-job.toml --points-to-evaluate tuner-job-points.json"
    )


def test_what_is_sent_is_what_run_would_read(
    tuner_command: Command, server: FakeServer, tmp_path: Path
) -> None:
    """A job's launch file, in a folder of its own, resolves to the sweep that was asked for."""
    from tuner import resolve
    from tuner.cli.launch_file import read_launch_file

    arguments = ("digits_mlp", *STORED, "--seed", "1", "--scheduler", "asha", "--name", "x",
                 "--gpus-per-trial", "auto")  # fmt: skip
    assert tuner_command("submit", *arguments).code == 0
    (tmp_path / "job").mkdir()
    file = tmp_path / "job" / "launch.toml"
    file.write_text(server.files["tuner-job.toml"])
    given = read_launch_file(file)
    asked = resolve("digits_mlp", storage_path="/shared/results", seed=1, scheduler="asha",
                    name="x", address="auto", resources={"gpu": "auto"})  # fmt: skip
    assert resolve(**given) == asked


@pytest.mark.parametrize("code", [1, 3, 130])
def test_it_ends_as_the_sweep_does(code: int, tuner_command: Command, server: FakeServer) -> None:
    server.ends = code
    assert tuner_command("submit", "digits_mlp", *STORED).code == code


def test_ctrl_c_leaves_the_job_alone(tuner_command: Command, server: FakeServer) -> None:
    server.ends = KeyboardInterrupt()
    done = tuner_command("submit", "digits_mlp", *STORED)
    where = f"--address http://head:8265 {server.submission_id}"
    assert done.code == 130
    assert f"ray job logs --follow {where}" in done.err
    assert f"ray job stop {where}" in done.err


def test_a_connection_that_breaks_says_how_to_go_on(
    tuner_command: Command, server: FakeServer
) -> None:
    server.ends = SweepFailedError("could not follow a job")
    done = tuner_command("submit", "digits_mlp", *STORED)
    assert done.code == 1
    assert "ray job logs --follow" in done.err
    assert "error: could not follow a job" in done.err


def test_without_waiting(tuner_command: Command, server: FakeServer) -> None:
    done = tuner_command("submit", "digits_mlp", *STORED, "--no-wait")
    assert (done.code, done.out) == (0, "")
    assert "ray job logs --follow" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits_mlp",), "--storage-path of a job is a URI or a path from the root"),
        (("digits_mlpp", *STORED), "did you mean 'digits_mlp'"),
        (("digits_mlp", *STORED, "--scheduler", "ashaa"), "did you mean 'asha'"),
        (("yours.py", *STORED), "yours.py is not there"),
        (("digits_mlp", *STORED, "--num-cpus", "4"), "unknown option '--num-cpus'"),
    ],
)
def test_nothing_is_sent_that_cannot_work(
    arguments: tuple[str, ...], message: str, tuner_command: Command, server: FakeServer
) -> None:
    done = tuner_command("submit", *arguments)
    assert done.code == 2
    assert message in done.err
    assert not server.submitted


def test_every_option_of_run_is_one_of_submit() -> None:
    verbs = typer.main.get_command(app).commands
    options = {verb: {each.name for each in verbs[verb].params} for verb in ("run", "submit")}
    assert options["run"] - options["submit"] == {"num_cpus", "num_gpus", "dry_run", "as_json"}
    assert options["submit"] - options["run"] == {"working_dir", "wait"}

"""The command itself, in a process of its own, with a real Ray."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import tuner

TUNER = [sys.executable, "-c", "import sys; from tuner.cli import main; sys.exit(main())"]

SCENARIO = '''
"""Descends, slowly if asked to."""
import os
import time

from ray import tune
import tuner


def train(config):
    for epoch in range(1, 10):
        time.sleep(float(os.environ.get("EPOCH_S", "0")))
        if config["x"] > 0.8 and epoch == 3:
            raise ValueError("x is too large")
        tune.report({"loss": (config["x"] - 0.3) ** 2 + 1 / epoch, "epoch": epoch})


SCENARIO = tuner.Scenario(
    name="descent",
    trainable=train,
    space={"x": tune.uniform(0, 1)},
    metric="loss",
    mode="min",
    time_attr="epoch",
    max_t=9,
)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "descent.py").write_text(SCENARIO)
    return tmp_path


def command(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TUNER, *words],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def start(folder: Path, *words: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*TUNER, *words],
        cwd=folder,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for_reports(sweep: Path, at_least: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if (sweep / "sweep.json").exists() and len(tuner.load(sweep).reports()) >= at_least:
            return
        time.sleep(0.2)
    raise AssertionError(f"no {at_least} reports in {sweep} after 90 s")


@pytest.mark.ray
def test_a_sweep_from_the_command_line_to_the_best_configuration(folder: Path) -> None:
    words = ("run", "descent.py", "--scheduler", "fifo", "--num-samples", "8", "--seed", "1")
    words = (*words, "--name", "first")
    done = command(folder, *words, "--num-cpus", "2", "--json")
    assert done.returncode == 3, done.stderr  # some x are above 0.8
    result = json.loads(done.stdout)
    assert (result["status"], result["exit_code"]) == ("finished", 3)
    sweep = tuner.load(folder / "results" / "first")
    assert result["best"][0]["config"] == sweep.best().config
    assert set(sweep.trials().outcome) >= {"failed", "completed"}
    assert "ValueError: x is too large" in done.stderr
    assert "Traceback" not in done.stderr

    best = command(folder, "best", "first", "-n", "2", "--json")
    assert [row["trial_id"] for row in json.loads(best.stdout)] == [
        trial.trial_id for trial in sweep.best(2)
    ]
    assert "first" in command(folder, "ls").stdout
    assert "x is too large" in command(folder, "show", "first").stdout
    again = command(folder, *words)
    assert again.returncode == 2
    assert "never overwrites" in again.stderr


@pytest.mark.ray
def test_ctrl_c_stops_cleanly_with_what_was_done_saved(folder: Path) -> None:
    process = start(
        folder, "run", "descent.py", "--num-samples", "500", "--name", "cut", EPOCH_S="0.2"
    )
    sweep = folder / "results" / "cut"
    wait_for_reports(sweep, 5)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "Traceback" not in output
    stored = tuner.load(sweep)
    assert stored.state["status"] == "interrupted"
    assert set(stored.trials().status) <= {"TERMINATED", "ERROR"}
    assert "interrupted" in set(stored.trials().outcome)
    reports = stored.reports()
    assert len(reports) >= 5
    assert not reports.duplicated(["trial_id", "attempt", "training_iteration"]).any()


@pytest.mark.ray
def test_a_killed_driver_leaves_a_readable_sweep(folder: Path) -> None:
    process = start(
        folder, "run", "descent.py", "--num-samples", "500", "--name", "dead", EPOCH_S="0.1"
    )
    sweep = folder / "results" / "dead"
    wait_for_reports(sweep, 20)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    stored = tuner.load(sweep)
    assert stored.state["status"] == "running"
    assert len(stored.reports()) >= 20
    assert len(pd.read_parquet(sweep / "reports")) <= len(stored.reports())
    assert stored.best().value < 2

    ended = set(stored.trials().query("outcome == 'completed'").trial_id)
    done = command(folder, "resume", "dead", "--num-samples", "500", "--time-budget", "1s")
    assert "replaying the record" in done.stderr
    assert "start again, without one" in done.stderr or "none is run again" in done.stderr
    again = tuner.load(sweep)
    assert set(again.trials().query("outcome == 'completed'").trial_id) >= ended
    assert len(again.reports()) >= len(stored.reports())


def test_a_sweep_joins_a_running_cluster(folder: Path, ray_cluster: str) -> None:
    done = command(
        folder,
        "run",
        "descent.py",
        *("--address", ray_cluster, "--gpus-per-trial", "0.25", "--cpus-per-trial", "0.5"),
        *("--num-samples", "4", "--name", "joined", "--progress", "none", "--json"),
    )
    assert done.returncode in (0, 3), done.stdout + done.stderr
    sweep = tuner.load(folder / "results" / "joined")
    assert set(sweep.trials().gpu) == {0.25}
    refused = command(
        folder, "run", "descent.py", "--address", ray_cluster, "--gpus-per-trial", "2"
    )
    assert refused.returncode == 2
    assert "no node has gpu=2 (most on one node: 1)" in refused.stderr.replace("\n", " ")


@pytest.mark.ray
def test_an_address_where_no_ray_answers_is_an_error(folder: Path) -> None:
    done = command(folder, "run", "descent.py", "--address", "127.0.0.1:1")
    assert done.returncode == 1
    assert "could not join Ray at '127.0.0.1:1'" in done.stderr
    assert not (folder / "results").exists() or not any((folder / "results").iterdir())

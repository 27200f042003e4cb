"""A sweep that runs in one process, followed and steered from others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import tuner
from tuner.store import SweepLayout
from tuner.store.drivers import holder

TUNER = [sys.executable, "-c", "import sys; from tuner.cli import main; sys.exit(main())"]

SCENARIO = '''
"""Descends, slowly."""
import time

from ray import tune
import tuner


def train(config):
    for epoch in range(1, 1000):
        time.sleep(0.1)
        tune.report({"loss": config["x"] + 1 / epoch, "epoch": epoch})


SCENARIO = tuner.Scenario(
    name="slow",
    trainable=train,
    space={"x": tune.uniform(0, 1)},
    metric="loss",
    mode="min",
    time_attr="epoch",
    max_t=1000,
)
'''


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """``tuner run`` of a sweep called ``live`` that would take hours."""
    (tmp_path / "slow.py").write_text(SCENARIO)
    words = ("run", "slow.py", "--scheduler", "fifo", "--searcher", "random", "--name", "live")
    process = subprocess.Popen(
        [*TUNER, *words, "--num-cpus", "2", "--progress", "none"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while "t000001  epoch" not in said(tmp_path, "logs", "live", "--reports"):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def ask(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TUNER, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def said(folder: Path, *words: str) -> str:
    return ask(folder, *words).stdout


@pytest.mark.ray
def test_a_sweep_is_followed_and_stopped_from_another_process(
    driver: subprocess.Popen[str], tmp_path: Path
) -> None:
    found = holder(SweepLayout(tmp_path / "results" / "live"))
    assert found is not None
    assert (found.pid, found.alive) == (driver.pid, True)

    second = ask(tmp_path, "resume", "live")
    assert second.returncode == 2
    assert f"process {driver.pid} on {found.host}" in second.stderr

    snapshot = json.loads(said(tmp_path, "watch", "live", "--once", "--json"))
    assert snapshot["standing"] == "running"
    assert snapshot["counts"]["RUNNING"] == 2

    assert said(tmp_path, "stop", "live", "--trial", "t000000") == "t000000 stops\n"
    watched = ask(tmp_path, "watch", "live", "--trial", "t000000")  # until it has ended
    assert watched.returncode == 0
    told = said(tmp_path, "logs", "live", "--trial", "t000000")
    assert "asked for by" in told
    assert told.rstrip().endswith("ended: stopped")
    assert ask(tmp_path, "stop", "live", "--trial", "t000000").returncode == 2

    assert ask(tmp_path, "note", "live", "enough").returncode == 0
    follower = subprocess.Popen([*TUNER, "watch", "live"], cwd=tmp_path, stdout=subprocess.PIPE)
    assert said(tmp_path, "stop", "live") == "live stops\n"
    assert driver.wait(60) == 130
    follower.communicate(timeout=60)
    assert follower.returncode == 130
    assert tuner.load(tmp_path / "results" / "live").state["status"] == "interrupted"
    assert ask(tmp_path, "stop", "live").returncode == 2


@pytest.mark.ray
def test_a_killed_driver_is_missed(driver: subprocess.Popen[str], tmp_path: Path) -> None:
    os.killpg(driver.pid, signal.SIGKILL)
    watched = ask(tmp_path, "watch", "live")
    assert watched.returncode == 1
    assert "its driver is gone; go on with: tuner resume results/live" in watched.stderr
    stopped = ask(tmp_path, "stop", "live")
    assert stopped.returncode == 2
    assert "its driver is gone" in stopped.stderr
    told = said(tmp_path, "logs", "live", "--reports", "--json").splitlines()
    reports = [json.loads(line) for line in told if json.loads(line)["what"] == "report"]
    assert len(reports) == len(tuner.load(tmp_path / "results" / "live").reports()) > 0

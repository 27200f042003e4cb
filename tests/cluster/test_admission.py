"""Nodes with disks of their own: folders that are not shared, code that only the head has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ray_nodes import LocalCluster

from tuner import load

SCENARIO = """
import tuner
from ray import tune
from early_model import FACTOR

def train(config):
    from late_model import SHIFT
    tune.report({"epoch": 1, "loss": FACTOR * config["x"] + SHIFT})

SCENARIO = tuner.Scenario(
    name="two_files", trainable=train, space={"x": tune.uniform(0, 1)},
    metric="loss", mode="min", time_attr="epoch", max_t=1,
)
"""
pytestmark = pytest.mark.slow


def on_head(cluster: LocalCluster, *argv: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = cluster.command("n1", argv)
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def tuner(cluster: LocalCluster, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from tuner.cli import main; sys.exit(main())"
    return on_head(cluster, sys.executable, "-c", code, verb, *words, "--address", "auto")


@pytest.fixture
def own_disk(cluster: LocalCluster) -> Path:
    """A folder that only the head has."""
    folder = cluster.folder / "disk" / "own"
    assert on_head(cluster, "mkdir", "-p", str(folder)).returncode == 0
    return folder


def test_a_folder_that_is_not_shared_is_refused(cluster: LocalCluster, own_disk: Path) -> None:
    stored = ("--storage-path", str(own_disk / "results"), "--name", "x")
    refused = tuner(cluster, "run", "tabular", *stored, "--num-samples", "2")
    assert refused.returncode == 2
    assert "x is not shared with n2 (10.77.0.2), n3 (10.77.0.3)" in refused.stderr
    assert on_head(cluster, "ls", "-A", str(own_disk / "results")).stdout == "", "the name is free"


def test_what_lies_beside_a_scenario_reaches_other_nodes(
    cluster: LocalCluster, own_disk: Path
) -> None:
    files = {"mine.py": SCENARIO, "early_model.py": "FACTOR = 2", "late_model.py": "SHIFT = 1"}
    for name, source in files.items():
        on_head(cluster, "cp", "/dev/stdin", str(own_disk / name), given=source)
    done = tuner(
        cluster, "run", str(own_disk / "mine.py"), "--storage-path", str(cluster.shared),
        "--name", "two-files", "--num-samples", "4", "--arm", "fifo+random",
        "--cpus-per-trial", "2",  # the head has one
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    trials = load(cluster.shared / "two-files").trials()
    assert (trials["last/loss"] == 2 * trials["config/x"] + 1).all()
    assert set(trials["node"]) <= {"n2", "n3"}

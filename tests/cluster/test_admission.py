"""Nodes with disks of their own: folders that are not shared, code that only the head has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from clusters.driving import Drive
from clusters.work import Work
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


def tuner(cluster: LocalCluster, *words: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from tuner.cli import main; sys.exit(main())"
    return on_head(cluster, sys.executable, "-c", code, *words)


@pytest.fixture
def own_disk(cluster: LocalCluster) -> Path:
    """A folder that only the head has."""
    folder = cluster.folder / "disk" / "own"
    assert on_head(cluster, "mkdir", "-p", str(folder)).returncode == 0
    return folder


def test_a_folder_that_is_not_shared_is_refused(cluster: LocalCluster, own_disk: Path) -> None:
    stored = ("--storage-path", str(own_disk / "results"), "--name", "x")
    words = (*stored, "--num-samples", "2", "--address", "auto")
    refused = tuner(cluster, "run", "tabular", *words)
    assert refused.returncode == 2
    assert "x is not shared with n2 (10.77.0.2), n3 (10.77.0.3)" in refused.stderr
    assert on_head(cluster, "ls", "-A", str(own_disk / "results")).stdout == "", "the name is free"


def test_a_node_that_joins_later_and_does_not_see_the_folder_is_not_used(
    cluster: LocalCluster, own_disk: Path
) -> None:
    for name in ("n2", "n3"):
        cluster.kill(name)
    work = Work(epochs=4, step_s=0.5, gpu=1.0, log="")
    options = {"storage_path": str(own_disk), "scheduler": "fifo", "searcher": "random"}
    with Drive(cluster, "late", work, num_samples=1000, seed=0, **options) as drive:
        drive.start()
        drive.wait_for(bool)
        cluster.start("n2")
        drive.wait_to_hear("n2 (10.77.0.2) is not used:", 120)
        trained = len(drive.epochs())
        drive.wait_for(lambda done: len(done) > trained + 4 * work.epochs)  # it goes on
        assert tuner(cluster, "stop", str(own_disk / "late")).returncode == 0
        assert drive.ends_within(60)
    assert f"{own_disk}/late is not shared with it" in drive.said
    assert {epoch.node for epoch in drive.epochs()} == {"n1"}


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
        "--address", "auto",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    trials = load(cluster.shared / "two-files").trials()
    assert (trials["last/loss"] == 2 * trials["config/x"] + 1).all()
    assert set(trials["node"]) <= {"n2", "n3"}

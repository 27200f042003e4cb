"""Trials that fail, and nodes that are lost: as the controller has it, event by event."""

from __future__ import annotations

from pathlib import Path

import pytest
from stories import NoisyCurves, oracle, simulated

from tuner.options import SweepOptions
from tuner.simulation import ClusterModel, Node

TIMES = {"start_s": 3.0, "reset_s": 0.1, "save_s": 0.2, "load_s": 0.3}
TROUBLE = {"node_mtbf_s": 60.0, "node_repair_s": 20.0, "worker_mtbf_s": 100.0}
ARMS = [
    ("fifo", "random"),
    ("asha:reduction_factor=3,brackets=2", "hyperopt"),
    ("asha_promotion", "random"),
    ("median", "random"),
    ("hyperband", "random"),
    ("bohb", "bohb"),
    ("pbt:perturbation_interval=3", "random"),
]


def clusters(nodes: int) -> ClusterModel:
    machines = (Node(cpu=3), Node(cpu=1), Node(cpu=3))[:nodes]
    slow = {"straggler_share": 0.4, "straggler_factor": 3.0, "epoch_noise": 0.2}
    return ClusterModel(nodes=machines, **TIMES, **TROUBLE, **slow)


@pytest.mark.parametrize(("max_failures", "seed"), [(0, 0), (2, 1), (-1, 2)])
@pytest.mark.parametrize(("scheduler", "searcher"), ARMS)
def test_failures_are_those_of_the_controller(
    virtual_clock: None,
    tmp_path: Path,
    scheduler: str,
    searcher: str,
    max_failures: int,
    seed: int,
) -> None:
    options: SweepOptions = {
        "scheduler": scheduler,
        "searcher": searcher,
        "num_samples": 6 if scheduler.startswith("pb") else 24,
        "seed": seed,
        "max_failures": max_failures,
    }
    failing = 0.0 if max_failures < 0 else 0.3  # else one would fail for ever
    case = clusters(3 - seed % 2), options, NoisyCurves(failing)
    expected = oracle(tmp_path / "oracle", *case)
    assert any(entry[0] == "failing" for entry in expected)
    assert simulated(tmp_path / "simulated", *case) == expected


def test_a_save_that_a_copy_asks_for_waits_for_the_epoch(
    virtual_clock: None, tmp_path: Path
) -> None:
    """It lost its worker while it saved for the barrier, and trains again when it is copied."""
    cluster = ClusterModel(
        nodes=(Node(cpu=2), Node(cpu=2)),
        save_s=2.0,
        load_s=0.3,
        straggler_share=0.5,
        straggler_factor=3.0,
        epoch_noise=0.2,
        node_mtbf_s=40.0,
        worker_mtbf_s=50.0,
    )
    options: SweepOptions = {
        "scheduler": "pbt:perturbation_interval=4,synch=true",
        "searcher": "random",
        "num_samples": 6,
        "seed": 5054,
        "max_failures": 1,
    }
    case = cluster, options, NoisyCurves(0.3)
    assert simulated(tmp_path / "simulated", *case) == oracle(tmp_path / "oracle", *case)


def test_losses_can_count_as_failures(tmp_path: Path) -> None:
    """A preemption does not use up the attempts of a trial, a crash of the node does."""
    options: SweepOptions = {"scheduler": "fifo", "searcher": "random", "num_samples": 8, "seed": 0}
    trouble = {"node_mtbf_s": 30.0, "node_repair_s": 5.0}
    preempted = simulated(tmp_path / "a", ClusterModel(2, **trouble), options)
    crashed = simulated(tmp_path / "b", ClusterModel(2, losses_fail=True, **trouble), options)
    ends = [[entry[3] for entry in story if entry[0] == "ended"] for story in (preempted, crashed)]
    assert ends[0] == ["TERMINATED"] * 8
    assert "ERROR" in ends[1]


def test_schedulers_meet_the_same_outages(tmp_path: Path) -> None:
    """What happens to an idle cluster's first node happens under any scheduler at that time."""
    cluster = ClusterModel(1, node_mtbf_s=7.0)
    options: SweepOptions = {"searcher": "random", "num_samples": 5, "seed": 4}
    failing = []
    for scheduler in ("fifo", "median", "asha:grace_period=9"):
        story = simulated(tmp_path / scheduler[:4], cluster, {**options, "scheduler": scheduler})
        failing.append([entry[1] for entry in story if entry[0] == "failing"])
    assert min(map(len, failing)) > 3
    shortest = min(failing, key=len)
    assert all(times[: len(shortest)] == shortest for times in failing)

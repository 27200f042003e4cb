"""Every second of every worker is accounted for."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import NoisyCurves, Story, carried_out, simulation

from tuner.budgets import Budget
from tuner.options import SweepOptions
from tuner.simulation import ClusterModel, Curve, Node, Usage

TIMES = {"start_s": 3.0, "reset_s": 0.1, "save_s": 0.2, "load_s": 0.3}


class Steady:
    """Three epochs of a second each.

    Args:
        fails_at: The epoch in which every trial raises.
    """

    def __init__(self, fails_at: int | None = None) -> None:
        self.fails_at = fails_at

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        return Curve({"loss": [3.0, 2.0, 1.0]}, [1.0, 1.0, 1.0], self.fails_at)


def used(folder: Path, cluster: ClusterModel, curves: Any, **options: Any) -> Usage:
    chosen: SweepOptions = {"scheduler": "fifo", "searcher": "random", "seed": 0, **options}
    return simulation(folder, cluster, chosen, curves)[1].usage()


def test_four_trials_on_two_slots(tmp_path: Path) -> None:
    cluster = ClusterModel(2, start_s=2.0, reset_s=0.5)
    usage = used(tmp_path, cluster, Steady(), num_samples=4)
    assert usage.makespan_s == 2.0 + 3.0 + 0.5 + 3.0
    assert usage.capacity_s == 2 * usage.makespan_s
    assert usage.start_s == 2 * (2.0 + 0.5)
    assert usage.train_s == 4 * 3.0
    assert usage.utilisation == 12.0 / 17.0
    assert (usage.idle_s, usage.lost_s, usage.save_s, usage.load_s) == (0, 0, 0, 0)
    assert (usage.failures, usage.losses, usage.gpu_seconds) == (0, 0, 0)


def test_a_third_trial_leaves_a_slot_idle(tmp_path: Path) -> None:
    usage = used(tmp_path, ClusterModel(2), Steady(), num_samples=3)
    assert (usage.capacity_s, usage.train_s, usage.idle_s) == (12.0, 9.0, 3.0)


def test_a_population_queues_for_a_slot(tmp_path: Path) -> None:
    """All four exist from the start; each runs to its end, for three seconds."""
    usage = used(
        tmp_path, ClusterModel(1), Steady(), num_samples=4, scheduler="pbt:perturbation_interval=9"
    )
    assert usage.wait_s == 0 + 3 + 6 + 9
    assert usage.mean_wait_s == 4.5
    assert 6 < usage.p95_wait_s <= 9


def test_a_gpu_is_used_while_a_trial_holds_a_worker(tmp_path: Path) -> None:
    cluster = ClusterModel(nodes=(Node(gpu=1),), start_s=2.0)
    usage = used(tmp_path, cluster, Steady(), num_samples=2, resources={"gpu": 0.5})
    assert usage.capacity_s == 2 * 5.0  # two halves
    assert usage.gpu_seconds == 0.5 * 2 * 5.0


@pytest.mark.parametrize(
    ("saves_every", "train_s", "lost_s", "save_s", "load_s"),
    [
        (0, 2.0, 2.0 + 1.0 + 1.0, 0.0, 0.0),  # two epochs again, and twice the third in vain
        (2, 2.0, 1.0 + 1.0, 0.5, 0.25),
    ],
)
def test_what_is_trained_again_is_lost(
    tmp_path: Path,
    saves_every: int,
    train_s: float,
    lost_s: float,
    save_s: float,
    load_s: float,
) -> None:
    cluster = ClusterModel(1, start_s=2.0, save_s=0.5, load_s=0.25)
    usage = used(
        tmp_path,
        cluster,
        Steady(fails_at=3),
        num_samples=1,
        max_failures=1,
        checkpoint_frequency=saves_every,
    )
    assert (usage.train_s, usage.lost_s) == (train_s, lost_s)
    assert (usage.start_s, usage.save_s, usage.load_s) == (4.0, save_s, load_s)
    assert usage.failures == 2
    assert usage.makespan_s == usage.capacity_s == 4.0 + train_s + lost_s + save_s + load_s


def test_a_lost_node_offers_nothing(tmp_path: Path) -> None:
    cluster = ClusterModel(2, node_mtbf_s=20.0, node_repair_s=30.0)
    usage = used(tmp_path, cluster, Steady(), num_samples=40)
    assert usage.losses > 0
    assert usage.down_s > 0
    assert usage.capacity_s + usage.down_s == pytest.approx(2 * usage.makespan_s)
    assert usage.nodes == ()


def test_each_node_has_its_own_usage(tmp_path: Path) -> None:
    """Five trials of 3 s on two places here and one there; the first node is filled first."""
    cluster = ClusterModel(nodes=(Node(cpu=2), Node(cpu=1)), start_s=1.0)
    usage = used(tmp_path, cluster, Steady(), num_samples=5)
    assert [(n.node, n.places, n.capacity_s, n.busy_s) for n in usage.nodes] == [
        (0, 2, 14.0, 12.0), (1, 1, 7.0, 3.0)
    ]  # fmt: skip
    assert [n.utilisation for n in usage.nodes] == [12 / 14, 3 / 7]
    assert Usage.from_json(asdict(usage)) == usage


@pytest.mark.parametrize(
    ("budget", "makespan_s"),
    [
        (Budget(10, "seconds"), 10.0),
        (Budget(5, "gpu_seconds"), 5 / 0.5 / 2),  # two trials with half a GPU each
    ],
)
def test_what_a_budget_cuts_off_is_lost(tmp_path: Path, budget: Budget, makespan_s: float) -> None:
    cluster = ClusterModel(nodes=(Node(gpu=1),), start_s=2.0)
    options: SweepOptions = {
        "scheduler": "fifo",
        "searcher": "random",
        "seed": 0,
        "num_samples": 99,
        "resources": {"gpu": 0.5},
    }
    _, cut_off = simulation(tmp_path, cluster, options, NoisyCurves(), budget)
    usage = cut_off.usage()
    assert cut_off.is_cut_off
    assert usage.makespan_s == pytest.approx(makespan_s)
    assert usage.gpu_seconds == pytest.approx(2 * 0.5 * makespan_s)
    assert 0 < usage.lost_s < 2 * 1.5  # at most an epoch of each, which take 0.5 to 1.5 s
    assert usage.train_s + usage.lost_s + usage.start_s == pytest.approx(usage.capacity_s)


@given(
    seed=st.integers(0, 1000),
    arm=st.sampled_from(["fifo", "asha:reduction_factor=3", "asha_promotion", "hyperband"]),
    nodes=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    mtbf=st.sampled_from([30.0, 100.0]),
    frequency=st.integers(0, 3),
)
def test_it_adds_up(seed: int, arm: str, nodes: list[int], mtbf: float, frequency: int) -> None:
    cluster = ClusterModel(
        nodes=tuple(Node(cpu=cpus) for cpus in nodes),
        node_mtbf_s=mtbf,
        node_repair_s=10.0,
        worker_mtbf_s=2 * mtbf,
        straggler_share=0.5,
        epoch_noise=0.3,
        **TIMES,
    )
    with tempfile.TemporaryDirectory() as folder:
        usage = used(
            Path(folder),
            cluster,
            NoisyCurves(0.2),
            scheduler=arm,
            num_samples=8,
            seed=seed,
            max_failures=2,
            checkpoint_frequency=frequency,
        )
    parts = usage.train_s, usage.start_s, usage.save_s, usage.load_s, usage.lost_s, usage.idle_s
    assert min(parts) > -1e-9
    assert sum(parts) == pytest.approx(usage.capacity_s)
    assert usage.capacity_s + usage.down_s == pytest.approx(sum(nodes) * usage.makespan_s)
    assert 0 < usage.utilisation <= 1
    assert [node.places for node in usage.nodes] == nodes
    assert all(0 <= node.busy_s <= node.capacity_s + 1e-9 for node in usage.nodes)
    assert sum(n.capacity_s for n in usage.nodes) == pytest.approx(usage.capacity_s)
    assert sum(n.busy_s for n in usage.nodes) == pytest.approx(usage.train_s + usage.lost_s)


@pytest.mark.parametrize("scheduler", ["fifo", "asha:reduction_factor=3,brackets=2"])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_what_the_controllers_workers_did(
    virtual_clock: None, tmp_path: Path, scheduler: str, seed: int
) -> None:
    cluster = ClusterModel(3, node_mtbf_s=40.0, node_repair_s=10.0, worker_mtbf_s=80.0, **TIMES)
    options: SweepOptions = {
        "scheduler": scheduler,
        "searcher": "random",
        "num_samples": 12,
        "seed": seed,
        "max_failures": -1,
        "checkpoint_frequency": 2,
    }
    story, actors = carried_out(tmp_path / "oracle", cluster, options)
    usage = simulation(tmp_path / "simulation", cluster, options)[1].usage()
    assert usage.makespan_s == actors.now
    assert usage.start_s == pytest.approx(actors.seconds_of("start", "reset"))
    assert usage.save_s == pytest.approx(actors.seconds_of("save"))
    assert usage.load_s == pytest.approx(actors.seconds_of("restore"))
    assert usage.train_s + usage.lost_s == pytest.approx(actors.seconds_of("train_stretch"))
    assert usage.train_s == pytest.approx(kept_seconds(story))
    assert usage.failures == sum(entry[0] == "failing" for entry in story) > 0


def kept_seconds(story: Story) -> float:
    """Return how long the epochs took that were reported, each epoch of a trial once."""
    ends: dict[tuple[str, int], float] = {}
    for entry in story:
        if entry[0] == "report":
            _, _, trial_id, epoch, _, total_s, _ = entry
            ends[trial_id, epoch] = total_s
    return sum(
        end - ends.get((trial_id, epoch - 1), 0.0) for (trial_id, epoch), end in ends.items()
    )

"""A simulation decides as Ray Tune's controller does, event by event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from stories import NoisyCurves, carried_out, oracle, simulated, simulation

from tuner.options import SweepOptions
from tuner.simulation import ClusterModel

TIMES = {"start_s": 3.0, "reset_s": 0.1, "save_s": 0.2, "load_s": 0.3}
FREE = ("fifo", "asha:reduction_factor=3,brackets=2", "asha_promotion", "median", "hyperband",
        "ray_hyperband")  # fmt: skip
ARMS = [
    *((scheduler, searcher) for scheduler in FREE for searcher in ("random", "hyperopt")),
    ("bohb", "bohb"),
    ("ray_bohb", "bohb"),
    ("pbt:perturbation_interval=3", "random"),
    ("pbt:perturbation_interval=4,synch=true", "random"),
]


@pytest.mark.parametrize("slots", [1, 7, 100])
@pytest.mark.parametrize(("scheduler", "searcher"), ARMS)
def test_it_is_the_controller(
    virtual_clock: None, tmp_path: Path, scheduler: str, searcher: str, slots: int
) -> None:
    population = scheduler.startswith("pb")
    cluster = ClusterModel(slots, **TIMES)
    for seed in range(2):
        options: SweepOptions = {
            "scheduler": scheduler,
            "searcher": searcher,
            "num_samples": 6 if population else 30,
            "seed": seed,
            "checkpoint_frequency": 0 if population else 2 * seed,
        }
        expected = oracle(tmp_path / f"oracle-{seed}", cluster, options)
        assert {entry[0] for entry in expected} >= {"suggested", "started", "report", "ended"}
        assert simulated(tmp_path / f"simulated-{seed}", cluster, options) == expected


def test_workers_that_wait_for_long_are_let_go(virtual_clock: None, tmp_path: Path) -> None:
    options: SweepOptions = {"searcher": "random", "num_samples": 9, "seed": 0}
    options["scheduler"] = "pbt:perturbation_interval=4,synch=true"
    slow, cluster = NoisyCurves(epoch_s=40.0), ClusterModel(9, **TIMES)
    expected, actors = carried_out(tmp_path / "oracle", cluster, options, slow)
    starts = sum(piece.method == "start" for piece in actors.work)
    assert starts > 9  # which were started again
    assert simulated(tmp_path / "simulated", cluster, options, slow) == expected


def test_freeze_thaw_too(virtual_clock: None, tmp_path: Path) -> None:
    options: SweepOptions = {"searcher": "mfgp:n_initial_points=3", "num_samples": 7, "seed": 0}
    options |= {"scheduler": "freeze_thaw:reduction_factor=2", "max_t": 9}
    cluster = ClusterModel(2, **TIMES)
    expected = oracle(tmp_path / "oracle", cluster, options)
    assert simulated(tmp_path / "simulated", cluster, options) == expected


@pytest.mark.parametrize(
    ("scheduler", "kept"),
    [("fifo", 0), ("asha", 0), ("median", 6), ("pbt:perturbation_interval=3", 6)],
)
def test_ended_trials_are_kept_for_those_who_may_ask_for_them(
    tmp_path: Path, scheduler: str, kept: int
) -> None:
    options: SweepOptions = {"scheduler": scheduler, "searcher": "random", "num_samples": 6}
    story, sweep = simulation(tmp_path, ClusterModel(6), {**options, "seed": 0})
    assert [entry[0] for entry in story].count("ended") == 6
    assert [trial.number for trial in sweep.get_trials()] == list(range(kept))


def test_pb2_too(virtual_clock: None, tmp_path: Path) -> None:
    options: SweepOptions = {
        "scheduler": "pb2:perturbation_interval=3",
        "searcher": "random",
        "num_samples": 6,
        "max_t": 10,
        "seed": 0,
    }
    cluster = ClusterModel(3, **TIMES)
    expected = oracle(tmp_path / "oracle", cluster, options)
    assert any(entry[0] == "decision" and entry[3] == "EXPLOIT" for entry in expected)
    assert simulated(tmp_path / "simulated", cluster, options) == expected


def test_no_time_for_anything_but_training(virtual_clock: None, tmp_path: Path) -> None:
    options: SweepOptions = {"scheduler": "hyperband", "num_samples": 20, "seed": 1}
    expected = oracle(tmp_path / "oracle", ClusterModel(4), options)
    assert simulated(tmp_path / "simulated", ClusterModel(4), options) == expected


@pytest.mark.parametrize("scheduler", ["asha", "hyperband", "ray_hyperband"])
def test_fewer_trials_at_once_than_there_are_slots(
    virtual_clock: None, tmp_path: Path, scheduler: str
) -> None:
    options: SweepOptions = {
        "scheduler": scheduler,
        "searcher": "random",
        "num_samples": 20,
        "seed": 5,
        "max_concurrent_trials": 3,
    }
    expected = oracle(tmp_path / "oracle", ClusterModel(7, **TIMES), options)
    assert simulated(tmp_path / "simulated", ClusterModel(7, **TIMES), options) == expected


class Fetched(NoisyCurves):
    """Takes note of the trials that it hears of before they begin."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[int]] = []

    def prefetch(self, configs: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> None:
        assert all(config.keys() == {"x", "lr"} for config in configs)
        self.batches.append(list(numbers))


def test_what_begins_together_is_fetched_together(tmp_path: Path) -> None:
    options: SweepOptions = {"scheduler": "fifo", "searcher": "random", "num_samples": 9, "seed": 0}
    curves = Fetched()
    story = simulated(tmp_path / "fetched", ClusterModel(4), options, curves)
    assert curves.batches == [[0, 1, 2, 3]]  # the others begin one by one
    assert story == simulated(tmp_path / "plain", ClusterModel(4), options)

"""Trials of several processes on a real cluster; each that imports torch costs seconds."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import ray
from ray import tune
from ray.exceptions import RayActorError

import tuner
from tuner.distributed.running import forward_reports
from tuner.errors import RankFailedError, SpecError

PAIR = [{}, {"cpu": 1, "memory": 2**28}, {"cpu": 1, "memory": 2**28}]


def make_trainable() -> Callable[[dict[str, Any]], None]:
    """A function whose trial sums up over two ranks for ever; nested, so that Ray sends it."""

    def train_rank(rank: tuner.Rank, config: dict[str, Any]) -> None:
        import tempfile

        import torch

        epoch = 0
        if rank.checkpoint is not None:
            with rank.checkpoint.as_directory() as folder:
                epoch = int(Path(folder, "epoch").read_text())
        while True:
            epoch += 1
            if rank.number == 1 and rank.checkpoint is None and epoch == 3:
                raise MemoryError("spilt milk")
            ranks = torch.tensor([float(rank.number + 1)])
            torch.distributed.all_reduce(ranks)
            with tempfile.TemporaryDirectory() as folder:
                Path(folder, "epoch").write_text(str(epoch))
                saved = tune.Checkpoint.from_directory(folder)
                rank.report({"loss": ranks.item() / epoch, "epoch": epoch}, checkpoint=saved)

    def train(config: dict[str, Any]) -> None:
        tuner.run_ranks(train_rank, config, timeout_s=60)

    return train


def test_two_ranks_train_lack_memory_go_on_with_more_and_are_gone(
    ray_cluster: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tuner.Scenario(
        name="pair",
        trainable=make_trainable(),
        space={"x": tune.uniform(0, 1)},
        metric="loss",
        mode="min",
        time_attr="epoch",
        max_t=4,
        resources=PAIR,
        checkpoints=True,
    )
    sweep = tuner.run(
        scenario,
        scheduler="fifo",
        searcher="random",
        num_samples=1,
        seed=0,
        max_failures=0,
        storage_path=str(tmp_path),
        name="sweep",
        progress="lines",
    )

    (trial,) = sweep.trials().to_dict("records")
    assert (trial["outcome"], trial["attempts"], trial["cpu"]) == ("completed", 2, 2.0)
    retried = "out of host memory with memory=256MiB: tried again with memory=512MiB"
    assert retried in capsys.readouterr().err
    reports = sweep.reports()
    # It goes on from where it saved, and 1 + 2 was summed over the ranks in each epoch.
    assert reports["epoch"].tolist() == [1, 2, 3, 4]
    assert reports["loss"].tolist() == [3 / 1, 3 / 2, 3 / 3, 3 / 4]
    assert sweep.spec.bundles == PAIR
    (decision,) = sweep.decisions().query("decision == 'RETRY'").to_dict("records")
    assert decision["trial_id"] == trial["trial_id"]
    states = {group["state"] for group in ray.util.placement_group_table().values()}
    assert states <= {"REMOVED"}  # and so whatever ran in them


@ray.remote(num_cpus=0, max_concurrency=2)
class Stand:
    """Stands for the process of a rank, without torch."""

    def next_report(self, after_one: bool) -> None:
        import threading

        threading.Event().wait()

    def run(self, fate: str) -> None:
        import os
        import time

        if fate == "dies":
            time.sleep(0.3)
            os._exit(1)
        if fate == "misses":
            raise RuntimeError("connection closed by peer")
        time.sleep(60)


def test_a_rank_that_died_is_told_of_not_one_that_misses_it(ray_cluster: str) -> None:
    stands = [Stand.remote() for _ in range(3)]
    calls = [
        stand.run.remote(fate)
        for stand, fate in zip(stands, ["misses", "dies", "waits"], strict=True)
    ]

    with pytest.raises(RankFailedError, match="rank 1 of 3 failed: ActorDiedError") as failure:
        forward_reports(stands[0], calls, lambda: False)
    death = pickle.loads(pickle.dumps(failure.value)).death  # as it comes to the driver
    assert isinstance(death, RayActorError)
    assert (death.actor_id, death.preempted) == (stands[1]._actor_id.hex(), False)
    with pytest.raises(RankFailedError, match="rank 0 of 1 failed: RuntimeError: connection clos"):
        forward_reports(stands[0], calls[:1], lambda: False)
    with pytest.raises(SystemExit):
        forward_reports(stands[2], calls[2:], lambda: True)
    for stand in stands:
        ray.kill(stand)


def test_it_is_called_in_a_trial() -> None:
    with pytest.raises(SpecError, match="called in a trial's function"):
        tuner.run_ranks(print)

"""Sweeps on three nodes that are killed, cut off, taken away and brought back."""

from __future__ import annotations

import os
from typing import Any

import pytest
from clusters.driving import Drive
from clusters.evidence import losses, most_on_a_gpu, repeated, stays, unreported
from clusters.proofs import beheading, sharing, trouble
from clusters.work import Work
from ray_nodes import LocalCluster

from tuner.store import SweepLayout

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]


def assert_nothing_is_left(told: dict[str, Any]) -> None:
    assert (told["actors"], told["groups"], told["gpus_free"]) == (0, 0, True)


def test_uneven_nodes_are_shared_and_no_gpu_is_overcommitted(cluster: LocalCluster) -> None:
    told = sharing(cluster, trials=60, share=0.5, step_s=0.3)
    assert told["completed"] == 60
    assert told["gpus_used"] == told["gpus"] == 7
    assert told["most_recorded"] <= 1.0
    assert told["most_seen"] <= 1.0
    assert told["misplaced"] == 0
    assert told["unreported"] == 0
    assert_nothing_is_left(told)


@pytest.mark.parametrize("arm", ["asha", "hyperband", "pbt"])
def test_a_sweep_survives_the_loss_of_two_nodes(cluster: LocalCluster, arm: str) -> None:
    told = trouble(cluster, arm, trials=14, epochs=6, step_s=0.8, cut_s=10.0, share=1.0)
    assert told["ended"] == told["trials"] == 14
    assert told["affected"] >= 1
    assert told["most_repeated"] <= 2
    assert told["unreported"] == 0
    assert_nothing_is_left(told)


def test_a_sweep_goes_on_on_another_cluster(cluster: LocalCluster) -> None:
    def let_pass(drive: Drive) -> None:
        (lock,) = SweepLayout(drive.folder).locks()
        os.utime(lock, (0, 0))  # as if that were long ago

    told = beheading(cluster, trials=10, epochs=6, step_s=0.5, let_pass=let_pass)
    assert told["ended"] == told["trials"] == 10
    assert told["unreported"] == 0
    assert_nothing_is_left(told)


def test_trials_leave_a_node_that_will_be_taken_away(cluster: LocalCluster) -> None:
    work = Work(epochs=8, step_s=0.7, gpu=1.0, log="")
    options = {"num_samples": 7, "scheduler": "fifo", "searcher": "random"}
    with Drive(cluster, "notice", work, **options) as drive:
        drive.start()
        drive.wait_for(lambda done: "n2" in {epoch.node for epoch in done})
        cluster.notice("n2")
        told = drive.finish(120)
    sweep = drive.sweep()
    assert set(sweep.trials().outcome) == {"completed"}
    assert set(sweep.trials().node) == {"n1", "n3"}
    moved = losses(sweep.events())
    assert len(moved) >= 2
    again = repeated(drive.epochs())
    assert max(again[trial] for trial in moved) <= 2  # of 8; no checkpoint was asked for
    assert "1 node (n2) to be taken away" in drive.said
    assert_nothing_is_left(told)


def test_a_sweep_waits_for_nodes_and_says_so(cluster: LocalCluster) -> None:
    work = Work(epochs=6, step_s=0.5, gpu=0, log="")
    options = {"resources": {"cpu": 2}, "checkpoint_frequency": 1, "scheduler": "fifo"}
    with Drive(cluster, "waiting", work, num_samples=6, searcher="random", **options) as drive:
        drive.start()
        drive.wait_for(lambda done: {"n2", "n3"} <= {epoch.node for epoch in done})
        cluster.kill("n2")
        cluster.kill("n3")
        drive.wait_to_hear("no node can hold a trial: the sweep waits for one", 60)
        cluster.start("n3")
        told = drive.finish(120)
    sweep = drive.sweep()
    assert set(sweep.trials().outcome) == {"completed"}
    assert "the sweep goes on" in drive.said
    outcomes = sweep.trials().set_index("trial_id").outcome
    assert unreported(sweep.reports(), sweep.decisions(), outcomes, 6) == []
    recorded = stays(sweep.events(), sweep.decisions())
    assert {stay.node for stay in recorded} == {"n2", "n3"}
    assert not most_on_a_gpu((s.node, s.gpus, s.began, s.ended) for s in recorded)
    assert_nothing_is_left(told)

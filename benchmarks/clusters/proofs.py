"""Sweeps that something happens to, and figures of what came of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ray_nodes import LocalCluster

from clusters.driving import Drive, busy_node
from clusters.evidence import losses, most_on_a_gpu, repeated, stays, unreported
from clusters.work import Work
from tuner.store.drivers import GONE_AFTER_S

_LONGEST_S = 1500.0
_ENDS_WITHIN_S = 60.0


def sharing(cluster: LocalCluster, *, trials: int, share: float, step_s: float) -> dict[str, Any]:
    """Trials that take a share of a GPU each, on all GPUs of uneven nodes."""
    work = Work(epochs=3, step_s=step_s, gpu=share, log="")
    with Drive(cluster, "sharing", work, **_plain(trials, "fifo")) as drive:
        drive.start()
        told = drive.finish(_LONGEST_S)
    sweep, trained = drive.sweep(), drive.epochs()
    recorded = stays(sweep.events(), sweep.decisions())
    counted = most_on_a_gpu((s.node, s.gpus, s.began, s.ended) for s in recorded)
    seen = most_on_a_gpu((e.node, e.gpus, e.began, e.ended) for e in trained)
    places = {(s.trial, f"{s.node}/{gpu}") for s in recorded for gpu in s.gpus}
    return {
        **told,
        "trials": trials,
        "completed": int((sweep.trials().outcome == "completed").sum()),
        "gpus": sum(int(node.gpus) for node in cluster.nodes.values()),
        "gpus_used": len(counted),
        "most_recorded": max(counted.values()) * share,
        "most_seen": max(seen.values()) * share,
        "misplaced": len({(e.trial, f"{e.node}/{g}") for e in trained for g in e.gpus} - places),
        "unreported": len(_unreported(sweep, 3)),
    }


def trouble(
    cluster: LocalCluster,
    arm: str,
    *,
    trials: int,
    epochs: int,
    step_s: float,
    cut_s: float,
    share: float = 0.5,
) -> dict[str, Any]:
    """A node is killed in the middle of a sweep, and another loses its network for a while."""
    work = Work(epochs=epochs, step_s=step_s, gpu=share, log="")
    options = {**_plain(trials, arm), "checkpoint_frequency": 1}
    with Drive(cluster, f"trouble-{arm.partition(':')[0]}", work, **options) as drive:
        drive.start()
        killed = busy_node(drive, ("n2", "n3"))
        (other,) = {"n2", "n3"} - {killed}
        cluster.kill(killed)
        cluster.cut(other, cut_s)
        _wait_until_down(cluster, other)
        cluster.start(killed, other)
        return {**drive.finish(_LONGEST_S), **_came_through(drive, epochs)}


def beheading(
    cluster: LocalCluster,
    *,
    trials: int,
    epochs: int,
    step_s: float,
    let_pass: Callable[[Drive], None] = lambda _: time.sleep(GONE_AFTER_S),
) -> dict[str, Any]:
    """The head is killed with the driver on it; the sweep goes on on a new cluster.

    Args:
        let_pass: Waits until the driver that was lost has been silent for long enough.
    """
    work = Work(epochs=epochs, step_s=step_s, gpu=1.0, log="")
    options = {**_plain(trials, "asha"), "checkpoint_frequency": 1}
    with Drive(cluster, "beheading", work, **options) as drive:
        drive.start()
        drive.wait_for(lambda done: len(done) >= trials)
        for node in cluster.nodes:
            cluster.kill(node)
        drive.abandon()
        before = len(drive.epochs())
        let_pass(drive)
        cluster.start(*cluster.nodes)
        drive.start(resume=True)
        told = drive.finish(_LONGEST_S)
        return {**told, **_came_through(drive, epochs), "epochs_before": before}


def churn(
    cluster: LocalCluster, *, trials: int, epochs: int, step_s: float, every_s: float
) -> dict[str, Any]:
    """A node leaves and comes back, again and again, now one and now the other."""
    work = Work(epochs=epochs, step_s=step_s, gpu=0.25, log="")
    options = {**_plain(trials, "asha"), "checkpoint_frequency": 1}
    with Drive(cluster, "churn", work, **options) as drive:
        drive.start()
        drive.wait_for(bool)
        left = 0
        while not drive.ends_within(every_s / 2):
            name = ("n2", "n3")[left % 2]
            cluster.kill(name)
            left += 1
            time.sleep(every_s / 2)
            cluster.start(name)
        return {**drive.finish(0.0), **_came_through(drive, epochs), "left": left}


def _wait_until_down(cluster: LocalCluster, name: str) -> None:
    """Wait for a node to find out, once it has its network back, that it was taken for dead."""
    deadline = time.monotonic() + _ENDS_WITHIN_S
    while cluster.nodes[name].is_up:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} was cut off for too short a time to be taken for dead")
        time.sleep(0.2)


def _came_through(drive: Drive, epochs: int) -> dict[str, Any]:
    """Return what became of a sweep that nodes were taken from."""
    sweep = drive.sweep()
    trials, lost = sweep.trials(), losses(sweep.events())
    again = repeated(drive.epochs())
    starts = {row.trial_id: row.attempts for row in trials.itertuples()}
    return {
        "trials": len(trials),
        "ended": int(trials.outcome.isin(("completed", "stopped")).sum()),
        "affected": len(lost),
        "losses": sum(lost.values()),
        "most_repeated": max((again[t] / max(lost[t], starts[t] - 1, 1) for t in again), default=0),
        "unreported": len(_unreported(sweep, epochs)),
    }


def _plain(trials: int, scheduler: str, searcher: str = "random") -> Mapping[str, Any]:
    return {"num_samples": trials, "scheduler": scheduler, "searcher": searcher, "seed": 0}


def _unreported(sweep: Any, epochs: int) -> list[str]:
    outcomes = sweep.trials().set_index("trial_id").outcome
    return unreported(sweep.reports(), sweep.decisions(), outcomes, epochs)

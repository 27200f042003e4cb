"""A process with lanes, without Ray: what its threads would be asked for, asked for by threads."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from ray.tune import PlacementGroupFactory
from ray.tune.experiment import Trial
from ray.tune.experiment.trial import _TrialInfo
from ray.tune.result import TRIAL_INFO

from tuner import FusedTrainable
from tuner.runtime.fused_worker import FusedWorker, fused
from tuner.runtime.serving import Halts, served

HALTS = Halts("loss", "epoch", saves_every=0)
WHOLE = PlacementGroupFactory([{"CPU": 3.0}])


def told(name: str, **config: Any) -> dict[str, Any]:
    trial = Trial("walks", stub=True, trial_id=name)
    trial.storage = SimpleNamespace(experiment_dir_name="walks")
    trial.placement_group_factory = PlacementGroupFactory([{"CPU": 1.0}])
    return {"size": 1.0, **config, TRIAL_INFO: _TrialInfo(trial)}


class Walk(FusedTrainable):
    """Walks at random; its steps have the configured size.

    A configuration may say in which epoch it fails.
    """

    together: ClassVar[list[list[str]]] = []
    """Who trained with whom, round by round."""

    def setup(self, config: dict[str, Any]) -> None:
        self.at = 0.0

    def draw_epoch(self) -> None:
        if self.config.get("draws_badly"):
            raise ValueError("no luck")
        self.draw = np.random.normal()

    @classmethod
    def train_together(cls, trials: Sequence[Any]) -> list[dict[str, Any]]:
        np.random.normal(size=len(trials))  # nobody's generators here
        for trial in trials:
            if trial.config.get("fails_in") == trial.epochs_done + 1:
                raise ValueError(f"{trial.trial_id} fails")
        cls.together.append(sorted(str(trial.trial_id) for trial in trials))
        steps = np.array([t.config["size"] for t in trials]) * [t.draw for t in trials]
        for trial, step in zip(trials, steps, strict=True):
            trial.at += float(step)
        return [{"loss": trial.at} for trial in trials]

    def state_dict(self) -> dict[str, Any]:
        return {"at": self.at}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.at = state["at"]


class Process:
    """A process, with a thread for each of its lanes."""

    def __init__(self) -> None:
        kind: type[FusedWorker] = fused(served(Walk, HALTS, most_trials=0))
        self.worker = kind(WHOLE)
        self.threads = ThreadPoolExecutor(8)

    def open(self, lane: int, name: str, **config: Any) -> None:
        self.worker.open(lane, told(name, **config), None)

    def stretches(self, heard: dict[int, int]) -> dict[int, Any]:
        """Have lanes train at once, each up to the next of the epochs 3, 6 and 9."""
        with self.worker._baton:  # until all are on their way
            asked = {
                lane: self.threads.submit(
                    self.worker.call, lane, "train_stretch", number, number // 3 * 3 + 3, math.inf
                )
                for lane, number in heard.items()
            }
            while len(self.worker._meeting._on_their_way) < len(heard):
                time.sleep(0.001)
        return {lane: future.exception() or future.result() for lane, future in asked.items()}

    def trains(self, lanes: dict[int, int]) -> dict[int, list[float]]:
        """Have lanes train at once for so many epochs; return their losses."""
        losses: dict[int, list[float]] = {lane: [] for lane in lanes}
        while due := {at: len(losses[at]) for at in lanes if len(losses[at]) < lanes[at]}:
            for lane, stretch in self.stretches(due).items():
                losses[lane] += [report["loss"] for report in stretch.reports]
        return losses


@pytest.fixture(autouse=True)
def _no_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Walk, "_setup_logdir", lambda self: None, raising=False)
    Walk.together.clear()


def alone(name: str, epochs: int, **config: Any) -> list[float]:
    process = Process()
    process.open(0, name, **config)
    return process.trains({0: epochs})[0]


def test_a_trial_trains_as_it_would_alone() -> None:
    process = Process()
    for lane, size in enumerate([1.0, 0.5, 2.0]):
        process.open(lane, f"t{lane}", size=size)
    losses = process.trains({0: 6, 1: 6, 2: 6})
    assert ["t0", "t1", "t2"] in Walk.together
    for lane, size in enumerate([1.0, 0.5, 2.0]):
        assert losses[lane] == alone(f"t{lane}", 6, size=size)


def test_trials_come_and_go_without_a_word_to_the_others(tmp_path: Path) -> None:
    process = Process()
    process.open(0, "a")
    process.open(1, "b")
    first = process.trains({0: 3, 1: 3})
    process.worker.call(1, "stop")
    checkpoint = tmp_path / "a"
    checkpoint.mkdir()
    process.worker.call(0, "save_checkpoint", str(checkpoint))
    process.worker.call(0, "rest")
    assert process.worker.call(0, "reset", told("c"), None) is True
    process.open(1, "a")
    process.worker.call(1, "load_checkpoint", str(checkpoint))
    second = process.trains({0: 3, 1: 3})
    assert first[0] + second[1] == alone("a", 6)
    assert second[0] == alone("c", 3)
    assert ["a", "c"] in Walk.together


def test_what_is_wrong_with_one_trial_is_no_matter_to_the_others() -> None:
    process = Process()
    process.open(0, "good")
    process.open(1, "fails", fails_in=1)
    process.open(2, "unlucky", draws_badly=True)
    process.open(3, "diverges", size=math.inf)
    came = process.stretches({0: 0, 1: 0, 2: 0, 3: 0})
    assert [str(came[lane]) for lane in (1, 2)] == ["fails fails", "no luck"]
    assert not math.isfinite(came[3].reports[-1]["loss"])
    assert came[3].halted
    rest = process.stretches({0: len(came[0].reports)})[0]
    losses = [report["loss"] for report in [*came[0].reports, *rest.reports]]
    assert losses == alone("good", len(losses))


def test_trials_are_told_what_their_process_has() -> None:
    process = Process()
    process.open(0, "a")
    assert process.worker._trials[0].trial_resources == WHOLE

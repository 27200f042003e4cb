"""Trials that one process trains together, each a trial of Ray's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sweeping import Run, make_scenario

import tuner


def make_walk(marker: Path) -> type[tuner.FusedTrainable]:
    """Walks at random; who writes the marker kills its process, and all trials in it."""

    class Walk(tuner.FusedTrainable):
        def setup(self, config: dict[str, Any]) -> None:
            self.at = 0.0

        def draw_epoch(self) -> None:
            self.draw = np.random.normal()

        @classmethod
        def train_together(cls, trials: Sequence[Any]) -> list[dict[str, Any]]:
            import os
            import signal
            import time

            time.sleep(0.02)

            if min(trial.epochs_done for trial in trials) > 1 and not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            for trial in trials:
                trial.at += trial.config["x"] * trial.draw
            both = {"process": os.getpid(), "together": len(trials)}
            return [{"loss": trial.at, **both} for trial in trials]

        def state_dict(self) -> dict[str, Any]:
            return {"at": self.at}

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.at = state["at"]

    return Walk


def test_trials_of_one_process_are_trials_as_any_and_outlive_it(run: Run, tmp_path: Path) -> None:
    walk = make_walk(tmp_path / "killed")
    sweep = run(
        make_scenario(walk, max_t=9, resources={"cpu": 0.5}),
        num_samples=12,
        fuse=4,
        max_concurrent_trials=4,
        scheduler="asha",
        checkpoint_frequency=1,
        max_failures=0,
    )
    reports, trials = sweep.reports(), sweep.trials()
    assert set(trials.outcome) == {"completed", "stopped"}
    assert reports.process.nunique() == 2  # the first one was killed
    assert reports.groupby("trial_id").attempt.max().max() == 2
    assert reports.together.max() > 1

    class Alone(walk):  # type: ignore[misc, valid-type]
        sweep_seed = sweep.spec.seed
        trial_id = ""

        def _setup_logdir(self) -> None:
            self._logdir = None

    for trial_id, own in reports.groupby("trial_id"):
        kind = type("Alone", (Alone,), {"trial_id": trial_id})
        trial = kind({"x": trials.set_index("trial_id").loc[trial_id, "config/x"]})
        losses = [trial.step()["loss"] for _ in range(int(own.epoch.max()))]
        assert [losses[int(epoch) - 1] for epoch in own.epoch] == list(own.loss)

"""Small scenarios on which every scheduler can be tried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray import tune

import tuner

Run = Callable[..., tuner.Sweep]


def make_function() -> Callable[[dict[str, Any]], None]:
    """A function trainable; nested, so that Ray sends it to workers by value."""

    def descend(config: dict[str, Any]) -> None:
        for epoch in range(1, 10):
            tune.report({"loss": (config["x"] - 0.3) ** 2 + 1 / epoch, "epoch": epoch})

    return descend


def make_class() -> type[tuner.EpochTrainable]:
    """The same as a class that saves; nested for the same reason."""

    class Descent(tuner.EpochTrainable):
        def setup(self, config: dict[str, Any]) -> None:
            self.steps = 0

        def train_epoch(self) -> dict[str, float]:
            self.steps += 1
            return {"loss": (self.config["x"] - 0.3) ** 2 + 1 / self.steps}

        def state_dict(self) -> dict[str, Any]:
            return {"steps": self.steps}

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.steps = state["steps"]

    return Descent


def make_scenario(trainable: Any = None, **changes: Any) -> tuner.Scenario:
    given: dict[str, Any] = {
        "name": "descent",
        "trainable": trainable or make_class(),
        "space": {"x": tune.uniform(0.0, 1.0), "lr": tune.loguniform(1e-4, 1.0)},
        "metric": "loss",
        "mode": "min",
        "time_attr": "epoch",
        "max_t": 9,
    }
    return tuner.Scenario(**{**given, **changes})


def make_meeting(folder: Path, parties: int) -> Callable[[str], None]:
    """Return a function that waits, in a trial, until ``parties`` different names came by."""

    def meet(name: str) -> None:
        import time

        (folder / name).touch()
        deadline = time.monotonic() + 60
        while len(list(folder.iterdir())) < parties and time.monotonic() < deadline:
            time.sleep(0.05)

    return meet

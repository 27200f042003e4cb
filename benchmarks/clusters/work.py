"""What the trials of a sweep do, and what each writes down of it. Workers import this."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ray import tune

import tuner


@dataclass(frozen=True)
class Work:
    """What one trial does.

    Attributes:
        epochs: How many it trains at most.
        step_s: Seconds that an epoch takes.
        gpu: Its share of a GPU.
        log: Where each epoch leaves a line.
    """

    epochs: int
    step_s: float
    gpu: float
    log: str


class Epoch(NamedTuple):
    """An epoch that was trained, whether the driver ever learned of it or not.

    Attributes:
        trial: The trial's id.
        number: Which epoch, from 1.
        node: Its host.
        process: Its worker, as the host counts.
        gpus: Ids of the GPUs it was given.
        began: Unix seconds.
        ended: Unix seconds.
    """

    trial: str
    number: int
    node: str
    process: int
    gpus: list[str]
    began: float
    ended: float


def scenario(work: Work) -> tuner.Scenario:
    """Return a scenario whose trials sleep, save, and write down where they did."""

    class Descent(tuner.EpochTrainable):
        def setup(self, config: dict[str, Any]) -> None:
            self.slope = 0.0

        def train_epoch(self) -> dict[str, float]:
            began = time.time()
            time.sleep(work.step_s)
            self.slope += self.config["x"]
            gpus = [each for each in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if each]
            done = Epoch(
                *(self.trial_id, self.epochs_done + 1, socket.gethostname(), os.getpid()),
                *(gpus, began, time.time()),
            )
            with Path(work.log).open("a") as file:  # one short line: appended whole
                file.write(json.dumps(done) + "\n")
            return {"loss": (self.config["x"] - 0.3) ** 2 + 1 / (self.epochs_done + 1)}

        def state_dict(self) -> dict[str, Any]:
            return {"slope": self.slope}

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.slope = state["slope"]

    return tuner.Scenario(
        name="descent",
        trainable=Descent,
        space={"x": tune.uniform(0.0, 1.0)},
        metric="loss",
        mode="min",
        time_attr="epoch",
        mutable=("x",),
        max_t=work.epochs,
        resources={"cpu": 0, "gpu": work.gpu} if work.gpu else {"cpu": 1},
    )


def epochs(log: Path) -> list[Epoch]:
    """Return the epochs that were trained, in order of their ends."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [Epoch(*json.loads(line)) for line in lines]

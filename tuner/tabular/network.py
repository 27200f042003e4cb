"""A multilayer perceptron for rows of numbers, trained step by step. Imports torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tuner.tabular.families import STEPS
from tuner.tabular.tasks import Task
from tuner.trainable import stable_seed

__all__ = ["Network"]

_EPOCHS = 5  # of a step

Floats = npt.NDArray[np.float64]


class Network:
    """Dense layers with SiLU and dropout, by AdamW under a cosine schedule.

    Whatever is drawn follows from the seed and the epoch, and the caller's generator stays as it
    was: a network that was restored goes on as one that never stopped.

    Args:
        config: A point of its family's space.
        task: Cross entropy for classes, squared error for values.
        width: Features of a row.
        classes: Of the targets; 0 for values.
        seed: Of weights, order of rows and dropout.
    """

    def __init__(
        self, config: Mapping[str, Any], task: Task, width: int, classes: int, seed: int
    ) -> None:
        self._config, self._task, self._seed = config, task, seed
        self._epoch = 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stable_seed(f"{seed} weights"))
            self._layers = _layers(config, width, max(1, classes))
        self._optimizer = torch.optim.AdamW(
            self._layers.parameters(), lr=config["lr"], weight_decay=config["weight_decay"]
        )
        self._loss = nn.CrossEntropyLoss() if task == "classification" else nn.MSELoss()

    def train(self, inputs: Floats, targets: npt.NDArray[Any], step: int) -> None:
        """Train until so many steps are done.

        Args:
            inputs: ``[n, features]``.
            targets: Classes, or values of about unit variance, ``[n]``.
            step: From 1 to `STEPS`.
        """
        rows = torch.as_tensor(inputs, dtype=torch.float32)
        if self._task == "classification":
            wanted = torch.as_tensor(targets, dtype=torch.int64)
        else:
            wanted = torch.as_tensor(targets, dtype=torch.float32)[:, None]
        while self._epoch < step * _EPOCHS:
            self._train_epoch(rows, wanted)
            self._epoch += 1

    def predict(self, inputs: Floats) -> Floats:
        """Return probabilities ``[n, classes]``, or values ``[n]``."""
        self._layers.eval()
        with torch.no_grad():
            found = self._layers(torch.as_tensor(inputs, dtype=torch.float32)).double()
        if self._task == "classification":
            return np.asarray(found.softmax(dim=1).numpy())
        return np.asarray(found[:, 0].numpy())

    def state(self) -> dict[str, Any]:
        """Return what `load` takes."""
        return {
            "epoch": self._epoch,
            "layers": self._layers.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over the state of another network with the same configuration."""
        self._epoch = state["epoch"]
        self._layers.load_state_dict(state["layers"])
        self._optimizer.load_state_dict(state["optimizer"])

    def _train_epoch(self, rows: torch.Tensor, targets: torch.Tensor) -> None:
        self._layers.train()
        for group in self._optimizer.param_groups:
            group["lr"] = self._config["lr"] * _annealed(self._epoch)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stable_seed(f"{self._seed} epoch {self._epoch}"))
            for batch in torch.split(torch.randperm(len(rows)), self._config["batch_size"]):
                self._optimizer.zero_grad()
                self._loss(self._layers(rows[batch]), targets[batch]).backward()
                self._optimizer.step()


def _layers(config: Mapping[str, Any], width: int, outputs: int) -> nn.Sequential:
    modules: list[nn.Module] = []
    for _ in range(config["layers"]):
        modules += [
            nn.Linear(width, config["width"]),
            nn.SiLU(),
            nn.Dropout(config["dropout"]),
        ]
        width = config["width"]
    return nn.Sequential(*modules, nn.Linear(width, outputs))


def _annealed(epoch: int) -> float:
    """Return the learning rate's share in an epoch: half a cosine (Loshchilov and Hutter 2017)."""
    return 0.5 * (1 + math.cos(math.pi * epoch / (STEPS * _EPOCHS)))

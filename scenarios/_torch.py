"""What scenarios that train one torch model share: device, optimizer, schedules, checkpoint."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from tuner import EpochTrainable


class TorchTrainable(EpochTrainable):
    """Trains ``self.model`` with ``self.optimizer``.

    A subclass sets both in its `setup`, which calls this one first, and begins each epoch with
    `apply_hyperparameters`.
    """

    device: torch.device
    model: nn.Module
    optimizer: torch.optim.Optimizer

    def setup(self, config: dict[str, Any]) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def optimizer_options(self) -> dict[str, Any]:
        """Return the options of ``self.optimizer`` in the coming epoch, from ``self.config``."""
        return {"lr": self.config["lr"], "weight_decay": self.config["weight_decay"]}

    def apply_hyperparameters(self) -> None:
        """Set what may have changed since the last epoch, or come from another trial."""
        options = self.optimizer_options()
        for group in self.optimizer.param_groups:
            group.update(options)
        for module in self.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = self.config["dropout"]

    def state_dict(self) -> dict[str, Any]:
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


def scheduled_lr(schedule: str, lr: float, epoch: int, epochs: int) -> float:
    """Return the learning rate of an epoch.

    Args:
        schedule: ``constant``; ``step``: a tenth after each third of the training; ``cosine``:
            down to 0 at the end; ``cyclic``: triangles between ``lr / 10`` and ``lr``, three in
            a training.
        lr: The largest rate.
        epoch: ``0 <= epoch < epochs``.
        epochs: Of the whole training.
    """
    third = epochs / 3
    if schedule == "step":
        return lr * 0.1 ** int(epoch / third)
    if schedule == "cosine":
        return lr * (1 + math.cos(math.pi * epoch / epochs)) / 2
    if schedule == "cyclic":
        height = 1 - abs(2 * (epoch % third) / third - 1)
        return lr * (0.1 + 0.9 * height)
    return lr

"""What scenarios that train one torch model share: its device, its optimizer, its checkpoint."""

from __future__ import annotations

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

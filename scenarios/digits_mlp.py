"""A multilayer perceptron on scikit-learn's handwritten digits.

The space holds what articles on the subject tune: the network, the optimizer, its learning rate
and schedule, the regularisation and the patience of early stopping. All but the network and the
optimizer's kind are read from ``self.config`` anew in every epoch, so that population-based
training can change them. What ``digits_cnn`` does in the same way (data, batches, predictions,
checkpoints) is in ``_digits.DigitsTrainable``, which derives from `tuner.EpochTrainable`.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from ray import tune
from torch import Tensor, nn

from tuner import Scenario
from tuner.bundled._digits import CLASSES, DigitsTrainable
from tuner.bundled._torch import scheduled_lr

MAX_EPOCHS = 27
PIXELS = 64

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU, "tanh": nn.Tanh}
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop}


class DigitsMLP(DigitsTrainable):
    """Trains one perceptron, and stops when its validation loss no longer improves."""

    def setup(self, config: dict[str, Any]) -> None:
        super().setup(config)
        self.model = build_model(config).to(self.device)
        self.optimizer = OPTIMIZERS[config["optimizer"]](self.model.parameters(), lr=config["lr"])
        self.best_loss = math.inf
        self.best_epoch = 0

    def optimizer_options(self) -> dict[str, Any]:
        config = self.config
        options = {
            "lr": scheduled_lr(config["lr_schedule"], config["lr"], self.epochs_done, MAX_EPOCHS),
            "weight_decay": config["l2"],
        }
        if config["optimizer"] == "adam":
            return {**options, "betas": (config["momentum"], 0.999)}
        # RMSprop makes the buffer in its first step, and only for a momentum above 0.
        return {**options, "momentum": max(config["momentum"], 1e-12)}

    def penalty(self) -> Tensor:
        """Return ``l1`` times the sum of the absolute weights, without the biases."""
        weights = [p.abs().sum() for p in self.model.parameters() if p.ndim > 1]
        return self.config["l1"] * torch.stack(weights).sum()

    def train_epoch(self) -> dict[str, float]:
        metrics = super().train_epoch()
        if metrics["val_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = metrics["val_loss"], self.epochs_done
        parameters = sum(parameter.numel() for parameter in self.model.parameters())
        return {**metrics, "lr": self.optimizer.param_groups[0]["lr"], "parameters": parameters}

    def should_stop(self) -> bool:
        patience = self.config["patience"]
        return 0 < patience < self.epochs_done - self.best_epoch

    def state_dict(self) -> dict[str, Any]:
        best = {"best_loss": self.best_loss, "best_epoch": self.best_epoch}
        return {**super().state_dict(), **best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.best_loss = state["best_loss"]
        self.best_epoch = state["best_epoch"]


def build_model(config: dict[str, Any]) -> nn.Sequential:
    """Return ``num_layers`` hidden layers and an output: ``[n, 64]`` to ``[n, 10]``."""
    layers: list[nn.Module] = []
    width = PIXELS
    for _ in range(config["num_layers"]):
        layers += [
            nn.Linear(width, config["hidden_size"]),
            ACTIVATIONS[config["activation"]](),
            nn.Dropout(config["dropout"]),
        ]
        width = config["hidden_size"]
    return nn.Sequential(*layers, nn.Linear(width, CLASSES))


SCENARIO = Scenario(
    name="digits_mlp",
    description="A multilayer perceptron on scikit-learn's handwritten digits",
    trainable=DigitsMLP,
    space={
        "lr": tune.loguniform(1e-4, 1),
        "lr_schedule": tune.choice(["constant", "step", "cosine", "cyclic"]),
        "batch_size": tune.choice([16, 32, 64, 128, 256]),
        "num_layers": tune.randint(0, 4),
        "hidden_size": tune.lograndint(16, 257),
        "activation": tune.choice(["sigmoid", "relu", "tanh"]),
        "optimizer": tune.choice(["sgd", "adam", "rmsprop"]),
        "momentum": tune.uniform(0, 0.99),
        "l1": tune.loguniform(1e-7, 1e-3),
        "l2": tune.loguniform(1e-7, 1e-2),
        "dropout": tune.uniform(0, 0.5),
        "patience": tune.choice([0, 5, 10]),  # epochs without a better val_loss; 0: no limit
    },
    metric="val_error",
    mode="min",
    time_attr="epoch",
    max_t=MAX_EPOCHS,
    grace_period=1,
    tags=("torch", "image", "classification"),
)

"""A small convolutional network on scikit-learn's handwritten digits.

One or two convolutions and a dense layer on images of 8 x 8 pixels. As in ``digits_mlp``,
what can change in the middle of training is read from ``self.config`` anew in every epoch.
"""

from __future__ import annotations

from typing import Any

import torch
from ray import tune
from torch import nn

from tuner import Scenario
from tuner.bundled._digits import CLASSES, DigitsTrainable

SIDE = 8  # pixels

OPTIMIZERS = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}


class DigitsCNN(DigitsTrainable):
    """Trains one convolutional network."""

    def setup(self, config: dict[str, Any]) -> None:
        super().setup(config)
        self.model = build_model(config).to(self.device)
        self.optimizer = OPTIMIZERS[config["optimizer"]](self.model.parameters(), lr=config["lr"])

    def optimizer_options(self) -> dict[str, Any]:
        config = self.config
        options = {"lr": config["lr"], "weight_decay": config["weight_decay"]}
        if config["optimizer"] == "adamw":
            return {**options, "betas": (config["momentum"], 0.999)}
        return {**options, "momentum": config["momentum"]}


def build_model(config: dict[str, Any]) -> nn.Sequential:
    """Return the network: ``[n, 64]`` to ``[n, 10]``; each convolution is followed by pooling."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, SIDE, SIDE))]
    channels, side = 1, SIDE
    for _ in range(config["conv_layers"]):
        layers += [
            nn.Conv2d(channels, config["channels"], kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        channels, side = config["channels"], side // 2
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(channels * side**2, config["dense_size"]),
        nn.ReLU(),
        nn.Dropout(config["dropout"]),
        nn.Linear(config["dense_size"], CLASSES),
    )


SCENARIO = Scenario(
    name="digits_cnn",
    description="A small convolutional network on scikit-learn's handwritten digits",
    trainable=DigitsCNN,
    space={
        "lr": tune.loguniform(1e-4, 0.3),
        "batch_size": tune.choice([32, 64, 128]),
        "optimizer": tune.choice(["sgd", "adamw"]),
        "momentum": tune.uniform(0, 0.99),
        "weight_decay": tune.loguniform(1e-6, 1e-1),
        "dropout": tune.uniform(0, 0.5),
        "conv_layers": tune.choice([1, 2]),
        "channels": tune.lograndint(4, 33),
        "dense_size": tune.lograndint(16, 129),
    },
    metric="val_error",
    mode="min",
    time_attr="epoch",
    max_t=27,
    tags=("torch", "image", "classification"),
)

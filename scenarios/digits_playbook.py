"""A network on handwritten digits of which everything that articles on tuning vary can be varied.

It is what the playbook's tables are measured on: kind, depth and width of the network, activation,
loss, regularisation, optimizer, momentum, learning rate and its schedule, batch size, the length
of the training, and how many of the training images there are. Whatever a factor does not name
stays as it is; so momentum is that of SGD, and the other optimizers keep their own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray import tune
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional

from tuner import Scenario
from tuner.bundled._digits import CLASSES, DigitsTrainable, digits_at, load_examples
from tuner.bundled._torch import scheduled_lr

SIDE, SMALLEST = 8, 2  # pixels
PIXELS = SIDE**2

ACTIVATIONS = {
    "identity": nn.Identity,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "gelu": nn.GELU,
}
OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
}


class DigitsPlaybook(DigitsTrainable):
    """Trains one network for ``epochs`` epochs."""

    def setup(self, config: dict[str, Any]) -> None:
        super().setup(config)
        rows = self.training_rows()
        self.train_images = float(len(np.unique(rows)))
        self.train_split = digits_at(rows, self.device)
        self.model = build_model(config).to(self.device)
        self.optimizer = OPTIMIZERS[config["optimizer"]](self.model.parameters(), lr=config["lr"])
        self.train_cpu_s = 0.0

    def training_rows(self) -> NDArray[np.int64]:
        """Return a stratified share of the rows, repeated until they are as many as all.

        So an epoch makes as many updates whatever the share.
        """
        rows, share = self.split.train, self.config["train_share"]
        if share == 1:
            return rows
        labels = load_examples().targets[rows]
        kept, _ = train_test_split(
            rows, train_size=share, stratify=labels, random_state=self.trial_seed
        )
        return np.resize(kept, len(rows))

    def optimizer_options(self) -> dict[str, Any]:
        config = self.config
        lr = scheduled_lr(config["lr_schedule"], config["lr"], self.epochs_done, config["epochs"])
        options = {"lr": lr}
        if config["optimizer"] == "sgd":
            options["momentum"] = config["momentum"]
        return options

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return LOSSES[self.config["loss"]](logits, labels)

    def penalty(self) -> Tensor:
        """Return ``l1`` times the absolute and ``l2`` times the squared weights, without biases."""
        weights = torch.cat([p.flatten() for p in self.model.parameters() if p.ndim > 1])
        return self.config["l1"] * weights.abs().sum() + self.config["l2"] * weights.square().sum()

    def fit(self) -> float:
        began = time.process_time()
        loss = super().fit()
        self.train_cpu_s += time.process_time() - began
        return loss

    def train_epoch(self) -> dict[str, float]:
        metrics = super().train_epoch()
        return {
            **metrics,
            "train_cpu_s": self.train_cpu_s,  # of all epochs, without validation
            "train_images": self.train_images,
            "parameters": float(sum(each.numel() for each in self.model.parameters())),
        }

    def should_stop(self) -> bool:
        return self.epochs_done >= self.config["epochs"]

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "train_cpu_s": self.train_cpu_s}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.train_cpu_s = state["train_cpu_s"]


def smoothed_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(logits, labels, label_smoothing=0.1)


def squared_error(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the Brier score: the squared error of the probabilities, summed over classes."""
    wanted = functional.one_hot(labels, CLASSES)
    return (logits.softmax(dim=1) - wanted).square().sum(dim=1).mean()


LOSSES = {
    "cross_entropy": functional.cross_entropy,
    "smoothed_cross_entropy": smoothed_cross_entropy,
    "squared_error": squared_error,
    "hinge": functional.multi_margin_loss,
}


class Rows(nn.Module):
    """Reads an image ``[n, PIXELS]`` row by row; returns the state after the last one."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        size, layers = config["hidden_size"], config["num_layers"]
        self.layers = nn.GRU(SIDE, size, num_layers=layers, batch_first=True)
        self.dropout = nn.Dropout(config["dropout"])

    def forward(self, images: Tensor) -> Tensor:
        states, _ = self.layers(images.unflatten(1, (SIDE, SIDE)))
        return self.dropout(states[:, -1])


def convolutional(config: Mapping[str, Any]) -> tuple[list[nn.Module], int]:
    """Return convolutions with ``hidden_size`` channels, and how many values they give.

    Images are halved after each of them until they are `SMALLEST`.
    """
    layers: list[nn.Module] = [nn.Unflatten(1, (1, SIDE, SIDE))]
    channels, side = 1, SIDE
    for _ in range(config["num_layers"]):
        layers.append(nn.Conv2d(channels, config["hidden_size"], kernel_size=3, padding=1))
        layers.append(ACTIVATIONS[config["activation"]]())
        if side > SMALLEST:
            layers.append(nn.MaxPool2d(2))
            side //= 2
        channels = config["hidden_size"]
    return [*layers, nn.Flatten(), nn.Dropout(config["dropout"])], channels * side**2


def recurrent(config: Mapping[str, Any]) -> tuple[list[nn.Module], int]:
    """Return GRU layers over the rows of an image, and the size of their state."""
    return [Rows(config)], config["hidden_size"]


def perceptron(config: Mapping[str, Any]) -> tuple[list[nn.Module], int]:
    """Return dense layers, and how many values they give."""
    layers: list[nn.Module] = []
    width = PIXELS
    for _ in range(config["num_layers"]):
        layers.append(nn.Linear(width, config["hidden_size"]))
        layers += [ACTIVATIONS[config["activation"]](), nn.Dropout(config["dropout"])]
        width = config["hidden_size"]
    return layers, width


NETWORKS = {"convolutional": convolutional, "recurrent": recurrent, "perceptron": perceptron}


def build_model(config: Mapping[str, Any]) -> nn.Sequential:
    """Return the network, ``[n, 64]`` to ``[n, 10]``; linear where it has no hidden layer."""
    if not config["num_layers"]:
        return nn.Sequential(nn.Linear(PIXELS, CLASSES))
    layers, width = NETWORKS[config["network"]](config)
    return nn.Sequential(*layers, nn.Linear(width, CLASSES))


SCENARIO = Scenario(
    name="digits_playbook",
    description="A network on digits with every factor of the playbook's tables",
    trainable=DigitsPlaybook,
    space={
        "network": tune.choice(list(NETWORKS)),
        "num_layers": tune.randint(0, 7),
        "hidden_size": tune.lograndint(2, 257),
        "activation": tune.choice(list(ACTIVATIONS)),
        "loss": tune.choice(list(LOSSES)),
        "optimizer": tune.choice(list(OPTIMIZERS)),
        "lr": tune.loguniform(1e-5, 3),
        "lr_schedule": tune.choice(["constant", "step", "cosine", "cyclic"]),
        "momentum": tune.uniform(0, 0.99),
        "batch_size": tune.choice([8, 16, 32, 64, 128, 256, 512, 1024]),
        "epochs": tune.lograndint(1, 65),
        "l1": tune.uniform(0, 1e-2),
        "l2": tune.uniform(0, 1e-1),
        "dropout": tune.uniform(0, 0.8),
        "train_share": tune.uniform(0.02, 1),
    },
    metric="val_error",
    mode="min",
    time_attr="epoch",
    max_t=64,
    tags=("torch", "image", "classification"),
)

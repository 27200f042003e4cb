"""A small convolutional network on scikit-learn's handwritten digits.

One or two convolutions and a dense layer on images of 8 x 8 pixels. As in ``digits_mlp``,
what can change in the middle of training is read from ``config`` anew in every epoch.
"""

from __future__ import annotations

from typing import Any

import torch
from ray import tune
from torch import Tensor, nn
from torch.nn import functional

from tuner import EpochTrainable, Scenario
from tuner.bundled._digits import CLASSES, load_splits, validation_metrics

SIDE = 8  # pixels

OPTIMIZERS = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}


class DigitsCNN(EpochTrainable):
    """Trains one convolutional network."""

    def setup(self, config: dict[str, Any]) -> None:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        splits = load_splits()
        self.train_split = splits.train.to(device)
        self.validation_split = splits.validation.to(device)
        self.model = build_model(config).to(device)
        self.optimizer = OPTIMIZERS[config["optimizer"]](self.model.parameters(), lr=config["lr"])

    def train_epoch(self) -> dict[str, float]:
        self.apply_hyperparameters()
        images, labels = self.train_split
        self.model.train()
        total = torch.zeros((), device=images.device)
        for batch in torch.randperm(len(labels)).split(self.config["batch_size"]):
            batch = batch.to(images.device)
            loss = functional.cross_entropy(self.model(images[batch]), labels[batch])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(batch)
        return {"train_loss": total.item() / len(labels), **self.validate()}

    def apply_hyperparameters(self) -> None:
        """Set what may have changed since the last epoch, or come from another trial."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.config["lr"]
            group["weight_decay"] = self.config["weight_decay"]
            if "betas" in group:
                group["betas"] = (self.config["momentum"], 0.999)
            else:
                group["momentum"] = self.config["momentum"]
        for module in self.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = self.config["dropout"]

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        self.model.eval()
        images, labels = self.validation_split
        return validation_metrics(self.model(images), labels)

    @torch.no_grad()
    def predict(self, inputs: Tensor) -> Tensor:
        """Return the probabilities of the digits, ``[n, 10]``, for images ``[n, 64]``."""
        self.model.eval()
        device = self.train_split.images.device
        return self.model(inputs.to(device)).softmax(dim=1).cpu()

    def state_dict(self) -> dict[str, Any]:
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


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

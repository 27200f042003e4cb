"""What trials train: three sizes of work, of which the smallest leaves a GPU idle most of the time.

The data is random: only the work counts. A report is a fixed number of steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from ray import tune
from torch import Tensor, nn
from torch.nn import functional

import tuner

STEPS = 20  # per report
CLASSES = 10


@dataclass(frozen=True)
class Workload:
    """A scenario, and the configuration of middle size with which its throughput is measured."""

    scenario: tuner.Scenario
    typical: Mapping[str, Any]


class RandomBatches(tuner.EpochTrainable):
    """Trains ``self.model`` on one random batch; a subclass makes both in `build`."""

    def build(self, config: dict[str, Any]) -> tuple[nn.Module, Tensor]:
        raise NotImplementedError(f"{type(self).__name__} must define build()")

    def setup(self, config: dict[str, Any]) -> None:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        model, inputs = self.build(config)
        self.model, self.inputs = model.to(device), inputs.to(device)
        self.labels = torch.randint(CLASSES, (len(inputs),), device=device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=config["lr"])

    def train_epoch(self) -> dict[str, float]:
        for _ in range(STEPS):
            loss = functional.cross_entropy(self.model(self.inputs), self.labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return {"loss": loss.item()}

    def state_dict(self) -> dict[str, Any]:
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


class Classifier(nn.Module):
    """A transformer encoder over tokens, ``[n, length]`` to ``[n, CLASSES]``."""

    def __init__(self, width: int, layers: int, vocabulary: int = 1000) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        layer = nn.TransformerEncoderLayer(width, width // 64, 4 * width, batch_first=True)
        self.encode = nn.TransformerEncoder(layer, layers)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.head(self.encode(self.embed(tokens)).mean(dim=1))
        return logits


class Transformer(RandomBatches):
    def build(self, config: dict[str, Any]) -> tuple[nn.Module, Tensor]:
        tokens = torch.randint(1000, (config["batch_size"], 128))
        return Classifier(config["width"], config["layers"]), tokens


class LargeCNN(RandomBatches):
    def build(self, config: dict[str, Any]) -> tuple[nn.Module, Tensor]:
        blocks: list[nn.Module] = []
        channels = 3
        for block in range(config["blocks"]):
            width = config["channels"] * 2**block
            blocks += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            blocks += [nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            blocks += [nn.MaxPool2d(2)]
            channels = width
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES)]
        return nn.Sequential(*blocks, *head), torch.randn(config["batch_size"], 3, 32, 32)


def scenario(name: str, trainable: type[RandomBatches], **sizes: Any) -> tuner.Scenario:
    return tuner.Scenario(
        name=name,
        trainable=trainable,
        space={"lr": tune.loguniform(1e-5, 1e-2), **sizes},
        metric="loss",
        mode="min",
        time_attr="epoch",
        max_t=1_000_000,
    )


WORKLOADS = {
    "digits_cnn": Workload(
        tuner.load_scenario("digits_cnn"),
        {
            "lr": 0.01, "batch_size": 64, "optimizer": "sgd", "momentum": 0.9,
            "weight_decay": 1e-4, "dropout": 0.2, "conv_layers": 2, "channels": 16,
            "dense_size": 64,
        },
    ),
    "transformer": Workload(
        scenario(
            "transformer", Transformer,
            width=tune.choice([128, 256, 512]), layers=tune.choice([2, 4, 6]),
            batch_size=tune.choice([16, 32, 64]),
        ),
        {"lr": 1e-3, "width": 256, "layers": 4, "batch_size": 32},
    ),
    "large_cnn": Workload(
        scenario(
            "large_cnn", LargeCNN,
            channels=tune.choice([32, 64, 128]), blocks=tune.choice([3, 4]),
            batch_size=tune.choice([64, 128, 256]),
        ),
        {"lr": 1e-3, "channels": 64, "blocks": 3, "batch_size": 128},
    ),
}  # fmt: skip

"""Architecture search on scikit-learn's handwritten digits: how many layers, and which.

The space is a chain of choices: a layer is convolutional or dense, each with a width and an
activation of its own, and is followed by the output (``{"kind": "output"}``) or by another layer,
which only then exists. So a change of a late layer leaves the earlier ones alone, which
``--searcher evolution`` (Real et al. 2019, 1802.01548) makes good use of. A constraint has what
sees the image as an image come before what does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from ray import tune
from torch import nn

from tuner import Scenario
from tuner.bundled._digits import CLASSES, DigitsTrainable

SIDE, SMALLEST = 8, 2  # pixels
MOST_LAYERS = 4

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU}


class DigitsNAS(DigitsTrainable):
    """Trains one network of the space."""

    def setup(self, config: dict[str, Any]) -> None:
        super().setup(config)
        self.model = build_model(config).to(self.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=config["lr"])

    def train_epoch(self) -> dict[str, float]:
        parameters = sum(parameter.numel() for parameter in self.model.parameters())
        layers = len(list(layers_of(self.config)))
        return {**super().train_epoch(), "parameters": parameters, "layers": layers}


def layer_space(number: int) -> dict[str, Any]:
    """Return the space of a layer and of what follows it."""
    kinds = [
        {
            "kind": "conv",
            "width": tune.lograndint(4, 33),  # channels
            "kernel": tune.choice([3, 5]),
            "activation": tune.choice(list(ACTIVATIONS)),
        },
        {
            "kind": "dense",
            "width": tune.lograndint(16, 257),
            "activation": tune.choice(list(ACTIVATIONS)),
        },
    ]
    space: dict[str, Any] = {"layer": tune.choice(kinds)}
    if number < MOST_LAYERS:
        space["next"] = tune.choice([{"kind": "output"}, layer_space(number + 1)])
    return space


def layers_of(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the layers of a configuration, from the image on."""
    rest: Mapping[str, Any] = config["network"]
    while "layer" in rest:
        yield rest["layer"]
        rest = rest.get("next", {})


def images_come_first(config: Mapping[str, Any]) -> bool:
    """Say whether no convolution follows a dense layer."""
    kinds = [layer["kind"] for layer in layers_of(config)]
    return kinds == sorted(kinds)  # "conv" before "dense"


def build_model(config: Mapping[str, Any]) -> nn.Sequential:
    """Return the network, ``[n, 64]`` to ``[n, 10]``; images are halved until they are SMALLEST."""
    layers = list(layers_of(config))
    convolutions = [layer for layer in layers if layer["kind"] == "conv"]
    modules: list[nn.Module] = [nn.Unflatten(1, (1, SIDE, SIDE))]
    channels, side = 1, SIDE
    for layer in convolutions:
        modules.append(nn.Conv2d(channels, layer["width"], layer["kernel"], padding="same"))
        modules.append(ACTIVATIONS[layer["activation"]]())
        channels = layer["width"]
        if side > SMALLEST:
            modules.append(nn.MaxPool2d(2))
            side //= 2
    modules.append(nn.Flatten())
    size = channels * side**2
    for layer in layers[len(convolutions) :]:
        modules += [nn.Linear(size, layer["width"]), ACTIVATIONS[layer["activation"]]()]
        size = layer["width"]
    return nn.Sequential(*modules, nn.Dropout(config["dropout"]), nn.Linear(size, CLASSES))


SCENARIO = Scenario(
    name="digits_nas",
    description="Architecture search on scikit-learn's digits: layers, their kinds and widths",
    trainable=DigitsNAS,
    space={
        "network": layer_space(1),
        "lr": tune.loguniform(1e-4, 3e-2),
        "batch_size": tune.choice([32, 64, 128]),
        "weight_decay": tune.loguniform(1e-6, 1e-1),
        "dropout": tune.uniform(0, 0.5),
    },
    constraint=images_come_first,
    metric="val_error",
    mode="min",
    time_attr="epoch",
    max_t=27,
    tags=("torch", "image", "classification", "architecture search"),
)

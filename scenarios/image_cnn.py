"""A convolutional network on MNIST, or on CIFAR-10: ``image_cnn:CIFAR10``.

The images are fetched once, with ``tuner data fetch mnist`` or ``tuner data fetch cifar10``. Meant
for a GPU: ``--gpus-per-trial 0.25``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray import tune
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional

from tuner import Examples, Scenario, cached, find_data
from tuner.bundled._torch import TorchTrainable

CLASSES = 10
VALIDATED = 0.1  # of the published training images
AT_ONCE = 1000  # images to predict


@cached(shared=True)
def load_examples(name: str) -> Examples:
    """Return images, uint8 ``[n, channels, height, width]``, and labels, int64 ``[n]``.

    Those that were published to test on do so.
    """
    folder = find_data(name)
    images = [np.load(folder / f"{part}_images.npy") for part in ("train", "test")]
    labels = [np.load(folder / f"{part}_labels.npy") for part in ("train", "test")]
    published, tested = map(len, labels)
    _, validation = train_test_split(
        np.arange(published), test_size=VALIDATED, stratify=labels[0], random_state=0
    )
    return Examples(
        inputs=np.concatenate(images),
        targets=np.concatenate(labels).astype(np.int64),
        validation=np.sort(validation),
        test=np.arange(published, published + tested),
        classification=True,
    )


class ImageCNN(TorchTrainable):
    """Trains one network on the data set that a subclass names."""

    data_set: str

    @classmethod
    def examples(cls) -> Examples:
        return load_examples(cls.data_set)

    def setup(self, config: dict[str, Any]) -> None:
        super().setup(config)
        self.images, self.labels = self.examples().inputs, self.examples().targets
        self.train_rows, self.validation_rows = self.split
        self.model = build_model(config, *self.images.shape[1:]).to(self.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=config["lr"])

    def train_epoch(self) -> dict[str, float]:
        self.apply_hyperparameters()
        self.model.train()
        total = torch.zeros((), device=self.device)
        order = torch.randperm(len(self.train_rows)).split(self.config["batch_size"])
        for batch in order:
            rows = self.train_rows[batch.numpy()]
            images = self.pixels(self.images[rows])
            if self.config["flip"]:
                images = flipped(images)
            labels = torch.as_tensor(self.labels[rows]).to(self.device)
            loss = functional.cross_entropy(
                self.model(images), labels, label_smoothing=self.config["label_smoothing"]
            )
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(rows)
        return {"train_loss": total.item() / len(self.train_rows), **self.validate()}

    def pixels(self, images: NDArray[np.uint8]) -> Tensor:
        """Return images with pixels from -1 to 1, on the device of the model."""
        return torch.tensor(images).to(self.device).float() / 127.5 - 1

    def validate(self) -> dict[str, float]:
        probabilities = self.predict(self.images[self.validation_rows])
        if not bool(probabilities.isfinite().all()):  # the largest of several NaN says nothing
            return {"val_loss": math.nan, "val_error": math.nan}
        labels = torch.as_tensor(self.labels[self.validation_rows])
        error = (probabilities.argmax(dim=1) != labels).double().mean().item()
        loss = functional.nll_loss(probabilities.clamp_min(1e-12).log(), labels).item()
        return {"val_loss": loss, "val_error": error}

    @torch.no_grad()
    def predict(self, inputs: NDArray[np.uint8]) -> Tensor:
        """Return the probabilities of the classes, ``[n, CLASSES]``, for images as published."""
        self.model.eval()
        parts = [
            self.model(self.pixels(inputs[begin : begin + AT_ONCE])).softmax(dim=1).cpu()
            for begin in range(0, len(inputs), AT_ONCE)
        ]
        return torch.cat(parts)


class MNISTCNN(ImageCNN):
    data_set = "mnist"


class CIFAR10CNN(ImageCNN):
    data_set = "cifar10"


def build_model(config: dict[str, Any], channels: int, height: int, width: int) -> nn.Sequential:
    """Return the network: ``[n, channels, height, width]`` to ``[n, CLASSES]``.

    Each block has two convolutions, twice as many channels as the one before, and a quarter of its
    pixels.
    """
    layers: list[nn.Module] = []
    wanted = config["channels"]
    for _ in range(config["blocks"]):
        layers += [
            *(nn.Conv2d(channels, wanted, 3, padding=1, bias=False), nn.BatchNorm2d(wanted)),
            nn.ReLU(),
            *(nn.Conv2d(wanted, wanted, 3, padding=1, bias=False), nn.BatchNorm2d(wanted)),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        channels, wanted = wanted, 2 * wanted
        height, width = height // 2, width // 2
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Dropout(config["dropout"]),
        nn.Linear(channels * height * width, CLASSES),
    )


def flipped(images: Tensor) -> Tensor:
    """Return images ``[n, channels, height, width]``, half of them as in a mirror."""
    mirrored = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(mirrored, images.flip(-1), images)


SCENARIO = Scenario(
    name="image_cnn",
    description="A convolutional network on MNIST (tuner data fetch mnist)",
    trainable=MNISTCNN,
    space={
        "lr": tune.loguniform(1e-4, 1e-1),
        "batch_size": tune.choice([64, 128, 256, 512]),
        "weight_decay": tune.loguniform(1e-6, 1e-1),
        "dropout": tune.uniform(0, 0.5),
        "label_smoothing": tune.uniform(0, 0.2),
        "blocks": tune.randint(1, 4),
        "channels": tune.lograndint(8, 65),
        "flip": False,  # digits are not the same in a mirror
    },
    metric="val_error",
    mode="min",
    time_attr="epoch",
    max_t=27,
    data=(MNISTCNN.data_set,),
    tags=("torch", "image", "classification", "data set"),
)

CIFAR10 = Scenario(
    name="image_cnn_cifar10",
    description="A convolutional network on CIFAR-10 (tuner data fetch cifar10)",
    trainable=CIFAR10CNN,
    space={**SCENARIO.space, "flip": tune.choice([False, True])},
    metric="val_error",
    mode="min",
    time_attr="epoch",
    max_t=81,
    data=(CIFAR10CNN.data_set,),
    tags=SCENARIO.tags,
)

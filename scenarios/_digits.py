"""What the scenarios on scikit-learn's handwritten digits share: data, judgement, training."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.metrics import precision_recall_fscore_support
from sklearn.model_selection import train_test_split
from torch import Tensor
from torch.nn import functional

from tuner import Examples, cached
from tuner.bundled._torch import TorchTrainable

CLASSES = 10


class Digits(NamedTuple):
    """Images, float32 ``[n, 64]`` (8 x 8 pixels, row by row, scaled), and labels, int64 ``[n]``."""

    images: Tensor
    labels: Tensor


@cached
def load_examples() -> Examples:
    """Return the images, float64 ``[1797, 64]`` from 0 to 16, and labels, int64 ``[1797]``.

    60 % train, 20 % validate and 20 % test, each with the digits in the same proportions.
    """
    images, labels = load_digits(return_X_y=True)
    train, rest = train_test_split(
        np.arange(len(labels)), test_size=0.4, stratify=labels, random_state=0
    )
    validation, test = train_test_split(rest, test_size=0.5, stratify=labels[rest], random_state=0)
    order = np.concatenate([train, validation, test])
    rows = np.arange(len(order))
    return Examples(
        inputs=images[order],
        targets=labels[order],
        validation=rows[len(train) : -len(test)],
        test=rows[-len(test) :],
        classification=True,
    )


@cached
def load_scaling() -> tuple[float, float]:
    """Return the mean and the deviation of the pixels of the training images.

    They are the same whatever rows a trial trains on: two numbers of 69,000 pixels tell a model
    nothing about a single image.
    """
    examples = load_examples()
    images = examples.inputs[examples.split().train]
    return float(images.mean()), float(images.std())


def scaled(images: Any) -> Tensor:
    """Return images ``[n, 64]``, pixels from 0 to 16, as networks take them."""
    mean, deviation = load_scaling()
    return ((torch.as_tensor(images, dtype=torch.float64) - mean) / deviation).float()


def digits_at(rows: NDArray[np.int64], device: torch.device) -> Digits:
    """Return some of the examples, on ``device``."""
    images, labels = load_examples().at(rows)
    return Digits(scaled(images).to(device), torch.as_tensor(labels).to(device))


def validation_metrics(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Return ``val_loss``, ``val_accuracy``, ``val_error``, ``val_precision``, ``val_recall``.

    Precision and recall are macro averages. All are NaN for a model that has diverged: the
    class with the largest of several NaN would be a class like any other.

    Args:
        logits: ``[n, CLASSES]``.
        labels: ``[n]``.
    """
    names = ("val_loss", "val_accuracy", "val_error", "val_precision", "val_recall")
    if not bool(logits.isfinite().all()):
        return dict.fromkeys(names, math.nan)
    predicted = logits.argmax(dim=1)
    accuracy = (predicted == labels).double().mean().item()
    precision, recall, _, _ = precision_recall_fscore_support(
        labels.cpu(), predicted.cpu(), average="macro", zero_division=0
    )
    loss = functional.cross_entropy(logits, labels).item()
    return dict(
        zip(names, (loss, accuracy, 1 - accuracy, float(precision), float(recall)), strict=True)
    )


class DigitsTrainable(TorchTrainable):
    """Trains a classifier of the digits; a subclass says which, and with which optimizer.

    Its `setup` calls this one, then sets ``self.model`` (logits ``[n, CLASSES]`` of images
    ``[n, 64]``) and ``self.optimizer``, and extends any other method through ``super()``.
    """

    @classmethod
    def examples(cls) -> Examples:
        return load_examples()

    def setup(self, config: dict[str, Any]) -> None:
        super().setup(config)
        self.train_split = digits_at(self.split.train, self.device)
        self.validation_split = digits_at(self.split.validation, self.device)

    def penalty(self) -> Tensor | float:
        """Return what the training minimises besides the loss."""
        return 0.0

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return what is small where logits ``[n, CLASSES]`` fit labels ``[n]``."""
        return functional.cross_entropy(logits, labels)

    def train_epoch(self) -> dict[str, float]:
        self.apply_hyperparameters()
        return {"train_loss": self.fit(), **self.validate()}

    def fit(self) -> float:
        """Train on all examples once, and return their mean loss."""
        images, labels = self.train_split
        self.model.train()
        total = torch.zeros((), device=self.device)
        for batch in torch.randperm(len(labels)).split(self.config["batch_size"]):
            batch = batch.to(self.device)
            loss = self.loss(self.model(images[batch]), labels[batch])
            self.optimizer.zero_grad()
            (loss + self.penalty()).backward()
            self.optimizer.step()
            total += loss.detach() * len(batch)
        return total.item() / len(labels)

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        self.model.eval()
        images, labels = self.validation_split
        return validation_metrics(self.model(images), labels)

    @torch.no_grad()
    def predict(self, inputs: Any) -> Tensor:
        """Return the probabilities of the digits, ``[n, 10]``.

        Args:
            inputs: Images ``[n, 64]``, pixels from 0 to 16.
        """
        self.model.eval()
        return self.model(scaled(inputs).to(self.device)).softmax(dim=1).cpu()

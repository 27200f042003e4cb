"""The handwritten digits of scikit-learn, split for tuning, and how a classifier is judged."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import precision_recall_fscore_support
from sklearn.model_selection import train_test_split
from torch import Tensor
from torch.nn import functional

CLASSES = 10


class Split(NamedTuple):
    """Images, float32 ``[n, 64]`` (8 x 8 pixels, row by row), and labels, int64 ``[n]``."""

    images: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Split:
        return Split(self.images.to(device), self.labels.to(device))


class Splits(NamedTuple):
    """60, 20 and 20 % of the data; each has the digits in the same proportions."""

    train: Split
    validation: Split
    test: Split  # for the final estimate only: no scenario reports on it


@functools.cache
def load_splits() -> Splits:
    """Return the same splits in every process; pixels have mean 0 and deviation 1 in training."""
    images, labels = load_digits(return_X_y=True)
    train, rest = train_test_split(
        np.arange(len(labels)), test_size=0.4, stratify=labels, random_state=0
    )
    validation, test = train_test_split(rest, test_size=0.5, stratify=labels[rest], random_state=0)
    images = (images - images[train].mean()) / images[train].std()
    return Splits(
        *(
            Split(torch.tensor(images[rows], dtype=torch.float32), torch.tensor(labels[rows]))
            for rows in (train, validation, test)
        )
    )


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

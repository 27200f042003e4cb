"""Fine-tuning on few labels of digits: whether pretraining helps, and which.

A classifier shall tell the digits 5 to 9 apart from a handful of labelled images of each. Its
encoder starts (``pretraining``)

- ``none``: at random;
- ``similar_task``: from telling the digits 0 to 4 apart, all of which are labelled;
- ``autoencoder``: from reconstructing a larger set without labels: every training image of all
  ten digits, moved by a pixel at random, nine images of each. There is no larger set of such
  digits without a download, so this one is made larger; it holds no digit that is not known.

Pretraining is part of a trial's first epoch, and fine-tuning all that follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray import tune
from torch import Tensor, nn
from torch.nn import functional

from tuner import Examples, Scenario, cached
from tuner.bundled._autoencoding import Autoencoder, shifted
from tuner.bundled._digits import Digits, DigitsTrainable, scaled
from tuner.bundled._digits import load_examples as load_digits

FIRST = 5  # of the digits that are to be told apart
DIGITS = 5
LABELLED = 5  # images of each digit
PASSES = 20  # over them, an epoch
PRETRAINING_BATCH = 64
COPIES = 9  # of each image, moved, in the larger set


@cached
def load_examples() -> Examples:
    """Return the images of the digits 5 to 9, and their classes 0 to 4, in the digits' split."""
    digits = load_digits()
    wanted = digits.targets >= FIRST
    rows = np.cumsum(wanted) - 1  # of what is wanted, by the row among all digits
    return Examples(
        inputs=digits.inputs[wanted],
        targets=digits.targets[wanted] - FIRST,
        validation=rows[digits.validation[wanted[digits.validation]]],
        test=rows[digits.test[wanted[digits.test]]],
        classification=True,
    )


class DigitsPretraining(DigitsTrainable):
    """Trains one classifier of few labels, from an encoder that may have learnt before."""

    @classmethod
    def examples(cls) -> Examples:
        return load_examples()

    def setup(self, config: dict[str, Any]) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        labelled = few_of_each(self.split.train, LABELLED)
        self.train_split = self.digits_at(np.tile(labelled, PASSES))
        self.validation_split = self.digits_at(self.split.validation)
        self.autoencoder = Autoencoder(config["hidden_size"], config["code_size"]).to(self.device)
        head = nn.Linear(config["code_size"], DIGITS)
        self.model = nn.Sequential(self.autoencoder.encoder, nn.ReLU(), head).to(self.device)
        encoder, classifier = self.autoencoder.encoder.parameters(), head.parameters()
        self.optimizer = torch.optim.AdamW(
            [{"params": encoder}, {"params": classifier}], lr=config["lr"]
        )

    def digits_at(self, rows: NDArray[np.int64]) -> Digits:
        images, labels = load_examples().at(rows)
        return Digits(scaled(images).to(self.device), torch.as_tensor(labels).to(self.device))

    def apply_hyperparameters(self) -> None:
        super().apply_hyperparameters()
        self.optimizer.param_groups[0]["lr"] *= self.config["encoder_rate"]

    def train_epoch(self) -> dict[str, float]:
        if self.epochs_done == 0:  # what a restored trial has of it is in its checkpoint
            self.pretrain()
        return super().train_epoch()

    def pretrain(self) -> None:
        """Train the encoder on what ``pretraining`` names."""
        others = load_digits().split().train
        others = others[load_digits().targets[others] < FIRST]
        images, labels = load_digits().at(others)
        images = scaled(images).to(self.device)
        if self.config["pretraining"] == "similar_task":
            self.learn_to_classify(images, torch.as_tensor(labels).to(self.device))
        elif self.config["pretraining"] == "autoencoder":
            own = self.digits_at(self.split.train).images
            self.learn_to_reconstruct(shifted(torch.cat([images, own]).repeat(COPIES, 1), most=1))

    def learn_to_classify(self, images: Tensor, labels: Tensor) -> None:
        head = nn.Linear(self.config["code_size"], FIRST).to(self.device)
        model = nn.Sequential(self.autoencoder.encoder, nn.ReLU(), head)
        self.minimise(
            model, len(labels), lambda at: functional.cross_entropy(model(images[at]), labels[at])
        )

    def learn_to_reconstruct(self, images: Tensor) -> None:
        model = self.autoencoder
        self.minimise(
            model, len(images), lambda at: functional.mse_loss(model(images[at]), images[at])
        )

    def minimise(self, model: nn.Module, count: int, loss: Callable[[Tensor], Tensor]) -> None:
        """Train a model on ``count`` examples; ``loss`` is that of a batch of them."""
        optimizer = torch.optim.AdamW(model.parameters(), lr=self.config["pretraining_lr"])
        for _ in range(self.config["pretraining_epochs"]):
            for batch in torch.randperm(count).split(PRETRAINING_BATCH):
                optimizer.zero_grad()
                loss(batch.to(self.device)).backward()
                optimizer.step()


def few_of_each(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return the first ``most`` of the rows of each digit."""
    labels = load_examples().targets[rows]
    return np.concatenate([rows[labels == digit][:most] for digit in range(DIGITS)])


SCENARIO = Scenario(
    name="digits_pretraining",
    description="Fine-tuning on 25 labelled digits, after pretraining of one kind or of none",
    trainable=DigitsPretraining,
    space={
        "pretraining": tune.choice(["none", "similar_task", "autoencoder"]),
        "pretraining_lr": tune.loguniform(1e-4, 1e-2),
        "pretraining_epochs": tune.lograndint(1, 11),
        "lr": tune.loguniform(1e-4, 1e-1),
        "encoder_rate": tune.loguniform(1e-2, 1),  # of the encoder, as a share of lr
        "weight_decay": tune.loguniform(1e-6, 1),
        "batch_size": tune.choice([16, 32, 64]),
        "hidden_size": tune.lograndint(32, 257),
        "code_size": tune.lograndint(8, 65),
    },
    roles={"pretraining": "scientific"},
    metric="val_error",
    mode="min",
    time_attr="epoch",
    max_t=27,
    tags=("torch", "image", "classification", "pretraining"),
)

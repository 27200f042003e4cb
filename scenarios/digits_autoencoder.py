"""An autoencoder on scikit-learn's handwritten digits: images through a code of a few numbers.

A trial reports the validation loss: the mean squared error of a pixel, whose variance is 1. With
``noise`` (as a share of the deviation) and ``shift`` it learns from corrupted and from moved
images. ``digits_pretraining`` uses such a model for what it has learnt.
"""

from __future__ import annotations

from typing import Any

import torch
from ray import tune
from torch import Tensor
from torch.nn import functional

from tuner import Examples, Scenario, cached
from tuner.bundled._autoencoding import Autoencoder, shifted
from tuner.bundled._digits import load_examples, scaled
from tuner.bundled._torch import TorchTrainable


@cached
def load_images() -> Examples:
    """Return the digits with themselves as targets, float32 ``[1797, 64]``, in the same split."""
    digits = load_examples()
    images = scaled(digits.inputs)
    return Examples(
        inputs=images,
        targets=images,
        validation=digits.validation,
        test=digits.test,
        classification=False,
    )


class DigitsAutoencoder(TorchTrainable):
    """Trains one autoencoder."""

    @classmethod
    def examples(cls) -> Examples:
        return load_images()

    def setup(self, config: dict[str, Any]) -> None:
        super().setup(config)
        images = load_images().inputs
        self.train_images = images[self.split.train].to(self.device)
        self.validation_images = images[self.split.validation].to(self.device)
        self.model = Autoencoder(config["hidden_size"], config["code_size"]).to(self.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=config["lr"])

    def train_epoch(self) -> dict[str, float]:
        config = self.config
        self.apply_hyperparameters()
        total = torch.zeros((), device=self.device)
        for batch in torch.randperm(len(self.train_images)).split(config["batch_size"]):
            images = shifted(self.train_images[batch.to(self.device)], config["shift"])
            corrupted = images + config["noise"] * torch.randn_like(images)
            loss = functional.mse_loss(self.model(corrupted), images)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(batch)
        return {"train_loss": total.item() / len(self.train_images), "val_loss": self.validate()}

    @torch.no_grad()
    def validate(self) -> float:
        images = self.validation_images
        return functional.mse_loss(self.model(images), images).item()

    @torch.no_grad()
    def predict(self, inputs: Tensor) -> Tensor:
        """Return reconstructions ``[n, 64]`` of images ``[n, 64]``, scaled as the examples are."""
        return self.model(inputs.to(self.device)).cpu()


SCENARIO = Scenario(
    name="digits_autoencoder",
    description="An autoencoder on scikit-learn's handwritten digits, by its reconstruction loss",
    trainable=DigitsAutoencoder,
    space={
        "lr": tune.loguniform(1e-4, 1e-1),
        "batch_size": tune.choice([16, 32, 64, 128]),
        "hidden_size": tune.lograndint(32, 257),
        "code_size": tune.lograndint(2, 17),
        "noise": tune.uniform(0, 1),
        "shift": tune.randint(0, 2),  # pixels
        "weight_decay": tune.loguniform(1e-6, 1e-1),
    },
    metric="val_loss",
    mode="min",
    time_attr="epoch",
    max_t=27,
    tags=("torch", "image", "autoencoder"),
)

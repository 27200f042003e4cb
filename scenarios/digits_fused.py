"""A small perceptron on scikit-learn's handwritten digits, of which a process trains many at once.

With ``--fuse 16 --cpus-per-trial 0.0625`` one worker process on one CPU trains 16 trials as one
batch of models: `torch.func.vmap` turns the loss of one model, a function of its weights, into
those of all. The network is the same for all trials; the space holds what is a number in the step.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import torch
from ray import tune
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from tuner import Examples, FusedTrainable, Scenario
from tuner.bundled._digits import CLASSES, digits_at, load_examples, scaled

MAX_EPOCHS = 27
PIXELS = 64
HIDDEN = 64

Tensors = dict[str, Tensor]


class DigitsFused(FusedTrainable):
    """Trains one perceptron by stochastic gradient descent, its rate falling along a cosine."""

    @classmethod
    def examples(cls) -> Examples:
        return load_examples()

    def setup(self, config: dict[str, Any]) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = build_model().to(self.device)
        self.momenta = {name: torch.zeros_like(p) for name, p in self.model.named_parameters()}
        everything = np.arange(len(self.examples().targets))
        self.images, self.labels = digits_at(everything, self.device)

    def draw_epoch(self) -> None:
        train = torch.as_tensor(self.split.train)
        self.order = train[torch.randperm(len(train))]

    def fusion_key(self) -> Hashable:
        return self.config["batch_size"], len(self.split.train), len(self.split.validation)

    def hyperparameters(self) -> dict[str, float]:
        """Return what differs between trials, from ``self.config``, for the coming epoch."""
        cosine = (1 + math.cos(math.pi * self.epochs_done / MAX_EPOCHS)) / 2
        names = ("momentum", "l2", "smoothing")
        return {"lr": self.config["lr"] * cosine, **{name: self.config[name] for name in names}}

    @classmethod
    def train_together(cls, trials: Sequence[DigitsFused]) -> list[dict[str, float]]:
        images, labels, device = trials[0].images, trials[0].labels, trials[0].device
        told = [trial.hyperparameters() for trial in trials]
        numbers = {name: torch.tensor([t[name] for t in told], device=device) for name in told[0]}
        orders = torch.stack([trial.order for trial in trials]).to(device)
        weights, _ = stack_module_state([trial.model for trial in trials])
        momenta = {name: torch.stack([t.momenta[name] for t in trials]) for name in weights}
        total = torch.zeros(len(trials), device=device)
        for rows in orders.split(trials[0].config["batch_size"], dim=1):
            losses = train_step(weights, momenta, numbers, images[rows], labels[rows])
            total += losses * rows.shape[1]
        with torch.no_grad():
            metrics = vmap(validate)(weights, *_validation_of(trials))
            for at, trial in enumerate(trials):
                trial.take_over(weights, momenta, at)
        metrics["train_loss"] = total / orders.shape[1]
        columns = {name: values.tolist() for name, values in metrics.items()}
        return [{name: values[at] for name, values in columns.items()} for at in range(len(trials))]

    def take_over(self, weights: Tensors, momenta: Tensors, at: int) -> None:
        """Make the state of one of the models, stacked along the first axis, the trial's own."""
        for name, parameter in self.model.named_parameters():
            parameter.copy_(weights[name][at])
            self.momenta[name].copy_(momenta[name][at])

    def state_dict(self) -> dict[str, Any]:
        return {"model": self.model.state_dict(), "momenta": self.momenta}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.momenta = {name: value.to(self.device) for name, value in state["momenta"].items()}

    @torch.no_grad()
    def predict(self, inputs: Any) -> Tensor:
        """Return the probabilities of the digits, ``[n, 10]``.

        Args:
            inputs: Images ``[n, 64]``, pixels from 0 to 16.
        """
        return self.model(scaled(inputs).to(self.device)).softmax(dim=1).cpu()


def build_model() -> nn.Sequential:
    """Return two hidden layers and an output: ``[n, 64]`` to ``[n, 10]``."""
    return nn.Sequential(
        nn.Linear(PIXELS, HIDDEN), nn.ReLU(),
        nn.Linear(HIDDEN, HIDDEN), nn.ReLU(),
        nn.Linear(HIDDEN, CLASSES),
    )  # fmt: skip


SKELETON = build_model().to("meta")
"""What the weights of any of the models are put into; it has none of its own."""


def train_step(
    weights: Tensors, momenta: Tensors, numbers: Tensors, images: Tensor, labels: Tensor
) -> Tensor:
    """Train k models by one batch each, in place; return their losses before, ``[k]``.

    The losses are summed to be differentiated at once: none depends on another model's weights.

    Args:
        weights: By name, ``[k, ...]``; they require gradients.
        momenta: Likewise.
        numbers: What `DigitsFused.hyperparameters` returns, ``[k]`` each.
        images: ``[k, b, 64]``.
        labels: ``[k, b]``.
    """
    losses = vmap(loss_of)(weights, images, labels, numbers["smoothing"])
    gradients = torch.autograd.grad(losses.sum(), tuple(weights.values()))
    with torch.no_grad():
        for (name, weight), gradient in zip(weights.items(), gradients, strict=True):
            lr, keep, l2 = (_along(numbers[key], weight) for key in ("lr", "momentum", "l2"))
            momenta[name].mul_(keep).add_(gradient + l2 * weight)
            weight.sub_(lr * momenta[name])
    return losses.detach()


def loss_of(weights: Tensors, images: Tensor, labels: Tensor, smoothing: Tensor) -> Tensor:
    """Return one model's cross-entropy, with labels smoothed by a share from 0 to 1."""
    logits = functional_call(SKELETON, weights, (images,))
    even = -logits.log_softmax(dim=1).mean()
    return (1 - smoothing) * functional.cross_entropy(logits, labels) + smoothing * even


def validate(weights: Tensors, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return ``val_loss`` and ``val_error`` of one model, both NaN where it has diverged."""
    logits = functional_call(SKELETON, weights, (images,))
    loss = functional.cross_entropy(logits, labels)
    wrong = (logits.argmax(dim=1) != labels).double().mean()
    return {"val_loss": loss, "val_error": torch.where(loss.isfinite(), wrong, math.nan)}


def _along(values: Tensor, like: Tensor) -> Tensor:
    """Return values ``[k]`` in a shape in which each meets the k-th part of ``like``."""
    return values.view(-1, *(1 for _ in like.shape[1:]))


def _validation_of(trials: Sequence[DigitsFused]) -> tuple[Tensor, Tensor]:
    """Return the images ``[k, n, 64]`` and labels ``[k, n]`` on which k trials validate."""
    rows = torch.stack([torch.as_tensor(trial.split.validation) for trial in trials])
    rows = rows.to(trials[0].device)
    return trials[0].images[rows], trials[0].labels[rows]


SCENARIO = Scenario(
    name="digits_fused",
    description="A small perceptron on the digits; a process can train many at once",
    trainable=DigitsFused,
    space={
        "lr": tune.loguniform(1e-4, 1),
        "momentum": tune.uniform(0, 0.99),
        "l2": tune.loguniform(1e-7, 1e-2),
        "smoothing": tune.uniform(0, 0.2),
        "batch_size": 32,
    },
    metric="val_error",
    mode="min",
    time_attr="epoch",
    max_t=MAX_EPOCHS,
    grace_period=1,
    tags=("torch", "image", "classification"),
)

"""The scenario of the playbook's tables: each hyperparameter does what it is called."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from good_configs import GOOD
from torch import nn

from tuner import load_scenario
from tuner.bundled._digits import load_examples
from tuner.bundled.digits_playbook import LOSSES, OPTIMIZERS, build_model


def trial(**changes: Any) -> Any:
    found: Any = load_scenario("digits_playbook").trainable
    made = found(GOOD["digits_playbook"] | changes)
    made.ensure_setup()
    return made


def test_a_share_of_the_images_is_stratified_and_repeated_to_as_many_updates() -> None:
    some, everything = trial(train_share=0.1), trial(train_share=1.0)
    rows = some.training_rows()
    kept = np.unique(rows)
    labels = np.bincount(load_examples().targets[kept], minlength=10)

    assert len(rows) == len(everything.training_rows()) == len(some.split.train)
    assert len(kept) == some.train_images == len(some.split.train) // 10
    assert labels.min() >= 9
    assert set(kept) <= set(some.split.train)
    assert everything.train_images == len(everything.split.train)


@pytest.mark.parametrize("network", ["convolutional", "recurrent", "perceptron"])
def test_every_network_is_as_deep_as_it_says(network: str) -> None:
    config = GOOD["digits_playbook"] | {"network": network}
    images = torch.zeros(3, 64)
    sizes = []
    for layers in (0, 1, 3):
        model = build_model(config | {"num_layers": layers})
        assert model(images).shape == (3, 10)
        sizes.append(sum(parameter.numel() for parameter in model.parameters()))

    assert sizes[0] == 650  # linear: 64 x 10 weights, 10 biases
    assert sizes[1] < sizes[2] or network == "convolutional"


def test_depth_adds_layers() -> None:
    kinds = {"convolutional": nn.Conv2d, "perceptron": nn.Linear}
    for network, kind in kinds.items():
        config = GOOD["digits_playbook"] | {"network": network, "num_layers": 4}
        found = [module for module in build_model(config).modules() if isinstance(module, kind)]
        assert len(found) == 4 + (network == "perceptron")


def test_losses_by_hand() -> None:
    logits, labels = torch.zeros(1, 10), torch.tensor([3])
    sure = torch.full((1, 10), -20.0)
    sure[0, 3] = 20.0

    assert LOSSES["cross_entropy"](logits, labels).item() == pytest.approx(math.log(10))
    assert LOSSES["squared_error"](logits, labels).item() == pytest.approx(0.9**2 + 9 * 0.1**2)
    assert LOSSES["hinge"](logits, labels).item() == pytest.approx(9 / 10)
    assert LOSSES["hinge"](sure, labels).item() == LOSSES["cross_entropy"](sure, labels).item() == 0
    assert LOSSES["smoothed_cross_entropy"](sure, labels).item() == pytest.approx(0.09 * 40)


def test_penalties_are_of_weights_without_biases() -> None:
    made = trial(num_layers=0, l1=0.5e-2, l2=0.25e-2)
    with torch.no_grad():
        for parameter in made.model.parameters():
            parameter.fill_(2.0)

    assert made.penalty().item() == pytest.approx(640 * (0.5e-2 * 2 + 0.25e-2 * 4))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_momentum_is_that_of_sgd(optimizer: str) -> None:
    made = trial(optimizer=optimizer, momentum=0.9, lr_schedule="constant")
    made.apply_hyperparameters()
    (group,) = made.optimizer.param_groups

    assert group["lr"] == made.config["lr"]
    assert (group.get("momentum") == 0.9) == (optimizer == "sgd")


def test_it_trains_for_as_many_epochs_as_it_says_with_the_schedule_over_them() -> None:
    made = trial(epochs=3, lr_schedule="cosine", lr=0.01)
    rates, ends, spent = [], [], []
    for _ in range(3):
        result = made.train()
        rates.append(made.optimizer.param_groups[0]["lr"])
        ends.append(result["done"])
        spent.append(result["train_cpu_s"])

    assert rates == pytest.approx([0.01, 0.0075, 0.0025])
    assert ends == [False, False, True]
    assert 0 < spent[0] < spent[1] < spent[2]

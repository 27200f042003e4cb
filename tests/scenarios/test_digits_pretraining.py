"""Pretraining sees what it may see, and happens once; images are moved by whole pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tuner.bundled._autoencoding import shifted
from tuner.bundled._digits import load_examples as load_digits
from tuner.bundled.digits_pretraining import (
    LABELLED,
    PASSES,
    DigitsPretraining,
    few_of_each,
    load_examples,
)

CONFIG: dict[str, Any] = {
    "pretraining_lr": 0.003,
    "pretraining_epochs": 1,
    "lr": 0.003,
    "encoder_rate": 0.1,
    "weight_decay": 0.0,
    "batch_size": 64,
    "hidden_size": 32,
    "code_size": 16,
}


def trial(pretraining: str) -> DigitsPretraining:
    trainable = DigitsPretraining(CONFIG | {"pretraining": pretraining})
    trainable.ensure_setup()
    return trainable


def test_the_split_is_that_of_all_digits() -> None:
    digits, examples = load_digits(), load_examples()

    assert sorted(set(examples.targets.tolist())) == [0, 1, 2, 3, 4]
    assert len(examples) == int((digits.targets >= 5).sum())
    for own, all_of_them in (
        (examples.test, digits.test),
        (examples.validation, digits.validation),
        (examples.split().train, digits.split().train),
    ):
        wanted = all_of_them[digits.targets[all_of_them] >= 5]
        np.testing.assert_array_equal(examples.inputs[own], digits.inputs[wanted])
        np.testing.assert_array_equal(examples.targets[own], digits.targets[wanted] - 5)


def test_few_labels_of_each_digit_are_learnt_from() -> None:
    trainable = trial("none")
    rows = few_of_each(trainable.split.train, LABELLED)

    assert np.bincount(load_examples().targets[rows]).tolist() == [LABELLED] * 5
    assert set(rows.tolist()) <= set(trainable.split.train.tolist())
    assert len(trainable.train_split.labels) == PASSES * len(rows)


@pytest.mark.parametrize("pretraining", ["none", "similar_task", "autoencoder"])
def test_pretraining_is_of_the_encoder_and_happens_once(pretraining: str) -> None:
    first, second = trial(pretraining), trial(pretraining)
    encoder, head = first.model[0][0].weight, first.model[2].weight
    before = encoder.detach().clone(), head.detach().clone()
    first.pretrain()
    assert torch.equal(encoder, before[0]) is (pretraining == "none")
    assert torch.equal(head, before[1])

    second.train()
    third = trial(pretraining)
    third.restore(second.save())
    third.pretrain = second.pretrain = pytest.fail  # type: ignore[method-assign, assignment]
    assert third.train()["val_loss"] == second.train()["val_loss"]


def test_the_encoder_has_a_rate_of_its_own() -> None:
    trainable = trial("none")
    trainable.train()

    assert [group["lr"] for group in trainable.optimizer.param_groups] == [0.003 * 0.1, 0.003]


def test_images_are_moved_by_whole_pixels_in_all_directions() -> None:
    image = torch.zeros(8, 8)
    image[3, 4] = 1.0
    moved = shifted(image.flatten().repeat(200, 1), most=1).reshape(-1, 8, 8)

    places = {tuple(where.tolist()) for where in moved.nonzero()[:, 1:]}
    assert places == {(row, column) for row in (2, 3, 4) for column in (3, 4, 5)}
    assert bool((moved.sum(dim=(1, 2)) == 1).all())
    assert torch.equal(shifted(image.flatten()[None], most=0), image.flatten()[None])

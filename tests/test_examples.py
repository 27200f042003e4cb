"""What a scenario learns from: the rows of each part, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import ScenarioError, SpecError
from tuner.examples import Examples, Part, fold_parts, take

COUNT = 40


def examples(*, classification: bool = True, **changes: Any) -> Examples:
    fields: dict[str, Any] = {
        "inputs": np.arange(2.0 * COUNT).reshape(COUNT, 2),
        "targets": np.arange(COUNT) % 4,
        "test": np.arange(32, 40),
        "validation": np.arange(24, 32),
        "classification": classification,
    }
    return Examples(**{**fields, **changes})


def test_the_holdout_trains_on_what_neither_validates_nor_tests() -> None:
    train, validation = examples().split()
    assert train.tolist() == list(range(24))
    assert validation.tolist() == list(range(24, 32))


def test_validation_rows_keep_their_order() -> None:
    assert examples(validation=[30, 24, 27]).split().validation.tolist() == [30, 24, 27]


def test_all_trains_on_everything_but_test_and_still_validates_on_its_own_rows() -> None:
    train, validation = examples().split("all")
    assert train.tolist() == list(range(32))
    assert validation.tolist() == list(range(24, 32))


@given(folds=st.integers(2, 8), seed=st.integers(0, 2**31), classification=st.booleans())
def test_folds_share_out_everything_but_test(folds: int, seed: int, classification: bool) -> None:
    data = examples(classification=classification)
    splits = [data.split(part) for part in fold_parts(folds, seed)]
    validated = np.concatenate([split.validation for split in splits])
    assert sorted(validated.tolist()) == list(range(32))
    for train, validation in splits:
        assert sorted([*train.tolist(), *validation.tolist()]) == list(range(32))
    if classification and folds in (2, 4, 8):  # 8 of each class
        counts = [np.bincount(data.targets[split.validation]).tolist() for split in splits]
        assert counts == [[8 // folds] * 4] * folds


def test_a_fold_is_the_same_rows_again_and_other_rows_with_another_seed() -> None:
    first, again = (examples().split({"fold": 1, "folds": 4, "seed": 7}) for _ in range(2))
    other = examples().split({"fold": 1, "folds": 4, "seed": 8})
    assert first.validation.tolist() == again.validation.tolist()
    assert first.validation.tolist() != other.validation.tolist()


def test_a_class_rarer_than_folds_is_put_into_some_of_them() -> None:
    targets = np.array([0] * 31 + [1] + [0] * 8)
    data = examples(targets=targets)
    validated = [data.split(part).validation for part in fold_parts(4, 0)]
    assert sum(31 in rows for rows in validated) == 1


@pytest.mark.parametrize(
    "part",
    [
        *("folds", {}, {"fold": 0}, {"fold": 4, "folds": 4, "seed": 0}),
        *({"fold": 0, "folds": 1, "seed": 0}, {"fold": 0.5, "folds": 2, "seed": 0}),
        {"fold": 0, "folds": 99, "seed": 0},
    ],
)
def test_a_part_that_cannot_be_is_refused(part: Part) -> None:
    with pytest.raises(SpecError):
        examples().split(part)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"targets": np.arange(3)}, "40 inputs and 3 targets"),
        ({"test": [40]}, "positions from 0 to 39"),
        ({"test": [-1]}, "positions from 0 to 39"),
        ({"test": [24]}, "twice"),
        ({"validation": [24, 24]}, "twice"),
        ({"validation": []}, "0 validate"),
        ({"validation": np.arange(32)}, "of 40, 8 test and 32 validate"),
        ({"inputs": [1.0] * COUNT}, "got a list"),
    ],
)
def test_examples_that_cannot_be_are_refused(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ScenarioError, match=rule):
        examples(**changes)


def test_no_test_rows_are_fine() -> None:
    assert len(examples(test=[]).split("all").train) == COUNT


def test_rows_are_taken_by_position_whatever_the_kind() -> None:
    rows = np.array([2, 0])
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=[2, 0, 1])
    assert take(frame, rows)["x"].tolist() == [3.0, 1.0]
    assert take(frame["x"], rows).tolist() == [3.0, 1.0]
    assert take(torch.tensor([1.0, 2.0, 3.0]), rows).tolist() == [3.0, 1.0]

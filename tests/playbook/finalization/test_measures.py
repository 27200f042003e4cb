"""Measures of predictions: scikit-learn's values, and intervals that hold what they should."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from tuner.analysis import Bootstrap
from tuner.errors import SpecError
from tuner.playbook.finalization.measures import measure

QUICK = Bootstrap(resamples=100)


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), count=st.integers(1, 30), classes=st.integers(2, 4))
def test_measures_of_classes_are_scikit_learns(seed: int, count: int, classes: int) -> None:
    random = np.random.default_rng(seed)
    targets = random.integers(classes, size=count)
    probabilities = random.dirichlet(np.ones(classes), size=count)
    found = measure(probabilities, targets, QUICK)
    said = probabilities.argmax(axis=1)
    expected = {
        "accuracy": metrics.accuracy_score(targets, said),
        "error": 1 - metrics.accuracy_score(targets, said),
        "precision": metrics.precision_score(targets, said, average="macro", zero_division=0),
        "recall": metrics.recall_score(targets, said, average="macro", zero_division=0),
        "log_loss": metrics.log_loss(targets, probabilities, labels=range(classes)),
    }
    assert {name: each.value for name, each in found.items()} == pytest.approx(expected)


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), count=st.integers(2, 30), outputs=st.integers(0, 3))
def test_measures_of_values_are_scikit_learns(seed: int, count: int, outputs: int) -> None:
    random = np.random.default_rng(seed)
    shape = (2, count, outputs) if outputs else (2, count)
    targets, predictions = random.normal(size=shape)
    found = measure(predictions, targets, QUICK)
    expected = {
        "rmse": metrics.mean_squared_error(targets, predictions) ** 0.5,
        "mae": metrics.mean_absolute_error(targets, predictions),
        "r2": metrics.r2_score(targets, predictions, multioutput="variance_weighted"),
    }
    assert {name: each.value for name, each in found.items()} == pytest.approx(expected)


def test_the_interval_of_an_accuracy_is_about_that_of_a_proportion() -> None:
    targets = np.zeros(400, dtype=int)
    probabilities = np.eye(2)[(np.arange(400) % 10 == 0).astype(int)]
    found = measure(probabilities, targets)["accuracy"]
    half = 1.96 * math.sqrt(0.9 * 0.1 / 400)
    assert found.value == pytest.approx(0.9)
    assert [found.low, found.high] == pytest.approx([0.9 - half, 0.9 + half], abs=0.006)
    assert str(found).startswith("0.9 [0.8")


def test_a_single_row_has_no_interval() -> None:
    found = measure(np.array([[0.2, 0.8]]), np.array([1]))["accuracy"]
    assert found.value == 1
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert str(found) == "1 (no interval)"


def test_targets_that_do_not_vary_have_no_r2() -> None:
    found = measure(np.array([1.0, 2.0]), np.ones(2), QUICK)["r2"]
    assert math.isnan(found.value)
    assert str(found) == "cannot be told"


@pytest.mark.parametrize("shape", [(0,), (3,), (2, 2)])
def test_predictions_come_one_per_target(shape: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match="one per target"):
        measure(np.zeros(2), np.zeros(shape))

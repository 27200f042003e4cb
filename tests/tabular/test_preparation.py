"""Preparing features: what is learned, and from which rows alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tuner.tabular.fitted_state import from_bytes, to_bytes
from tuner.tabular.preparation import SCALERS, Preparation

NAN = np.nan
NOTHING: dict[str, Any] = {"impute": "mean", "flag_missing": False, "select": {"by": "none"}}


def preparation(numeric: int, scale: str | None = None, **config: Any) -> Preparation:
    return Preparation({**NOTHING, **config}, scale, "classification", numeric, seed=0)


def test_means_and_scales_are_those_of_the_training_rows() -> None:
    prepared = preparation(1, "standard")
    learned = prepared.learn(np.array([[1.0], [NAN], [3.0]]), np.array([0, 1, 0]))
    assert learned[1] == pytest.approx(0)  # the mean, 2
    unit = np.std([1, 2, 3])
    assert prepared.apply(np.array([[NAN], [2 + unit]])) == pytest.approx(np.array([[0], [1]]))


def test_what_is_missing_can_be_flagged_and_a_column_without_values_does_no_harm() -> None:
    features = np.array([[1.0, NAN], [NAN, NAN], [3.0, NAN], [8.0, NAN]])
    learned = preparation(2, impute="median", flag_missing=True).learn(features, np.zeros(4))
    assert learned[:, :3].tolist() == [[1, 0, 0], [3, 0, 1], [3, 0, 0], [8, 0, 0]]


@pytest.mark.parametrize("encode", ["one_hot", "ordinal", "target"])
def test_categories_that_are_new_or_missing_are_no_error(encode: str) -> None:
    prepared = preparation(0, encode=encode)
    codes, targets = np.array([[0.0], [1.0], [2.0]] * 10), np.array([0, 1, 1] * 10)
    learned = prepared.learn(codes, targets)
    applied = prepared.apply(np.array([[0.0], [3.0], [-1.0]]))
    assert applied.shape == (3, learned.shape[1])
    assert np.isfinite(applied).all()
    if encode == "one_hot":
        assert applied.tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    if encode == "target":  # nothing is known of a new one but how often the class is
        assert applied[1:, 0] == pytest.approx(2 / 3)


def test_a_target_encoding_does_not_tell_a_row_its_own_target() -> None:
    random = np.random.default_rng(0)
    codes = np.arange(400.0)[:, None] // 2  # categories of two rows each
    targets = random.integers(2, size=400)
    prepared = preparation(0, encode="target")
    told = np.corrcoef(prepared.learn(codes, targets)[:, 0], targets)[0, 1]
    leaked = np.corrcoef(prepared.apply(codes)[:, 0], targets)[0, 1]
    assert leaked > 0.5
    assert abs(told) < 0.2


@pytest.mark.parametrize("by", ["f_test", "trees"])
def test_selection_keeps_what_tells_the_target(by: str) -> None:
    random = np.random.default_rng(0)
    targets = np.arange(90) % 2
    features = random.normal(size=(90, 10))
    features[:, 7] += 3 * targets
    features[:, 2] = 1  # a constant tells nothing, and is no error
    prepared = preparation(10, select={"by": by, "share": 0.1})
    assert prepared.learn(features, targets)[:, 0].tolist() == features[:, 7].tolist()
    assert prepared.apply(features[:5]).tolist() == features[:5, 7:8].tolist()


def test_learning_twice_is_learning_once() -> None:
    random = np.random.default_rng(0)
    features = np.column_stack([random.normal(size=60), random.integers(5, size=60)])
    targets = random.integers(2, size=60)
    config = {"encode": "target", "select": {"by": "trees", "share": 0.6}}
    np.random.seed(1)
    first = preparation(1, "normal", **config).learn(features, targets)
    np.random.seed(2)  # whatever the caller draws
    expected = np.random.RandomState(2).random()
    again = preparation(1, "normal", **config).learn(features, targets)
    np.testing.assert_array_equal(first, again)
    assert np.random.random() == expected


@pytest.mark.parametrize("scale", [None, *SCALERS])
@pytest.mark.parametrize("encode", ["one_hot", "ordinal", "target"])
def test_what_was_learned_can_be_kept(scale: str | None, encode: str) -> None:
    random = np.random.default_rng(0)
    features = np.column_stack([random.normal(size=60), random.integers(40, size=60)])
    prepared = preparation(1, scale, encode=encode)
    prepared.learn(features, np.arange(60) % 3)
    expected = prepared.apply(features)
    prepared.transformer = from_bytes(to_bytes(prepared.transformer))
    np.testing.assert_array_equal(prepared.apply(features), expected)


def test_it_learns_before_it_is_applied() -> None:
    with pytest.raises(RuntimeError, match="learns before"):
        preparation(1).apply(np.zeros((1, 1)))

"""Paired repeats: each test where it is right, its numbers by hand, its verdict."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tuner.errors import SpecError
from tuner.playbook.adoption.paired import paired_difference

values = st.lists(st.floats(-1, 1), min_size=2, max_size=9)


def test_few_seeds_are_students() -> None:
    first, second = [0.1, 0.2, 0.15, 0.11], [0.3, 0.35, 0.31, 0.33]
    found = paired_difference(first, second, "min")
    expected = stats.ttest_rel(second, first)
    interval = expected.confidence_interval()
    assert found.test == "paired t-test"
    assert found.gain == pytest.approx(0.1825)
    assert found.p == pytest.approx(expected.pvalue)
    assert [found.low, found.high] == pytest.approx([interval.low, interval.high])
    assert found.verdict == "adopt"


def test_from_six_seeds_on_ranks_are_compared() -> None:
    first = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    found = paired_difference(first, [value + 0.01 * value for value in first], "min")
    assert found.test == "Wilcoxon's signed-rank test"
    assert found.p == pytest.approx(2 / 2**6)
    assert found.verdict == "adopt"


def test_folds_are_corrected_for_the_rows_that_they_share() -> None:
    first, second = np.random.default_rng(0).normal([[0.0], [0.3]], 0.2, size=(2, 10))
    plain, corrected = (paired_difference(first, second, "min", folds=k) for k in (None, 5))
    gains = second - first
    t = gains.mean() / math.sqrt((1 / 10 + 1 / 4) * gains.var(ddof=1))  # Nadeau and Bengio, (9)
    assert corrected.test == "corrected resampled t-test"
    assert corrected.p == pytest.approx(2 * stats.t.sf(abs(t), 9))
    assert corrected.low < plain.low < plain.high < corrected.high


def test_the_correction_keeps_the_level_that_a_plain_test_does_not() -> None:
    """Differences over folds are correlated by about test / (train + test)."""
    random, share = np.random.default_rng(0), 1 / 5
    found = []
    for _ in range(400):
        gains = random.normal(0, math.sqrt(share)) + random.normal(0, math.sqrt(1 - share), 5)
        found.append(paired_difference(gains, np.zeros(5), "max", folds=5).p < 0.05)
    assert np.mean(found) < 0.08


@given(values, st.sampled_from(["min", "max"]))
def test_turning_the_pair_round_turns_the_gain(first: list[float], mode: str) -> None:
    second = [0.25 * value + 0.1 for value in first]
    one = paired_difference(first, second, mode)  # type: ignore[arg-type]
    other = paired_difference(second, first, mode)  # type: ignore[arg-type]
    assert one.gain == pytest.approx(-other.gain)
    assert one.p == pytest.approx(other.p, nan_ok=True)
    if one.verdict == "adopt":
        assert other.verdict == "do not adopt"


@given(values)
def test_min_and_max_are_mirror_images(first: list[float]) -> None:
    second = [0.5 * value + 0.1 for value in first]
    low = paired_difference(first, second, "min")
    high = paired_difference([-each for each in first], [-each for each in second], "max")
    assert low == high or math.isnan(low.p)


def test_a_loss_is_not_adopted() -> None:
    found = paired_difference([0.9, 0.91, 0.92], [0.1, 0.12, 0.11], "min")
    assert found.verdict == "do not adopt"
    assert "surely negative" in found.why


def test_too_little_says_how_much_more_it_takes() -> None:
    found = paired_difference([0.10, 0.13, 0.09], [0.12, 0.12, 0.13], "min")
    assert found.verdict == "not enough evidence"
    assert "would show after some" in found.why


@pytest.mark.parametrize("gain", [0.0, 0.5])
def test_what_does_not_depend_on_the_seed_proves_nothing(gain: float) -> None:
    found = paired_difference([0.1] * 5, [0.1 + gain] * 5, "min")
    assert found.verdict == "not enough evidence"
    assert "the seed changes nothing" in found.why
    assert found.gain == pytest.approx(gain)


def test_one_pair_is_no_evidence() -> None:
    found = paired_difference([0.1], [0.2], "min")
    assert (found.verdict, found.pairs) == ("not enough evidence", 1)
    assert "at least two pairs" in found.why


@pytest.mark.parametrize(("first", "second"), [([1.0], [1.0, 2.0]), ([math.nan], [1.0])])
def test_what_is_no_pair_is_refused(first: list[float], second: list[float]) -> None:
    with pytest.raises(SpecError, match="in pairs of numbers"):
        paired_difference(first, second, "min")

"""Ensembles by hand and by law: what each rule makes of predictions, how one is chosen."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tuner.errors import SpecError
from tuner.playbook.finalization.ensembles import (
    METHODS,
    Combination,
    Method,
    choose,
    greedy_weights,
    learn,
    score,
)

shapes = st.tuples(st.integers(1, 4), st.integers(4, 12), st.integers(2, 3))


@st.composite
def classified(draw: st.DrawFn) -> tuple[Any, Any]:
    """Probabilities [members, n, classes], and targets [n]."""
    members, count, classes = draw(shapes)
    raw = draw(arrays.arrays(float, (members, count, classes), elements=st.floats(0.001, 1)))
    targets = draw(arrays.arrays(np.int64, count, elements=st.integers(0, classes - 1)))
    return raw / raw.sum(axis=2, keepdims=True), targets


@st.composite
def measured(draw: st.DrawFn) -> tuple[Any, Any]:
    """Values [members, n], and targets [n]."""
    members, count, _ = draw(shapes)
    numbers = st.floats(-10, 10)
    return (
        draw(arrays.arrays(float, (members, count), elements=numbers)),
        draw(arrays.arrays(float, count, elements=numbers)),
    )


@given(data=classified())
def test_greedy_selection_is_never_worse_than_the_best_member(data: tuple[Any, Any]) -> None:
    predictions, targets = data
    combined = Combination("weighted", tuple(greedy_weights(predictions, targets))).combine(
        predictions
    )
    best = min(score(member, targets).log_loss for member in predictions)
    assert score(combined, targets).log_loss <= best + 1e-9


@given(data=measured())
def test_greedy_selection_of_values_is_never_worse_either(data: tuple[Any, Any]) -> None:
    predictions, targets = data
    weights = greedy_weights(predictions, targets)
    combined = Combination("weighted", tuple(weights)).combine(predictions)
    best = min(score(member, targets).error for member in predictions)
    assert score(combined, targets).error <= best + 1e-9


@given(data=st.one_of(classified(), measured()))
def test_weights_are_shares(data: tuple[Any, Any]) -> None:
    predictions, targets = data
    for method in ("single", "average", "weighted"):
        weights = learn(method, predictions, targets).weights
        assert len(weights) == len(predictions) or method == "vote"
        assert sum(weights) == pytest.approx(1)
        assert min(weights) >= 0


@given(data=st.one_of(classified(), measured()), method=st.sampled_from(METHODS))
def test_every_rule_gives_what_a_member_gives_and_survives_json(
    data: tuple[Any, Any], method: Method
) -> None:
    predictions, targets = data
    rule = learn(method, predictions, targets)
    combined = rule.combine(predictions)
    assert combined.shape == predictions.shape[1:]
    assert np.isfinite(combined).all()
    if combined.ndim == 2:
        assert np.allclose(combined.sum(axis=1), 1)
        assert (combined >= 0).all()
    again = Combination.from_json(json.loads(json.dumps(rule.to_json())))
    assert again == rule


def one_hot(*classes: int) -> list[list[float]]:
    return np.eye(3)[list(classes)].tolist()


def test_a_vote_goes_to_the_class_that_most_members_say() -> None:
    predictions = np.array([one_hot(0), one_hot(1), one_hot(1)])
    assert learn("vote", predictions, np.array([0])).combine(predictions).argmax() == 1


def test_a_tied_vote_goes_to_the_higher_mean_probability() -> None:
    sure, unsure = [0.1, 0.0, 0.9], [0.5, 0.4, 0.1]
    predictions = np.array([[unsure], [sure]])
    combined = Combination("vote").combine(predictions)
    # one vote each for 0 and 2; means 0.3, 0.2, 0.5
    assert combined[0].tolist() == pytest.approx([1.3 / 3, 0.2 / 3, 1.5 / 3])
    assert Combination("vote").combine(predictions[::-1])[0].tolist() == combined[0].tolist()


def test_a_vote_beats_any_doubt_of_the_others() -> None:
    predictions = np.array([[[0.0, 1.0, 0.0]], [[0.51, 0.49, 0.0]], [[0.51, 0.49, 0.0]]])
    assert Combination("vote").combine(predictions).argmax() == 0  # though its mean is lower


def test_the_vote_of_values_is_their_median() -> None:
    assert Combination("vote").combine(np.array([[1.0], [2.0], [90.0]])).tolist() == [2.0]


def test_greedy_selection_by_hand() -> None:
    # errors of one member each: +2 and -1; the mean of one first and two seconds is exact
    targets = np.zeros(3)
    predictions = np.array([[2.0, 2.0, 2.0], [-1.0, -1.0, -1.0]])
    assert greedy_weights(predictions, targets).tolist() == pytest.approx([1 / 3, 2 / 3])


def test_equal_members_the_first_one_is_taken() -> None:
    targets = np.array([1.0, 2.0])
    predictions = np.array([targets, targets])
    assert greedy_weights(predictions, targets).tolist() == [1.0, 0.0]
    assert learn("single", predictions, targets).weights == (1.0, 0.0)


def test_stacking_learns_what_no_mean_can() -> None:
    """A member that is always wrong in the same way is as good as one that is right."""
    random = np.random.default_rng(0)
    targets = random.integers(2, size=200)
    liar = np.where(np.eye(2)[targets] == 1, 0.1, 0.9)
    coin = random.dirichlet([1, 1], size=200)
    predictions = np.array([liar, coin])
    groups = np.arange(200) % 5
    choice = choose(predictions, targets, groups)
    assert choice.combination.method == "stacking"
    assert choice.scores["stacking"].error == 0
    assert choice.scores["average"].error > 0.5


def test_a_rule_is_scored_on_rows_that_it_has_not_seen() -> None:
    """Of noise a stacked model remembers much, and foresees nothing."""
    random = np.random.default_rng(1)
    targets = random.integers(2, size=60)
    predictions = random.dirichlet([1, 1], size=(20, 60))
    remembered = learn("stacking", predictions, targets).combine(predictions)
    foreseen = choose(predictions, targets, np.arange(60) % 3, ["stacking"]).scores["stacking"]
    assert score(remembered, targets).error < 0.35
    assert foreseen.error > 0.35


def test_swapping_rows_between_groups_does_not_leak_targets() -> None:
    """What is scored on a group does not depend on that group's targets."""
    random = np.random.default_rng(2)
    targets = random.integers(2, size=40)
    predictions = random.dirichlet([1, 1], size=(3, 40))
    groups = np.arange(40) % 2
    rest = groups == 1
    changed = np.where(rest, targets, 1 - targets)
    for method in ("single", "weighted", "stacking"):
        one = learn(method, predictions[:, rest], targets[rest])
        other = learn(method, predictions[:, rest], changed[rest])
        assert one == other


def test_of_equal_methods_the_simplest_is_chosen() -> None:
    targets = np.array([0, 1, 0, 1])
    perfect = np.eye(2)[targets]
    choice = choose(np.array([perfect, perfect]), targets, np.array([0, 0, 1, 1]))
    assert choice.combination.method == "single"


def test_a_class_that_no_target_has_is_never_stacked() -> None:
    random = np.random.default_rng(3)
    predictions = random.dirichlet([1, 1, 1], size=(2, 30))
    for targets in (np.arange(30) % 2, np.full(30, 1), np.where(np.arange(30) % 2, 2, 0)):
        combined = learn("stacking", predictions, targets).combine(predictions)
        assert set(combined.argmax(axis=1)) <= set(targets)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"methods": ["mean"]}, "unknown ensemble method 'mean'"),
        ({"methods": []}, "by a method of"),
        ({"targets": np.array([0])}, "4 predictions of 1 targets"),
        ({"predictions": np.full((1, 4, 2), np.nan)}, "finite"),
        ({"groups": np.zeros(4, dtype=np.int64)}, "at least 2, got 1"),
    ],
)
def test_what_cannot_be_chosen_from_is_refused(changes: dict[str, Any], rule: str) -> None:
    given: dict[str, Any] = {
        "predictions": np.full((1, 4, 2), 0.5),
        "targets": np.array([0, 1, 0, 1]),
        "groups": np.array([0, 0, 1, 1]),
        "methods": METHODS,
    }
    with pytest.raises(SpecError, match=rule):
        choose(**{**given, **changes})

"""Ensembles: several models' predictions made into one, by rules learned out of fold. Pure.

Predictions are ``[members, n, classes]`` probabilities, or ``[members, n]`` values; what they are
learned on must be *out of fold*: each prediction by a model that has not trained on its row.
Otherwise the member that remembers its examples best would seem the best.

- ``single``: the best member alone, so that an ensemble has to show that it is worth its price.
- ``average``: the mean of all members.
- ``vote``: the share of members whose most probable class it is. The mean of the probabilities
  counts as one vote more, which decides ties; of values, the median.
- ``weighted``: greedy selection with replacement (Caruana, Niculescu-Mizil, Crew and Ksikes 2004,
  "Ensemble selection from libraries of models", section 2), by log loss or squared error.
- ``stacking``: a logistic regression on the probabilities (Ting and Witten 1999, "Issues in stacked
  generalization": on their logarithms, the members that are too sure of themselves win), or a ridge
  regression on the values (Wolpert 1992, "Stacked generalization").
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from tuner.errors import SpecError, nearest

__all__ = ["METHODS", "Choice", "Combination", "Method", "Score", "choose", "greedy_weights"]

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[Any]

Method = Literal["single", "average", "vote", "weighted", "stacking"]

METHODS: tuple[Method, ...] = get_args(Method)
"""From the simplest on: of methods that are equally good, the first is taken."""

_ROUNDS = 50  # of greedy selection
_SMALLEST = 1e-7  # probability, before its logarithm is taken
_ABSENT = -30.0  # the logit of a class that no target had
_LEARNED = ("single", "weighted", "stacking")
_STRENGTHS = np.logspace(-4, 4, 9)  # of ridge's penalty, in units of the targets' variance


class Score(NamedTuple):
    """How far predictions lie from targets; lower is better, compared in this order.

    Attributes:
        error: The share of wrong classes, or the root of the mean squared error.
        log_loss: Of probabilities, in nats; 0 for values.
    """

    error: float
    log_loss: float


@dataclass(frozen=True)
class Combination:
    """A rule that makes several members' predictions into one.

    Attributes:
        method: Which kind of rule.
        weights: Of each member, summing to 1; none for the vote of classes and for stacking.
        coefficients: Of stacking: a row per class (one row for values), a column per member and
            class (per member).
        intercepts: Of stacking: one per row.
    """

    method: Method
    weights: tuple[float, ...] = ()
    coefficients: tuple[tuple[float, ...], ...] = ()
    intercepts: tuple[float, ...] = ()

    def combine(self, predictions: Floats) -> Floats:
        """Return probabilities ``[n, classes]`` or values ``[n]``.

        Args:
            predictions: Of the members, in the order in which the rule was learned.
        """
        if self.method == "stacking":
            return self._stacked(predictions)
        if self.method == "vote":
            return _votes(predictions) if predictions.ndim == 3 else np.median(predictions, axis=0)
        return np.asarray(np.tensordot(np.asarray(self.weights), predictions, axes=1))

    def _stacked(self, predictions: Floats) -> Floats:
        outcome = _features(predictions) @ np.asarray(self.coefficients).T
        outcome = outcome + np.asarray(self.intercepts)
        if predictions.ndim == 2:
            return np.asarray(outcome[:, 0])
        powers = np.exp(outcome - outcome.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def to_json(self) -> dict[str, Any]:
        """Return the rule as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Combination:
        """Return the rule that `to_json` gave."""
        rows = tuple(tuple(row) for row in data["coefficients"])
        return cls(data["method"], tuple(data["weights"]), rows, tuple(data["intercepts"]))


@dataclass(frozen=True)
class Choice:
    """Which method is best out of fold.

    Attributes:
        combination: Its rule, learned from all out-of-fold predictions.
        scores: Of every method, on rows that its rule has not seen.
    """

    combination: Combination
    scores: Mapping[Method, Score]


def choose(
    predictions: Floats,
    targets: Labels,
    groups: npt.NDArray[np.int64],
    methods: Sequence[str] = METHODS,
) -> Choice:
    """Return the method with the lowest score, and all scores.

    A rule with something to learn is scored on each group of rows by one that was learned on the
    others, so that stacking is not praised for what it remembers.

    Args:
        predictions: Out of fold, ``[members, n, classes]`` or ``[members, n]``, all finite.
        targets: Classes or values, ``[n]``.
        groups: Which group each row is in, ``[n]``; typically its fold.
        methods: Those to choose from; in which order does not matter.

    Raises:
        SpecError: There is no such method, none at all, or too little to learn from.
    """
    for method in methods:
        if method not in METHODS:
            raise SpecError(f"unknown ensemble method {method!r}{nearest(method, METHODS)}")
    if not methods or predictions.shape[1] != len(targets) or not np.isfinite(predictions).all():
        raise SpecError(
            "an ensemble is made by a method of finite predictions, one per target, got "
            f"{list(methods)} for {predictions.shape[1]} predictions of {len(targets)} targets"
        )
    known = [method for method in METHODS if method in methods]
    scores = {
        method: score(_unseen(method, predictions, targets, groups), targets) for method in known
    }
    best = min(known, key=lambda method: scores[method])  # of equals the simplest
    return Choice(learn(best, predictions, targets), scores)


def learn(method: Method, predictions: Floats, targets: Labels) -> Combination:
    """Return a method's rule, learned on these predictions; see `choose`."""
    count = len(predictions)
    if method == "single":
        best = min(range(count), key=lambda member: score(predictions[member], targets))
        return Combination(method, tuple(np.eye(count)[best].tolist()))
    if method == "weighted":
        return Combination(method, tuple(greedy_weights(predictions, targets).tolist()))
    if method == "stacking":
        return _learn_stacking(predictions, targets)
    return Combination(method, () if method == "vote" else (1 / count,) * count)


def greedy_weights(predictions: Floats, targets: Labels, rounds: int = _ROUNDS) -> Floats:
    """Return the weights that greedy selection with replacement gives to members, ``[members]``.

    In each round the member joins with which the mean of those that have joined is best; the
    weights are the shares of the members after the best round. The first round takes the best
    member, so the mean is never worse than that, on these rows.

    Args:
        predictions: ``[members, n, classes]`` or ``[members, n]``.
        targets: ``[n]``.
        rounds: How many members join, at least 1.
    """
    told = _told(predictions, targets)
    total = np.zeros(told.shape[1])
    joined: list[int] = []
    losses: list[float] = []
    for size in range(1, rounds + 1):
        each = _losses((total + told) / size, targets, of_classes=predictions.ndim == 3)
        best = int(np.argmin(each))
        total = total + told[best]
        joined.append(best)
        losses.append(float(each[best]))
    kept = joined[: int(np.argmin(losses)) + 1]
    return np.bincount(kept, minlength=len(told)) / len(kept)


def score(predictions: Floats, targets: Labels) -> Score:
    """Return how far one model's predictions ``[n, classes]`` or ``[n]`` lie from targets."""
    if predictions.ndim == 1:
        return Score(math.sqrt(float(np.mean(np.square(predictions - targets)))), 0.0)
    wrong = predictions.argmax(axis=1) != targets
    log_loss = _losses(_told(predictions[None], targets), targets, of_classes=True)
    return Score(float(wrong.mean()), float(log_loss[0]))


def _unseen(
    method: Method, predictions: Floats, targets: Labels, groups: npt.NDArray[np.int64]
) -> Floats:
    """Return what a method makes of the rows of each group, learned on those of the others."""
    if method not in _LEARNED:
        return learn(method, predictions, targets).combine(predictions)
    combined = np.empty(predictions.shape[1:])
    numbers = np.unique(groups)
    if len(numbers) < 2:
        raise SpecError(f"a rule is scored on groups apart, at least 2, got {len(numbers)}")
    for number in numbers:
        held = groups == number
        rule = learn(method, predictions[:, ~held], targets[~held])
        combined[held] = rule.combine(predictions[:, held])
    return combined


def _told(predictions: Floats, targets: Labels) -> Floats:
    """Return what a loss looks at, [members, n]: the probability of the target, or the value."""
    if predictions.ndim == 2:
        return predictions
    return np.asarray(predictions[:, np.arange(len(targets)), targets])


def _losses(told: Floats, targets: Labels, *, of_classes: bool) -> Floats:
    """Return the log loss or the mean squared error of each row of ``told``, [members]."""
    if of_classes:
        return np.asarray(-np.log(np.maximum(told, _SMALLEST)).mean(axis=1))
    return np.asarray(np.square(told - targets).mean(axis=1))


def _votes(predictions: Floats) -> Floats:
    members, _, classes = predictions.shape
    votes = np.eye(classes)[predictions.argmax(axis=2)].sum(axis=0)
    return np.asarray((votes + predictions.mean(axis=0)) / (members + 1))


def _features(predictions: Floats) -> Floats:
    """Return what stacking looks at, [n, members * classes] or [n, members]."""
    if predictions.ndim == 2:
        return predictions.T
    return predictions.transpose(1, 0, 2).reshape(predictions.shape[1], -1)


def _learn_stacking(predictions: Floats, targets: Labels) -> Combination:
    if predictions.ndim == 2:
        return _learn_ridge(predictions, targets)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    present = np.unique(targets)
    features, classes = _features(predictions), predictions.shape[2]
    coefficients = np.zeros((classes, features.shape[1]))
    intercepts = np.full(classes, _ABSENT)
    if len(present) == 1:
        intercepts[present] = 0.0
        return _stacking(coefficients, intercepts)
    with warnings.catch_warnings():  # where it stopped is a rule all the same
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(max_iter=1000).fit(features, targets)
    if len(present) == 2:  # one logit, of the second class
        coefficients[present[1]] = model.coef_[0]
        intercepts[present] = [0.0, model.intercept_[0]]
    else:
        coefficients[present], intercepts[present] = model.coef_, model.intercept_
    return _stacking(coefficients, intercepts)


def _learn_ridge(predictions: Floats, targets: Labels) -> Combination:
    from sklearn.linear_model import RidgeCV

    variance = float(np.var(targets)) or 1.0
    model = RidgeCV(alphas=_STRENGTHS * variance).fit(_features(predictions), targets)
    return _stacking(np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_))


def _stacking(coefficients: Floats, intercepts: Floats) -> Combination:
    rows = tuple(tuple(row) for row in coefficients.tolist())
    return Combination("stacking", (), rows, tuple(intercepts.tolist()))

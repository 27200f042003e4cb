"""Start simple: linear model, decision tree and gradient boosting on a real table.

The data are scikit-learn's breast cancer measurements, 569 rows and 30 columns; a fifth is set
aside as test data and never reported on. A trial reports once, after a five-fold cross-validation:
the mean over stratified folds (``cv_error``, which is tuned) with its spread, and the mean over
plain folds (``kfold_error``, to see what stratification changes). A mean over the first folds
alone would let a configuration win by a lucky fold.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from ray import tune
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import zero_one_loss
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tuner import Scenario, cached

FOLDS = 5


class Table(NamedTuple):
    """Measurements, float64 ``[n, 30]``, and labels, int64 ``[n]``: 1 is benign."""

    inputs: NDArray[np.float64]
    labels: NDArray[np.int64]


@cached
def load_splits() -> tuple[Table, Table]:
    """Return the rows to cross-validate on (80 %) and the test rows, the same in every process."""
    inputs, labels = load_breast_cancer(return_X_y=True)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=0.2, stratify=labels, random_state=0
    )
    return Table(inputs[train], labels[train]), Table(inputs[test], labels[test])


def build_model(config: dict[str, Any]) -> Pipeline:
    """Return the classifier of ``config["model"]``; the others' hyperparameters don't matter."""
    if config["model"] == "linear":
        classifier = LogisticRegression(C=config["C"], max_iter=1000)
    elif config["model"] == "tree":
        classifier = DecisionTreeClassifier(
            max_depth=config["max_depth"],
            min_samples_leaf=config["min_samples_leaf"],
            random_state=0,
        )
    else:
        classifier = HistGradientBoostingClassifier(
            learning_rate=config["learning_rate"],
            max_iter=config["max_iter"],
            max_depth=config["max_depth"],
            min_samples_leaf=config["min_samples_leaf"],
            random_state=0,
        )
    return make_pipeline(StandardScaler(), classifier)


def cross_validate(config: dict[str, Any]) -> dict[str, float]:
    """Return the means over all folds, and the standard deviation over the stratified ones."""
    table, _ = load_splits()
    errors = {
        kind: [fold_error(config, table, *fold) for fold in folds.split(*table)]
        for kind, folds in {
            "stratified": StratifiedKFold(FOLDS, shuffle=True, random_state=0),
            "plain": KFold(FOLDS, shuffle=True, random_state=0),
        }.items()
    }
    cv_error = float(np.mean(errors["stratified"]))
    return {
        "cv_error": cv_error,
        "cv_error_std": float(np.std(errors["stratified"], ddof=1)),
        "cv_accuracy": 1 - cv_error,
        "kfold_error": float(np.mean(errors["plain"])),
    }


def fold_error(
    config: dict[str, Any], table: Table, train: NDArray[np.int64], held_out: NDArray[np.int64]
) -> float:
    """Return the share of the held-out rows that a model of the other rows gets wrong."""
    model = build_model(config).fit(table.inputs[train], table.labels[train])
    return zero_one_loss(table.labels[held_out], model.predict(table.inputs[held_out]))


def train(config: dict[str, Any]) -> None:
    tune.report(cross_validate(config))


SCENARIO = Scenario(
    name="tabular",
    description="Linear model, decision tree and gradient boosting on a table, cross-validated",
    trainable=train,
    space={
        "model": tune.choice(["linear", "tree", "boosting"]),
        "C": tune.loguniform(1e-3, 1e2),  # linear
        "max_depth": tune.randint(1, 11),  # tree, boosting
        "min_samples_leaf": tune.lograndint(1, 33),  # tree, boosting
        "learning_rate": tune.loguniform(0.01, 1),  # boosting
        "max_iter": tune.lograndint(10, 201),  # boosting
    },
    metric="cv_error",
    mode="min",
    max_t=1,
    mutable=(),
    tags=("scikit-learn", "tabular", "classification"),
)

"""Families of models: what each of them tunes, where it starts, and scikit-learn's part of them.

A full training has `STEPS` steps for all. Boosting adds rounds in them, a forest trees, a network
epochs; the others are trained at the first, and are done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ray import tune

from tuner.errors import SpecError, nearest
from tuner.tabular.preparation import SCALERS
from tuner.tabular.tasks import Task

__all__ = [
    "FAMILIES",
    "STEPS",
    "Family",
    "available_families",
    "default_models",
    "family_of",
    "model_space",
]

STEPS = 9
"""Of a full training, in which a trial reports; boosting, forests and networks grow by them."""

_ROUNDS = 300  # of boosting, in a full training
_TREES = 300  # of a forest


@dataclass(frozen=True)
class Family:
    """Models of one kind.

    Attributes:
        name: As in ``config["model"]["family"]``.
        spaces: What is tuned, by task.
        defaults: What is tried first, by task.
        build: Makes a scikit-learn model of a configuration, a task, a number of training rows and
            a seed; None for the network.
        grows: The parameter of that model by which it grows; None where there is none.
        full: Its value in a full training.
    """

    name: str
    spaces: Mapping[Task, Mapping[str, Any]]
    defaults: Mapping[Task, Mapping[str, Any]]
    build: Callable[[Mapping[str, Any], Task, int, int], Any] | None
    grows: str | None = None
    full: int = 0

    @property
    def has_steps(self) -> bool:
        """Whether training goes on after the first step."""
        return self.build is None or self.grows is not None


def model_space(families: Sequence[str], task: Task) -> Any:
    """Return the choice between families, each with what it alone tunes.

    Raises:
        SpecError: There is no such family, or none at all.
    """
    if not families:
        raise SpecError(f"a search has families of models, got none; known: {', '.join(FAMILIES)}")
    options = [{"family": name, **family_of(name).spaces[task]} for name in families]
    return tune.choice(options)


def default_models(families: Sequence[str], task: Task) -> list[dict[str, Any]]:
    """Return the point of each family that is tried first."""
    return [{"family": name, **family_of(name).defaults[task]} for name in families]


def family_of(name: str) -> Family:
    """Return a family by its name.

    Raises:
        SpecError: There is none of it.
    """
    if name not in FAMILIES:
        raise SpecError(f"unknown family of models {name!r}{nearest(name, FAMILIES)}")
    return FAMILIES[name]


def available_families() -> tuple[str, ...]:
    """Return the names of the families whose packages are installed."""
    from importlib.util import find_spec

    has_torch = find_spec("torch") is not None
    return tuple(name for name, each in FAMILIES.items() if each.build is not None or has_torch)


def _dummy(config: Mapping[str, Any], task: Task, rows: int, seed: int) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyClassifier(strategy="prior") if task == "classification" else DummyRegressor()


def _linear(config: Mapping[str, Any], task: Task, rows: int, seed: int) -> Any:
    from sklearn.linear_model import ElasticNet, LogisticRegression

    if task == "classification":
        return LogisticRegression(C=config["C"], max_iter=1000)
    return ElasticNet(alpha=config["alpha"], l1_ratio=config["l1_ratio"], max_iter=5000)


def _neighbours(config: Mapping[str, Any], task: Task, rows: int, seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    kind = KNeighborsClassifier if task == "classification" else KNeighborsRegressor
    return kind(
        n_neighbors=min(config["neighbours"], rows),
        weights=config["weights"],
        p=config["p"],
        algorithm="brute",
    )


def _forest(config: Mapping[str, Any], task: Task, rows: int, seed: int) -> Any:
    from sklearn import ensemble

    prefix = "ExtraTrees" if config["splits"] == "random" else "RandomForest"
    suffix = "Classifier" if task == "classification" else "Regressor"
    return getattr(ensemble, f"{prefix}{suffix}")(
        max_features=config["max_features"],
        min_samples_leaf=config["min_samples_leaf"],
        warm_start=True,
        random_state=seed,
    )


def _boosting(config: Mapping[str, Any], task: Task, rows: int, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    classification = task == "classification"
    kind = HistGradientBoostingClassifier if classification else HistGradientBoostingRegressor
    return kind(
        learning_rate=config["learning_rate"],
        max_leaf_nodes=config["max_leaf_nodes"],
        min_samples_leaf=config["min_samples_leaf"],
        l2_regularization=config["l2"],
        max_features=config["max_features"],
        early_stopping=False,
        warm_start=True,
        random_state=seed,
    )


def _both(plain: Mapping[str, Any]) -> Mapping[Task, Mapping[str, Any]]:
    return {"classification": plain, "regression": plain}


_ALL = (
    Family("dummy", _both({}), _both({}), _dummy),
    Family(
        "linear",
        {
            "classification": {
                "scale": tune.choice(SCALERS),
                "C": tune.loguniform(1e-3, 1e3),
            },
            "regression": {
                "scale": tune.choice(SCALERS),
                "alpha": tune.loguniform(1e-4, 10),
                "l1_ratio": tune.uniform(0, 1),
            },
        },
        {
            "classification": {"scale": "standard", "C": 1.0},
            "regression": {"scale": "standard", "alpha": 0.01, "l1_ratio": 0.5},
        },
        _linear,
    ),
    Family(
        "boosting",
        _both(
            {
                "learning_rate": tune.loguniform(0.01, 0.5),
                "max_leaf_nodes": tune.lograndint(4, 129),
                "min_samples_leaf": tune.lograndint(2, 101),
                "l2": tune.loguniform(1e-6, 100),
                "max_features": tune.uniform(0.2, 1),
            }
        ),
        _both(
            {
                "learning_rate": 0.1,
                "max_leaf_nodes": 31,
                "min_samples_leaf": 20,
                "l2": 1e-6,
                "max_features": 1.0,
            }
        ),
        _boosting,
        "max_iter",
        _ROUNDS,
    ),
    Family(
        "forest",
        _both(
            {
                "splits": tune.choice(["best", "random"]),
                "max_features": tune.uniform(0.05, 1),
                "min_samples_leaf": tune.lograndint(1, 33),
            }
        ),
        _both({"splits": "best", "max_features": 0.33, "min_samples_leaf": 1}),
        _forest,
        "n_estimators",
        _TREES,
    ),
    Family(
        "neighbours",
        _both(
            {
                "scale": tune.choice(SCALERS),
                "neighbours": tune.lograndint(1, 65),
                "weights": tune.choice(["uniform", "distance"]),
                "p": tune.choice([1, 2]),
            }
        ),
        _both({"scale": "standard", "neighbours": 5, "weights": "uniform", "p": 2}),
        _neighbours,
    ),
    Family(
        "network",
        _both(
            {
                "scale": tune.choice(SCALERS),
                "layers": tune.randint(1, 4),
                "width": tune.lograndint(16, 257),
                "dropout": tune.uniform(0, 0.5),
                "lr": tune.loguniform(1e-4, 3e-2),
                "weight_decay": tune.loguniform(1e-6, 1e-1),
                "batch_size": tune.choice([32, 64, 128, 256]),
            }
        ),
        _both(
            {
                "scale": "standard",
                "layers": 2,
                "width": 64,
                "dropout": 0.1,
                "lr": 3e-3,
                "weight_decay": 1e-4,
                "batch_size": 64,
            }
        ),
        None,
    ),
)

FAMILIES: Mapping[str, Family] = {each.name: each for each in _ALL}
"""By name, from the simplest on as far as that can be said."""

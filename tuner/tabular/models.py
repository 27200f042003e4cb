"""One model of a table: preparation and learner, trained step by step on one set of rows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from tuner.tabular.families import STEPS, Family, family_of
from tuner.tabular.fitted_state import from_bytes, to_bytes
from tuner.tabular.preparation import Preparation
from tuner.tabular.tasks import Task

__all__ = ["TableModel"]

Floats: TypeAlias = npt.NDArray[np.float64]


class TableModel:
    """A model of rows of numbers; see `tuner.tabular.columns.Schema` for these.

    Targets that are values are learned in units of their deviation, so that penalties and
    learning rates mean the same for every table.

    Args:
        config: A point of the space of a tabular scenario.
        task: Of the targets.
        numeric: How many features stand before the codes of categories.
        classes: How many there are; 0 for values.
        seed: Of all that is drawn.
    """

    def __init__(
        self, config: Mapping[str, Any], task: Task, numeric: int, classes: int, seed: int
    ) -> None:
        self._config, self._task, self._classes, self._seed = config["model"], task, classes, seed
        self._family = family_of(self._config["family"])
        scale = self._config.get("scale")
        self._preparation = Preparation(config["prepare"], scale, task, numeric, seed)
        self._learner: Learner | None = None
        self._width = 0  # features that the learner sees
        self._center, self._spread = 0.0, 1.0
        self._prepared: tuple[Floats, npt.NDArray[Any]] | None = None

    def train(self, features: Floats, targets: npt.NDArray[Any], step: int) -> None:
        """Train until so many steps are done; always with the same rows.

        Args:
            features: ``[n, features]``.
            targets: ``[n]``.
            step: From 1 to `STEPS`.
        """
        if self._prepared is None:
            self._prepared = self._prepare(features, targets)
        inputs, wanted = self._prepared
        if self._learner is None:
            self._width = inputs.shape[1]
            self._learner = self._new_learner(len(inputs))
        self._learner.train(inputs, wanted, step)

    def predict(self, features: Floats) -> Floats:
        """Return probabilities ``[n, classes]``, or values ``[n]``."""
        if self._learner is None:
            raise RuntimeError("a model is trained before it predicts")
        found = self._learner.predict(self._preparation.apply(features))
        return found if self._task == "classification" else found * self._spread + self._center

    def state(self) -> dict[str, Any]:
        """Return what `load` takes."""
        if self._learner is None:
            raise RuntimeError("a model is trained before it is saved")
        return {
            "transformer": to_bytes(self._preparation.transformer),
            "kept": self._preparation.kept,
            "width": self._width,
            "center": self._center,
            "spread": self._spread,
            "learner": self._learner.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over the state of a model with the same arguments."""
        self._preparation.transformer = from_bytes(state["transformer"])
        self._preparation.kept = state["kept"]
        self._width, self._center = state["width"], state["center"]
        self._spread = state["spread"]
        self._learner = self._new_learner(rows=1)
        self._learner.load(state["learner"])

    def _prepare(
        self, features: Floats, targets: npt.NDArray[Any]
    ) -> tuple[Floats, npt.NDArray[Any]]:
        if self._task == "regression":
            self._center = float(np.mean(targets))
            self._spread = float(np.std(targets)) or 1.0
            targets = (targets - self._center) / self._spread
        return self._preparation.learn(features, targets), targets

    def _new_learner(self, rows: int) -> Learner:
        if self._family.build is not None:
            estimator = self._family.build(self._config, self._task, rows, self._seed)
            return _Estimator(self._family, estimator, self._classes)
        from tuner.tabular.network import Network

        return Network(self._config, self._task, self._width, self._classes, self._seed)


class Learner(Protocol):
    """What learns from prepared rows."""

    def train(self, inputs: Floats, targets: npt.NDArray[Any], step: int) -> None:
        """Train until so many steps are done."""

    def predict(self, inputs: Floats) -> Floats:
        """Return probabilities ``[n, classes]``, or values ``[n]``."""

    def state(self) -> Mapping[str, Any]:
        """Return what `load` takes, as plain values and arrays."""

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over the state of another one that was made alike."""


class _Estimator:
    """An estimator of scikit-learn, which grows by its warm start or is fitted once.

    Args:
        family: Whose it is.
        estimator: Not fitted.
        classes: How many there are, of which the training rows may lack some; 0 for values.
    """

    def __init__(self, family: Family, estimator: Any, classes: int) -> None:
        self._family, self._estimator, self._classes = family, estimator, classes
        self._fitted_at = 0

    def train(self, inputs: Floats, targets: npt.NDArray[Any], step: int) -> None:
        if self._fitted_at == step or (self._fitted_at and self._family.grows is None):
            return
        if self._family.grows is not None:
            size = max(1, round(self._family.full * step / STEPS))
            self._estimator.set_params(**{self._family.grows: size})
        with warnings.catch_warnings():  # where it stopped is a model all the same
            warnings.simplefilter("ignore")
            self._estimator.fit(inputs, targets)
        self._fitted_at = step

    def predict(self, inputs: Floats) -> Floats:
        if not self._classes:
            return np.asarray(self._estimator.predict(inputs), dtype=np.float64)
        whole = np.zeros((len(inputs), self._classes))
        whole[:, self._estimator.classes_] = self._estimator.predict_proba(inputs)
        return whole

    def state(self) -> Mapping[str, Any]:
        return {"estimator": to_bytes(self._estimator), "fitted_at": self._fitted_at}

    def load(self, state: Mapping[str, Any]) -> None:
        self._estimator = from_bytes(state["estimator"])
        self._fitted_at = state["fitted_at"]

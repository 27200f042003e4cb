"""From features to what a model takes: imputed, scaled, encoded and selected.

Everything that is learned is learned from the training rows alone, target encodings across folds
of them (Micci-Barreca 2001, "A preprocessing scheme for high-cardinality categorical attributes").
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from ray import tune

from tuner.randomness import PrivateRandomState
from tuner.tabular.tasks import Task

if TYPE_CHECKING:
    from sklearn.base import TransformerMixin
    from sklearn.compose import ColumnTransformer

__all__ = ["SCALERS", "Preparation", "default_preparation", "preparation_space"]

Floats: TypeAlias = npt.NDArray[np.float64]

SCALERS = ("standard", "robust", "normal")
"""By mean and deviation, by median and quartiles, or by quantiles onto a normal distribution."""

_MOST_CATEGORIES = 32  # that get a column of their own; the rarest share one
_JUDGES = 100  # trees by whose importance features are selected
_MOST_QUANTILES = 1000


def preparation_space(*, numbers: bool, categories: bool) -> dict[str, Any]:
    """Return the space of what is done to the features, whatever the model.

    Args:
        numbers: Whether there are numbers among them, booleans and dates included.
        categories: Whether there are categories.
    """
    space: dict[str, Any] = {}
    if numbers:
        space["impute"] = tune.choice(["mean", "median"])
        space["flag_missing"] = tune.choice([False, True])
    if categories:
        space["encode"] = tune.choice(["one_hot", "ordinal", "target"])
    space["select"] = tune.choice(
        [
            {"by": "none"},
            {"by": "f_test", "share": tune.uniform(0.1, 1.0)},
            {"by": "trees", "share": tune.uniform(0.1, 1.0)},
        ]
    )
    return space


def default_preparation(*, numbers: bool, categories: bool) -> dict[str, Any]:
    """Return the point of `preparation_space` that is tried first."""
    config: dict[str, Any] = {}
    if numbers:
        config |= {"impute": "median", "flag_missing": True}
    if categories:
        config["encode"] = "one_hot"
    return {**config, "select": {"by": "none"}}


class Preparation:
    """What is done to features before a model sees them.

    Args:
        config: A point of `preparation_space`.
        scale: One of `SCALERS` for numbers; None to leave them.
        task: Of the targets.
        numeric: How many features stand before the codes of categories.
        seed: Of all that is drawn.
    """

    def __init__(
        self, config: Mapping[str, Any], scale: str | None, task: Task, numeric: int, seed: int
    ) -> None:
        self._config, self._scale, self._task = config, scale, task
        self._numeric, self._seed = numeric, seed
        self.transformer: ColumnTransformer | None = None
        self.kept: npt.NDArray[np.int64] | None = None

    def learn(self, features: Floats, targets: npt.NDArray[Any]) -> Floats:
        """Learn from training rows, and return them as the model is to see them.

        That is not what `apply` makes of them: there, target encodings would know each row's own
        target.

        Args:
            features: ``[n, features]``.
            targets: Of the same rows, ``[n]``.
        """
        self.transformer = self._transformer(*features.shape)
        with PrivateRandomState(self._seed).active(), warnings.catch_warnings():
            # Columns without a value, classes rarer than folds, constants: none is an error here.
            warnings.simplefilter("ignore")
            encoded = np.asarray(self.transformer.fit_transform(features, targets))
            self.kept = self._select(encoded, targets)
        return np.asarray(encoded[:, self.kept])

    def apply(self, features: Floats) -> Floats:
        """Return other rows as the model is to see them."""
        if self.transformer is None or self.kept is None:
            raise RuntimeError("a preparation learns before it is applied")
        with warnings.catch_warnings():  # a category that no training row has is no error
            warnings.simplefilter("ignore", UserWarning)
            encoded = np.asarray(self.transformer.transform(features))
        return np.asarray(encoded[:, self.kept])

    def _transformer(self, rows: int, width: int) -> ColumnTransformer:
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline

        parts: list[tuple[str, Any, list[int]]] = []
        if self._numeric:
            imputer = SimpleImputer(
                strategy=self._config["impute"],
                add_indicator=self._config["flag_missing"],
                keep_empty_features=True,
            )
            steps = [imputer, *self._scaler(rows)]
            parts.append(("numbers", make_pipeline(*steps), list(range(self._numeric))))
        if width > self._numeric:
            parts.append(("categories", self._encoder(), list(range(self._numeric, width))))
        return ColumnTransformer(parts)

    def _scaler(self, rows: int) -> list[TransformerMixin]:
        from sklearn.preprocessing import QuantileTransformer, RobustScaler, StandardScaler

        match self._scale:
            case "standard":
                return [StandardScaler()]
            case "robust":
                return [RobustScaler()]
            case "normal":
                quantiles = min(_MOST_QUANTILES, rows)
                return [QuantileTransformer(n_quantiles=quantiles, output_distribution="normal")]
        return []

    def _encoder(self) -> TransformerMixin:
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

        match self._config["encode"]:
            case "one_hot":
                return OneHotEncoder(
                    handle_unknown="infrequent_if_exist",
                    max_categories=_MOST_CATEGORIES,
                    sparse_output=False,
                )
            case "target":
                kind = "auto" if self._task == "classification" else "continuous"
                return TargetEncoder(target_type=kind)
        return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)

    def _select(self, encoded: Floats, targets: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return the positions of the features that are kept, in ascending order."""
        select = self._config["select"]
        width = encoded.shape[1]
        if select["by"] == "none":
            return np.arange(width)
        judged = self._importances if select["by"] == "trees" else self._f_statistics
        worth = judged(encoded, targets)
        count = max(1, round(select["share"] * width))
        return np.sort(np.argsort(-worth, kind="stable")[:count])

    def _f_statistics(self, encoded: Floats, targets: npt.NDArray[Any]) -> Floats:
        from sklearn.feature_selection import f_classif, f_regression

        test = f_classif if self._task == "classification" else f_regression
        with np.errstate(all="ignore"):  # of a constant feature
            statistics, _ = test(encoded, targets)
        return np.nan_to_num(np.asarray(statistics, dtype=np.float64), nan=-1.0)

    def _importances(self, encoded: Floats, targets: npt.NDArray[Any]) -> Floats:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        kind = ExtraTreesClassifier if self._task == "classification" else ExtraTreesRegressor
        trees = kind(_JUDGES, min_samples_leaf=3, random_state=self._seed)
        return np.asarray(trees.fit(encoded, targets).feature_importances_)

"""The trainable of tabular scenarios: cross-validated in a sweep, one model where a part is asked.

In a sweep a trial trains a model per fold, all of them a step further with each report, and
reports the mean over the folds with its spread. Where `tuner.adopt` or `tuner.finalize` asks for a
fold or for all data, the same class trains one model on just these rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tuner.examples import Examples, Split
from tuner.tabular.columns import Schema
from tuner.tabular.examples import Source, load_table
from tuner.tabular.families import family_of
from tuner.tabular.models import TableModel
from tuner.tabular.scores import scores_of
from tuner.trainable import EpochTrainable, stable_seed

__all__ = ["TableTrainable"]


class TableTrainable(EpochTrainable):
    """Trains models of a table; a subclass says of which.

    Attributes:
        source: The table. It is not read to predict: a state has all that this takes.
    """

    source: ClassVar[Source]

    @classmethod
    def examples(cls) -> Examples:
        """Return the rows of the table."""
        return load_table(cls.source).examples

    def setup(self, config: dict[str, Any]) -> None:
        """Begin with no model: which there are follows from the data, or from a state."""
        self.schema: Schema | None = None
        self.classes = 0
        self.models: list[TableModel] = []

    def train_epoch(self) -> dict[str, float]:
        """Train every model a step further, and return the means over their validation rows."""
        if not self.models:
            table = load_table(self.source)
            self._begin(table.schema, len(table.examples.classes), len(self._splits))
        scores = [self._trained(*each) for each in zip(self.models, self._splits, strict=True)]
        return _means(scores)

    def predict(self, inputs: Any) -> npt.NDArray[np.float64]:
        """Return the mean of the models' probabilities ``[n, classes]``, or values ``[n]``.

        Args:
            inputs: A DataFrame with the columns of the table, as they stand there.
        """
        if self.schema is None:
            raise RuntimeError("a model is trained before it predicts")
        features = self.schema.matrix(inputs)
        return np.asarray(np.mean([model.predict(features) for model in self.models], axis=0))

    def should_stop(self) -> bool:
        """Say whether the family of the configuration is trained at the first step."""
        return not family_of(self.config["model"]["family"]).has_steps

    def state_dict(self) -> Mapping[str, Any]:
        """Return the models, and what makes numbers of a table."""
        return {
            "schema": self.schema.to_json() if self.schema is not None else None,
            "classes": self.classes,
            "models": [model.state() for model in self.models],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over models."""
        if state["schema"] is None:
            return
        self._begin(Schema.from_json(state["schema"]), state["classes"], len(state["models"]))
        for model, each in zip(self.models, state["models"], strict=True):
            model.load(each)

    @property
    def _splits(self) -> Sequence[Split]:
        """The rows of each model."""
        return load_table(self.source).splits if self.part == "holdout" else [self.split]

    def _begin(self, schema: Schema, classes: int, count: int) -> None:
        self.schema, self.classes = schema, classes
        seeds = [stable_seed(f"{self.trial_seed} model {number}") for number in range(count)]
        self.models = [
            TableModel(self.config, self.source.task, schema.numeric, classes, seed)
            for seed in seeds
        ]

    def _trained(self, model: TableModel, split: Split) -> Mapping[str, float]:
        """Train one model a step further, and return its scores on its validation rows."""
        table = load_table(self.source)
        features, targets = table.features, table.examples.targets
        model.train(features[split.train], targets[split.train], self.epochs_done + 1)
        return scores_of(model.predict(features[split.validation]), targets[split.validation])


def _means(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each score over models, and its standard deviation where it has one."""
    names = scores[0].keys()
    found = {name: float(np.mean([each[name] for each in scores])) for name in names}
    if len(scores) > 1:
        for name in names:
            found[f"{name}_std"] = float(np.std([each[name] for each in scores], ddof=1))
    return found

"""What `tuner.automl` found: the families in comparison, and the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuner.display import Display, Displayed, Grid
from tuner.playbook.finalization.model_card import Finalization
from tuner.playbook.finalization.models import Model, load_model
from tuner.plurals import counted
from tuner.store import Sweep
from tuner.tabular.reading import read_table
from tuner.tabular.understanding import Problem

__all__ = ["AutoML", "Standing", "leaderboard"]


@dataclass(frozen=True)
class Standing:
    """The best configuration of one family of models.

    Attributes:
        family: Of models.
        trials: How many configurations of it were tried.
        trial: The id of the best one.
        value: Its metric, the mean over folds of rows that the model in question had not seen;
            the best of several, so it flatters.
        spread: The standard deviation over the folds; None if that was not reported.
    """

    family: str
    trials: int
    trial: str
    value: float
    spread: float | None


@dataclass(frozen=True)
class AutoML(Displayed):
    """A table, searched for the model that predicts a column of it.

    Attributes:
        folder: With the table, its scenario, the sweep and the model.
        problem: What is predicted from what.
        metric: What was tuned; lower is better.
        standings: The best of each family, best first.
        model: What was made of the best ones, with its measures on the test rows.
    """

    folder: str
    problem: Problem
    metric: str
    standings: tuple[Standing, ...]
    model: Finalization

    def predict(self, inputs: pd.DataFrame | str | Path) -> npt.NDArray[Any]:
        """Return the labels of rows as they stand in the table, or values, ``[n]``.

        Args:
            inputs: A table with the columns of the training data, or the path of one. Values may
                be missing, and categories may be new.

        Raises:
            SpecError: A column is missing, or has cells of another kind.
            StorageError: The table cannot be read.
        """
        rows = read_table(inputs)
        if self.problem.task == "classification":
            return self._loaded.classify(rows)
        return self._loaded.predict(rows)

    def predict_proba(self, inputs: pd.DataFrame | str | Path) -> npt.NDArray[np.float64]:
        """Return the probabilities of the `classes`, ``[n, classes]``, or values ``[n]``.

        Args:
            inputs: As of `predict`.
        """
        return self._loaded.predict(read_table(inputs))

    @property
    def classes(self) -> tuple[Any, ...]:
        """The labels, in the order of their probabilities; none of values."""
        return self._loaded.recipe.classes

    @cached_property
    def _loaded(self) -> Model:
        return load_model(self.model.folder)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "folder": self.folder,
            "problem": {**asdict(self.problem), "remarks": list(self.problem.remarks)},
            "metric": self.metric,
            "standings": [asdict(each) for each in self.standings],
            "model": self.model.to_json(),
        }

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self._heading
        yield from (f"  {remark}" for remark in self.problem.remarks)
        yield f"best of each family, {self.metric} (lower is better) over folds:"
        for each in self.standings:
            spread = "" if each.spread is None else f" +- {each.spread:.4g}"
            tried = counted(each.trials, "trial")
            yield f"  {each.family:11} {each.value:.4g}{spread}  {each.trial}, {tried}"
        yield self.model.text()

    def _display(self) -> Display:
        rows = tuple(
            (
                *(each.family, each.trial, f"{each.value:.4g}"),
                *("" if each.spread is None else f"{each.spread:.4g}", f"{each.trials:,}"),
            )
            for each in self.standings
        )
        heads = ("family", "best trial", self.metric, "spread over folds", "trials")
        model = self.model._display()
        grids = (Grid(rows, heads, words=2), *model.grids)
        return Display(self._heading, grids, (model.title, *self.problem.remarks, *model.notes))

    @property
    def _heading(self) -> str:
        columns = counted(len(self.problem.columns), "column")
        return f"{self.folder}: {self.problem.target} from {columns}"


def leaderboard(sweep: Sweep) -> tuple[Standing, ...]:
    """Return the best trial of each family, best first; families without a value are left out.

    Raises:
        NoResultError: No trial has a finite value.
    """
    tried = Counter(config["model"]["family"] for config in sweep.trials()["config"])
    ranked = sweep.best(max(2, tried.total()))
    standings: dict[str, Standing] = {}
    for each in ranked:
        family = each.config["model"]["family"]
        if family in standings or each.value is None:
            continue
        spread = each.metrics.get(f"{sweep.metric}_std")
        standings[family] = Standing(family, tried[family], each.trial_id, each.value, spread)
    return tuple(standings.values())

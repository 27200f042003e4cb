"""`tabular_scenario`: a table as a scenario, like one that is written by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuner.errors import SpecError, nearest
from tuner.scenario import Scenario
from tuner.tabular.columns import KINDS, Kind
from tuner.tabular.examples import Source
from tuner.tabular.families import STEPS, available_families, default_models, model_space
from tuner.tabular.preparation import default_preparation, preparation_space
from tuner.tabular.reading import read_table
from tuner.tabular.scores import check_metric
from tuner.tabular.tasks import Task, check_task
from tuner.tabular.trainable import TableTrainable
from tuner.tabular.understanding import understand

__all__ = ["default_configs", "tabular_scenario"]

_GRACE = STEPS // 3  # who has grown so far tells how good he will be
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")  # for the name of a scenario


def tabular_scenario(
    data: str | Path,
    *,
    target: str,
    task: str | None = None,
    columns: Mapping[str, str] | None = None,
    families: Sequence[str] | None = None,
    metric: str | None = None,
    folds: int = 5,
    test: float = 0.2,
    seed: int = 0,
    name: str | None = None,
) -> Scenario:
    """Return the scenario of predicting a column of a table from others.

    Preprocessing, feature selection and the model's hyperparameters are searched together. A trial
    cross-validates one configuration: it trains a model on each fold, and reports the mean over
    the folds with its spread (``<metric>_std``).

    Args:
        data: The path of a CSV or Parquet file, which every node finds there.
        target: The column that is predicted.
        task: ``"classification"`` or ``"regression"``; None for what the target looks like.
        columns: Those to predict from, and what they hold: ``"number"``, ``"boolean"``,
            ``"date"`` or ``"category"``. None for all that tell something.
        families: Of models, from ``dummy``, ``linear``, ``boosting``, ``forest``, ``neighbours``
            and ``network``; None for all of which the packages are installed.
        metric: ``"log_loss"`` or ``"error"`` of classes, ``"rmse"`` or ``"mae"`` of values; None
            for the first of them. Lower is better.
        folds: Of the cross-validation in a trial, stratified for classes; at least 2.
        test: The share of rows set aside for the very end, ``0 <= test < 1``.
        seed: By which these are drawn.
        name: Of the scenario; None for that of the file.

    Raises:
        SpecError: An argument is not what its line above says, or the table cannot be learned
            from.
        StorageError: The table cannot be read.
    """
    path = Path(data).expanduser().absolute()
    _check_division(folds, test)
    if task is None or columns is None:
        problem = understand(read_table(path), target, task)
        task = problem.task
        columns = problem.columns if columns is None else columns
    kinds = _checked_kinds(columns, target)
    known = check_task(task)
    source = Source(path, target, known, tuple(kinds.items()), folds, test, seed)
    chosen = available_families() if families is None else tuple(families)
    return Scenario(
        name=_UNFIT.sub("-", name or path.stem).strip("-._") or "table",
        description=f"{known.capitalize()} of the rows of a table, cross-validated",
        trainable=type("Table", (TableTrainable,), {"source": source}),
        space={"prepare": preparation_space(**_parts(kinds)), "model": model_space(chosen, known)},
        metric=check_metric(metric, known),
        mode="min",
        time_attr="epoch",
        max_t=STEPS,
        grace_period=_GRACE,
        mutable=(),
        tags=("tabular", known, "scikit-learn"),
    )


def default_configs(
    columns: Mapping[str, Kind], task: Task, families: Sequence[str]
) -> list[dict[str, Any]]:
    """Return one sensible configuration of each family, which are tried first."""
    prepare = default_preparation(**_parts(columns))
    return [{"prepare": prepare, "model": model} for model in default_models(families, task)]


def _parts(kinds: Mapping[str, Kind]) -> dict[str, bool]:
    """Return which kinds of features there are, as `preparation_space` takes it."""
    found = set(kinds.values())
    return {"numbers": bool(found - {"category"}), "categories": "category" in found}


def _check_division(folds: int, test: float) -> None:
    if folds < 2:
        raise SpecError(f"a cross-validation has at least 2 folds, got {folds}")
    if not 0 <= test < 1:
        raise SpecError(f"the share of rows set aside is 0 <= test < 1, got {test}")


def _checked_kinds(columns: Mapping[str, str], target: str) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for name, kind in columns.items():
        if name == target:
            raise SpecError(f"the target is not predicted from itself: leave {target!r} out")
        match [known for known in KINDS if known == kind]:
            case [known]:
                kinds[name] = known
            case _:
                raise SpecError(
                    f"unknown kind {kind!r} of column {name!r}{nearest(str(kind), KINDS)}"
                )
    if not kinds:
        raise SpecError("a table has columns to predict from, got none beside the target")
    return kinds

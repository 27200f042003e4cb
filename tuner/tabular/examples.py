"""The rows of a table as a scenario's examples: loaded once per process, test rows set aside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuner.caching import cached
from tuner.examples import Examples, Rows, Split, fold_parts
from tuner.tabular.columns import Kind, Schema
from tuner.tabular.reading import check_target, read_table
from tuner.tabular.tasks import Task, as_targets

__all__ = ["Source", "Table", "load_table", "tabulate"]

_FOLDS_SEED = 1  # finalize divides by 0: what weighs models is not what they were chosen by


@dataclass(frozen=True)
class Source:
    """Which table, and what is done with it; hashable, so that it is loaded once.

    Attributes:
        path: Of a CSV or Parquet file.
        target: The column that is predicted.
        task: Whether it has classes or values.
        columns: Names and kinds of those to predict from.
        folds: Of the cross-validation in a trial.
        test: The share of rows set aside, ``0 <= test < 1``.
        seed: By which they are drawn, stratified for classes.
    """

    path: Path
    target: str
    task: Task
    columns: tuple[tuple[str, Kind], ...]
    folds: int
    test: float
    seed: int

    @property
    def rarest(self) -> int:
        """How many rows each class needs: one per fold, and one to test on."""
        return self.folds + (self.test > 0)


@dataclass(frozen=True, eq=False)
class Table:
    """A table, ready to learn from.

    Attributes:
        examples: Its rows; inputs are the columns as they stand in the table.
        schema: How they become numbers.
        features: What they become, ``[n, features]``.
        splits: Of the cross-validation in a trial.
    """

    examples: Examples
    schema: Schema
    features: npt.NDArray[np.float64]
    splits: tuple[Split, ...]


@cached
def load_table(source: Source) -> Table:
    """Return the table of a source, read from its file.

    Raises:
        SpecError: As `tabulate`.
        StorageError: It cannot be read.
    """
    return tabulate(read_table(source.path), source)


def tabulate(frame: pd.DataFrame, source: Source) -> Table:
    """Return a table, ready to learn from; rows without a target are left out.

    Args:
        frame: What is in the file of the source.
        source: What is done with it.

    Raises:
        SpecError: It is not the table that the source describes, or cannot be learned from.
    """
    check_target(frame, source.target)
    frame = frame[frame[source.target].notna()].reset_index(drop=True)
    kinds = dict(source.columns)
    schema = Schema.of(frame, kinds)
    targets = as_targets(frame[source.target], source.task, at_least=source.rarest)
    classification = source.task == "classification"
    test = _test_rows(source, targets.numbers if classification else None, len(frame))

    def examples(validation: Rows) -> Examples:
        inputs = frame[list(kinds)]
        return Examples(
            inputs, targets.numbers, test, validation, classification, classes=targets.classes
        )

    some = examples(np.setdiff1d(np.arange(len(frame)), test)[:1])  # folds need no validation rows
    splits = tuple(some.split(part) for part in fold_parts(source.folds, _FOLDS_SEED))
    return Table(examples(splits[0].validation), schema, schema.matrix(frame), splits)


def _test_rows(source: Source, classes: Rows | None, count: int) -> Rows:
    from sklearn.model_selection import train_test_split

    if not source.test:
        return np.array([], dtype=np.int64)
    least = 1 if classes is None else int(classes.max()) + 1  # a row of each class
    size = max(least, round(source.test * count))
    _, test = train_test_split(
        np.arange(count), test_size=size, stratify=classes, random_state=source.seed
    )
    return np.sort(test)

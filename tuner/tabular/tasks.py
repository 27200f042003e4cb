"""What is to be predicted: classes or values, and the targets as numbers. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuner.errors import SpecError, nearest
from tuner.plurals import counted

__all__ = ["TASKS", "Targets", "Task", "as_targets", "check_task", "find_task"]

Label: TypeAlias = str | int | float | bool

Task = Literal["classification", "regression"]

TASKS: tuple[Task, ...] = get_args(Task)

_MOST_CLASSES = 20  # that whole numbers may stand for


@dataclass(frozen=True, eq=False)
class Targets:
    """What is to be predicted, a number for each row.

    Attributes:
        numbers: Places in ``classes``, int64 ``[n]``; or values, float64 ``[n]``.
        classes: The labels as they stand in the table, in ascending order; none for values.
    """

    numbers: npt.NDArray[Any]
    classes: tuple[Label, ...]


def find_task(target: pd.Series) -> tuple[Task, str]:
    """Return what a target asks for, and by what it is known.

    Text, booleans and at most 20 different whole numbers are classes; other numbers are values.

    Args:
        target: At least one value.
    """
    known = target.dropna()
    if not _is_numeric(known):
        return "classification", f"{target.name!r} is no number"
    different = int(known.nunique())
    whole = bool((known.astype(float) % 1 == 0).all())
    if whole and different <= _MOST_CLASSES:
        return "classification", f"{target.name!r} has {different} different whole numbers"
    what = f"{different} different whole numbers" if whole else "numbers with fractions"
    return "regression", f"{target.name!r} has {what}"


def check_task(task: str) -> Task:
    """Return a task by its name.

    Raises:
        SpecError: There is none of it.
    """
    for known in TASKS:
        if task == known:
            return known
    raise SpecError(f"unknown task {task!r}{nearest(task, TASKS)}")


def as_targets(target: pd.Series, task: Task, *, at_least: int) -> Targets:
    """Return the targets of a task as numbers.

    Args:
        target: No value is missing.
        task: Of it.
        at_least: How many rows each class has, and how many rows there are of values.

    Raises:
        SpecError: There is one class only, a class is rarer, or a value is no number.
    """
    return _classes(target, at_least) if task == "classification" else _values(target, at_least)


def _classes(target: pd.Series, at_least: int) -> Targets:
    labels = [_label(each) for each in target.tolist()]
    classes = tuple(sorted(set(labels), key=lambda each: (isinstance(each, str), each)))
    if len(classes) < 2:
        raise SpecError(
            f"a classification has at least 2 classes, and {target.name!r} has only "
            f"{classes[0]!r}; name another target"
        )
    places = {label: place for place, label in enumerate(classes)}
    numbers = np.array([places[label] for label in labels], dtype=np.int64)
    counts = np.bincount(numbers)
    rarest = int(counts.argmin())
    if counts[rarest] < at_least:
        raise SpecError(
            f"each class has a row per fold and one to test on, at least {at_least}, and "
            f"{classes[rarest]!r} has {counts[rarest]}; join it with another or leave it out, take "
            "fewer folds (--folds, folds=), or predict values (--task regression)"
        )
    return Targets(numbers, classes)


def _values(target: pd.Series, at_least: int) -> Targets:
    try:
        numbers = pd.to_numeric(target).to_numpy(dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise SpecError(
            f"the target of a regression is a number, and {target.name!r} is not ({error}); "
            "predict classes (--task classification)"
        ) from None
    if not np.isfinite(numbers).all():
        raise SpecError(
            f"the target of a regression is finite, and {target.name!r} has an infinite value; "
            "leave that row out, or transform the target"
        )
    if len(numbers) < at_least or np.ptp(numbers) == 0:
        raise SpecError(
            f"a regression has at least {at_least} rows (one per fold and one to test on) and "
            f"different values, and {target.name!r} has {counted(len(numbers), 'row')} and "
            f"{counted(len(np.unique(numbers)), 'value')}; take fewer folds, or another target"
        )
    return Targets(numbers, ())


def _is_numeric(cells: pd.Series) -> bool:
    types = pd.api.types
    return types.is_numeric_dtype(cells.dtype) and not types.is_bool_dtype(cells.dtype)


def _label(cell: Any) -> Label:
    """Return a label as it was written: a gap elsewhere in a column makes whole numbers floats."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell if isinstance(cell, str | int | float | bool) else str(cell)

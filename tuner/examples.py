"""The examples that a scenario learns from, and which of them train, validate and test.

A scenario says it once, in `tuner.EpochTrainable.examples`; each trial then asks for the rows of
its own part of the data. So the same trainable trains on the scenario's split in a sweep, on
folds when it is cross-validated, and on all but the test rows when it is refitted.

A part is a plain value that survives JSON:

- ``"holdout"``: the scenario's own validation rows validate, all others but the test rows train;
- ``{"fold": 0, "folds": 5, "seed": 0}``: one fold of so many, over all rows but the test rows;
- ``"all"``: all but the test rows train. The scenario's validation rows are among them, so what
  is measured on them says nothing about new examples.

No part holds a test row.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tuner.errors import ScenarioError, SpecError

__all__ = ["Examples", "Part", "Rows", "Split", "fold_parts", "take"]

Rows: TypeAlias = NDArray[np.int64]
"""Positions of examples along the first axis, ``[n]``."""

Part: TypeAlias = str | Mapping[str, int]
"""A part of the data as a plain value: ``"holdout"``, ``"all"``, or a fold."""

_FOLD = ("fold", "folds", "seed")


class Split(NamedTuple):
    """The rows that one trial trains on, and those that it validates on."""

    train: Rows
    validation: Rows


@dataclass(frozen=True, eq=False)
class Examples:
    """What a scenario learns from; the first axis of inputs and targets counts examples.

    Attributes:
        inputs: An array, a tensor on the CPU or a DataFrame; rows are taken by position.
        targets: As many, likewise.
        test: Rows set aside: measured once, at the very end. None at all is allowed.
        validation: Rows of the scenario's own validation split; all others train.
        classification: Whether targets are classes ``0 <= class < k``: then folds are stratified,
            and `tuner.EpochTrainable.predict` returns probabilities ``[n, k]``. Otherwise they
            are numbers, one or several per example, and it returns values of their shape.
        classes: What people call the classes, in their order; empty for their numbers.

    Raises:
        ScenarioError: Inputs and targets differ in number, a row is not there or comes twice, or
            no row is left to validate or to train on.
    """

    inputs: Any
    targets: Any
    test: Rows
    validation: Rows
    classification: bool
    classes: tuple[str | int | float, ...] = ()

    def __post_init__(self) -> None:
        for name in ("test", "validation"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.int64))
        counts = [len(self), _count(self.targets)]
        if counts[0] != counts[1]:
            raise ScenarioError(
                f"examples have an input and a target each, got {counts[0]} inputs and "
                f"{counts[1]} targets"
            )
        _check_rows(self)

    def __len__(self) -> int:
        return _count(self.inputs)

    @property
    def development(self) -> Rows:
        """All rows but the test rows, in ascending order."""
        return np.setdiff1d(np.arange(len(self), dtype=np.int64), self.test)

    def at(self, rows: Rows) -> tuple[Any, Any]:
        """Return the inputs and the targets of ``rows``, each of the kind that it is."""
        return take(self.inputs, rows), take(self.targets, rows)

    def split(self, part: Part = "holdout") -> Split:
        """Return the rows of a part of the data; the same part is the same rows everywhere.

        Args:
            part: As the module says.

        Raises:
            SpecError: There is no such part, or the data cannot be divided so.
        """
        own = Split(np.setdiff1d(self.development, self.validation), self.validation)
        if isinstance(part, Mapping):
            return self._fold(part)
        if part == "holdout":
            return own
        if part == "all":
            return Split(self.development, self.validation)
        raise SpecError(f'a part of the data is "holdout", "all" or a fold, got {part!r}')

    def _fold(self, part: Mapping[str, int]) -> Split:
        from sklearn.model_selection import KFold, StratifiedKFold

        fold, folds, seed = _checked_fold(part)
        rows = self.development
        kind = StratifiedKFold if self.classification else KFold
        classes = np.asarray(take(self.targets, rows)) if self.classification else None
        try:
            with warnings.catch_warnings():  # of a class rarer than folds: some fold lacks it
                warnings.simplefilter("ignore", UserWarning)
                divided = list(kind(folds, shuffle=True, random_state=seed).split(rows, classes))
        except ValueError as error:
            raise SpecError(
                f"the examples cannot be divided into {folds} folds: {error}; take fewer"
            ) from error
        train, validation = divided[fold]
        return Split(rows[train], rows[validation])


def fold_parts(folds: int, seed: int) -> list[Part]:
    """Return the parts of a cross-validation, whose validation rows together are all but test."""
    return [{"fold": fold, "folds": folds, "seed": seed} for fold in range(folds)]


def take(data: Any, rows: Rows) -> Any:
    """Return some rows of an array, a tensor, or a DataFrame or Series (by position)."""
    return data.iloc[rows] if hasattr(data, "iloc") else data[rows]


def _count(data: Any) -> int:
    if not getattr(data, "shape", ()):
        raise ScenarioError(
            "examples are arrays, tensors or DataFrames whose first axis counts examples, got "
            f"a {type(data).__name__}; make an array of it"
        )
    return int(data.shape[0])


def _check_rows(examples: Examples) -> None:
    """Refuse rows that are not there, and a split that overlaps itself or trains on nothing."""
    chosen = np.concatenate([examples.test, examples.validation])
    count = len(examples)
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < count):
        raise ScenarioError(
            f"rows of examples are positions from 0 to {count - 1}, got {chosen.min()} to "
            f"{chosen.max()}"
        )
    if len(np.unique(chosen)) < len(chosen):
        raise ScenarioError(
            "an example is tested on, validated on or trained on, but test and validation name "
            "some rows twice; make them disjoint"
        )
    if not len(examples.validation) or len(chosen) == count:
        raise ScenarioError(
            f"examples leave rows to validate and to train on, but of {count}, "
            f"{len(examples.test)} test and {len(examples.validation)} validate"
        )


def _checked_fold(part: Mapping[str, int]) -> tuple[int, int, int]:
    if set(part) != set(_FOLD) or not all(isinstance(part[name], int) for name in _FOLD):
        raise SpecError(
            f'a fold is {{"fold": 0, "folds": 5, "seed": 0}} with whole numbers, got {dict(part)!r}'
        )
    fold, folds, seed = (part[name] for name in _FOLD)
    if folds < 2 or not 0 <= fold < folds:
        raise SpecError(f"there are at least 2 folds, counted from 0, got fold {fold} of {folds}")
    return fold, folds, seed

"""What a model is made of, as plain values: `Recipe`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tuner.errors import SpecError
from tuner.examples import Examples, Part
from tuner.playbook.finalization.ensembles import Combination

__all__ = ["FORMAT", "InputKind", "Member", "Recipe"]

FORMAT = 1
"""Of a model's files."""


@dataclass(frozen=True)
class InputKind:
    """What the model's inputs look like.

    Attributes:
        columns: The names of a table's columns; empty for an array.
        shape: Of one example of an array; empty for a table.
    """

    columns: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()

    @classmethod
    def of(cls, examples: Examples) -> InputKind:
        """Return the kind of a scenario's inputs."""
        columns = getattr(examples.inputs, "columns", None)
        if columns is not None:
            return cls(columns=tuple(map(str, columns)))
        return cls(shape=tuple(int(size) for size in examples.inputs.shape[1:]))

    def checked(self, inputs: Any) -> Any:
        """Return inputs as the trainable expects them: of a table its columns in their order.

        Raises:
            SpecError: They are of another kind, or there are none.
        """
        if self.columns:
            self._check_columns(list(map(str, getattr(inputs, "columns", ()))))
            _check_rows(len(inputs))
            return inputs[list(self.columns)]
        values = inputs.to_numpy() if hasattr(inputs, "to_numpy") else inputs
        shape = tuple(np.shape(values))
        if self.shape and shape[1:] != self.shape:
            expected = ", ".join(map(str, ("n", *self.shape)))
            raise SpecError(f"inputs have the shape [{expected}], got {list(shape)}")
        _check_rows(len(values))
        return values

    def _check_columns(self, names: Sequence[str]) -> None:
        missing = [name for name in self.columns if name not in names]
        if missing:
            there = ", ".join(names) or "none"
            raise SpecError(
                "inputs are tables with the columns of the training data, and "
                f"{', '.join(map(repr, missing))} is missing; the columns that are there: {there}"
            )


def _check_rows(count: int) -> None:
    if not count:
        raise SpecError("inputs are examples to predict, at least one row, got none")


@dataclass(frozen=True)
class Member:
    """One trained model.

    Attributes:
        label: The trial whose configuration it has.
        config: Its hyperparameters.
        part: The part of the data that it was trained on.
        folder: Where its state is, below ``members/``.
    """

    label: str
    config: Mapping[str, Any]
    part: Part
    folder: str


@dataclass(frozen=True)
class Recipe:
    """What a model is made of.

    Attributes:
        scenario: The scenario's name.
        source: How it is loaded; None if it was built in Python.
        classification: Whether predictions are probabilities, ``[n, classes]``.
        inputs: What it takes; None if that is not known.
        members: Of each candidate, its models; their mean is the candidate's prediction.
        combination: How the candidates' predictions become one.
        classes: What people call the classes, in their order; empty for their numbers.
    """

    scenario: str
    source: str | None
    classification: bool | None
    inputs: InputKind | None
    members: tuple[tuple[Member, ...], ...]
    combination: Combination
    classes: tuple[str | int | float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """Return the recipe that `to_json` gave."""
        inputs = data["inputs"]
        return cls(
            scenario=data["scenario"],
            source=data["source"],
            classification=data["classification"],
            inputs=inputs and InputKind(tuple(inputs["columns"]), tuple(inputs["shape"])),
            members=tuple(tuple(Member(**each) for each in group) for group in data["members"]),
            combination=Combination.from_json(data["combination"]),
            classes=tuple(data.get("classes", ())),
        )

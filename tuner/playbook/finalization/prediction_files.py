"""Files of inputs and predictions: comma-separated text, Parquet, and NumPy's arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuner.errors import SpecError, StorageError

__all__ = ["read_inputs", "write_predictions"]

_KINDS = (".csv", ".parquet", ".npy")


def read_inputs(path: str | Path) -> Any:
    """Return the examples in a file: of ``.csv`` or ``.parquet`` a DataFrame, of ``.npy`` an array.

    The first line of a ``.csv`` has the names of the columns, unless all it has is numbers.

    Raises:
        SpecError: It is none of them.
        StorageError: It cannot be read.
    """
    file = _checked(path)
    try:
        if file.suffix == ".npy":
            return np.load(file, allow_pickle=False)
        if file.suffix == ".parquet":
            return pd.read_parquet(file)
        with file.open(encoding="utf-8") as lines:
            has_names = not _all_numbers(lines.readline())
        return pd.read_csv(file, header=0 if has_names else None)
    except (OSError, ValueError) as error:  # pandas and NumPy raise kinds of ValueError
        raise StorageError(f"cannot read inputs from {file}: {error}") from error


def write_predictions(
    path: str | Path,
    predictions: npt.NDArray[np.float64],
    *,
    of_values: bool = False,
    classes: Sequence[Any] = (),
) -> None:
    """Write predictions, a row each.

    A ``.csv`` or ``.parquet`` has the columns ``class``, the most probable one, and
    ``probability_<class>``; or, of values, ``prediction``, or ``prediction_<output>`` for each of
    several. A ``.npy`` has the array as it is.

    Args:
        path: It is replaced if it is there.
        predictions: ``[n, classes]``, ``[n]`` or ``[n, outputs]``.
        of_values: Whether several columns are values and not probabilities.
        classes: What people call them, in their order; empty for their numbers.

    Raises:
        SpecError: The file is to be of another kind.
        StorageError: It cannot be written.
    """
    file = _checked(path)
    try:
        if file.suffix == ".npy":
            np.save(file, predictions)
        elif file.suffix == ".parquet":
            _frame(predictions, of_values, classes).to_parquet(file, index=False)
        else:
            _frame(predictions, of_values, classes).to_csv(file, index=False)
    except OSError as error:
        raise StorageError(f"cannot write predictions to {file}: {error}") from error


def _checked(path: str | Path) -> Path:
    file = Path(path).expanduser()
    if file.suffix not in _KINDS:
        raise SpecError(f"inputs and predictions are files of {' or '.join(_KINDS)}, got {path}")
    return file


def _all_numbers(line: str) -> bool:
    try:
        [float(cell) for cell in line.split(",")]
    except ValueError:
        return False
    return True


def _frame(
    predictions: npt.NDArray[np.float64], of_values: bool, classes: Sequence[Any]
) -> pd.DataFrame:
    if predictions.ndim == 1:
        return pd.DataFrame({"prediction": predictions})
    kind = "prediction" if of_values else "probability"
    called = list(classes) or list(range(predictions.shape[1]))
    frame = pd.DataFrame(predictions, columns=[f"{kind}_{name}" for name in called])
    if not of_values:
        frame.insert(0, "class", [called[place] for place in predictions.argmax(axis=1)])
    return frame

"""What the columns of a table are, and their cells as numbers. Pure.

| kind       | cells                                          | becomes                           |
|------------|------------------------------------------------|-----------------------------------|
| `number`   | numbers                                        | the number                        |
| `boolean`  | true and false                                 | 1 and 0                           |
| `date`     | dates, or text such as ``2024-02-29 12:00``    | days since 1970, month, weekday   |
| `category` | anything, compared as text                     | a code: see `Schema`              |

A missing number, boolean or date is NaN; infinities count as missing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuner.errors import SpecError, nearest

__all__ = ["KINDS", "Kind", "Schema", "find_kinds"]

Floats: TypeAlias = npt.NDArray[np.float64]

Kind = Literal["number", "boolean", "date", "category"]

KINDS: tuple[Kind, ...] = get_args(Kind)

_MISSING = -1.0  # the code of a category that is not there: one more category
_DAY = pd.Timedelta(days=1)
_TRUTH = {"true": 1.0, "false": 0.0}
_BITS = {**_TRUTH, "1": 1.0, "0": 0.0}
_FEW = 20  # different texts that a column may have, however short the table
_LIKE_IDS = 0.9  # of the rows have a text of their own


@dataclass(frozen=True)
class Schema:
    """How rows of a table become rows of numbers, the same whatever other rows there are.

    Nothing here is learned from rows but which categories there are; means, scales and encodings
    are learned from training rows, in `tuner.tabular.preparation`.

    Attributes:
        kinds: Of the columns, by name; numbers first and categories last.
        categories: Of each column of categories, in ascending order. A category's code is its
            place; a missing one has -1, and one that is not there has the first code beyond.
    """

    kinds: Mapping[str, Kind]
    categories: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, frame: pd.DataFrame, kinds: Mapping[str, Kind]) -> Schema:
        """Return the schema of a table with columns of these kinds.

        Raises:
            SpecError: There is no such column or kind, or no column at all.
        """
        if not kinds:
            raise SpecError("a table has columns to predict from, got none beside the target")
        for name, kind in kinds.items():
            if name not in frame.columns:
                raise SpecError(f"no column {name!r} in the table{nearest(name, frame.columns)}")
            if kind not in KINDS:
                raise SpecError(f"unknown kind {kind!r} of column {name!r}{nearest(kind, KINDS)}")
        ordered = {name: kind for each in KINDS for name, kind in kinds.items() if kind == each}
        categories = {
            name: tuple(sorted(set(_texts(frame[name].dropna()))))
            for name, kind in ordered.items()
            if kind == "category"
        }
        return cls(ordered, categories)

    @property
    def numeric(self) -> int:
        """How many features stand before those that are codes of categories."""
        widths = {"number": 1, "boolean": 1, "date": 3, "category": 0}
        return sum(widths[kind] for kind in self.kinds.values())

    def matrix(self, frame: pd.DataFrame) -> Floats:
        """Return the features of rows, ``[n, features]``; codes of categories last.

        Args:
            frame: A table with these columns, and maybe others.

        Raises:
            SpecError: A cell is no number, boolean or date, and its column is one of such.
        """
        columns = [feature for name in self.kinds for feature in self._features(frame, name)]
        return np.column_stack(columns).astype(np.float64)

    def _features(self, frame: pd.DataFrame, name: str) -> list[Floats]:
        cells = frame[name]
        match self.kinds[name]:
            case "number":
                return [_numbers(cells)]
            case "boolean":
                return [_booleans(cells)]
            case "date":
                return _dates(cells)
            case "category":
                return [_codes(cells, self.categories[name])]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Schema:
        """Return the schema that `to_json` gave."""
        categories = {name: tuple(each) for name, each in content["categories"].items()}
        return cls(content["kinds"], categories)


def find_kinds(frame: pd.DataFrame) -> tuple[dict[str, Kind], dict[str, str]]:
    """Return the kinds of a table's columns, and why the others tell nothing, by name."""
    kinds: dict[str, Kind] = {}
    dropped: dict[str, str] = {}
    for name in frame.columns:
        cells = frame[name].dropna()
        if cells.empty:
            dropped[name] = "it has no value"
        elif cells.nunique() == 1:
            dropped[name] = f"its only value is {cells.iloc[0]!s}"
        else:
            kind = _kind_of(cells)
            if _is_like_ids(cells, kind):
                dropped[name] = "it tells rows apart, like an id"
            else:
                kinds[name] = kind
    return kinds, dropped


def _kind_of(cells: pd.Series) -> Kind:
    types = pd.api.types
    if types.is_bool_dtype(cells.dtype):
        return "boolean"
    if types.is_numeric_dtype(cells.dtype):
        return "number"
    if types.is_datetime64_any_dtype(cells.dtype):
        return "date"
    if set(_texts(cells, fold=True)) <= set(_TRUTH):
        return "boolean"
    texts = pd.Series(_texts(cells))
    if pd.to_numeric(texts, errors="coerce").notna().all():
        return "number"
    if _timestamps(texts).notna().all():
        return "date"
    return "category"


def _is_like_ids(cells: pd.Series, kind: Kind) -> bool:
    """Say whether values are names of rows: numbered one after the other, or hardly a text twice.

    A table with as few rows as a category may have values tells nothing of that.
    """
    count = len(cells)
    if count <= _FEW:
        return False
    if kind == "category":
        return cells.nunique() > _LIKE_IDS * count
    if kind != "number" or not pd.api.types.is_integer_dtype(cells.dtype):
        return False
    return cells.nunique() == count and int(cells.max()) - int(cells.min()) == count - 1


def _texts(cells: pd.Series, *, fold: bool = False) -> list[str]:
    """Return cells as text; numbers that are whole as such, since a gap makes a column of floats.

    Args:
        cells: None is missing.
        fold: Whether case does not count.
    """
    texts = [
        str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
        for cell in cells.tolist()
    ]
    return [text.lower() for text in texts] if fold else texts


def _numbers(cells: pd.Series) -> Floats:
    try:
        values = pd.to_numeric(cells).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError):
        numbers = pd.to_numeric(cells.astype(str), errors="coerce")
        raise _wrong(cells, "number", numbers.isna().to_numpy()) from None
    return np.where(np.isfinite(values), values, np.nan)


def _booleans(cells: pd.Series) -> Floats:
    known = cells.notna().to_numpy()
    values = np.full(len(cells), np.nan)
    values[known] = [_BITS.get(text, np.nan) for text in _texts(cells[known], fold=True)]
    if np.isnan(values[known]).any():
        raise _wrong(cells, "boolean", np.isnan(values))
    return values


def _dates(cells: pd.Series) -> list[Floats]:
    times = _timestamps(cells)
    lost = times.isna().to_numpy()
    if (lost & cells.notna().to_numpy()).any():
        raise _wrong(cells, "date", lost)
    days = (times - pd.Timestamp(0, tz="UTC")) / _DAY
    return [
        np.asarray(part, dtype=np.float64) for part in (days, times.dt.month, times.dt.day_of_week)
    ]


def _timestamps(cells: pd.Series) -> pd.Series:
    """Return times in UTC, NaT for what is none; those without a zone are taken for UTC."""
    wanted = None if pd.api.types.is_datetime64_any_dtype(cells.dtype) else "ISO8601"
    return pd.to_datetime(cells, format=wanted, errors="coerce", utc=True)


def _codes(cells: pd.Series, categories: tuple[str, ...]) -> Floats:
    places = {category: float(place) for place, category in enumerate(categories)}
    known = cells.notna().to_numpy()
    codes = np.full(len(cells), _MISSING)
    codes[known] = [places.get(text, float(len(categories))) for text in _texts(cells[known])]
    return codes


def _wrong(cells: pd.Series, kind: Kind, lost: npt.NDArray[np.bool_]) -> SpecError:
    """Return the error about the first cell that is not what its column is said to be.

    Args:
        cells: All of the column.
        kind: What it is said to be.
        lost: Those that are nothing of its kind, missing ones among them, ``[n]``.
    """
    first = int(np.flatnonzero(lost & cells.notna().to_numpy())[0])
    return SpecError(
        f"column {cells.name!r} has a {kind} in each row, got {cells.iloc[first]!r} in row "
        f"{first + 1}; correct it, leave it empty, or call the column a category in the "
        "scenario's file"
    )

"""A table in, from a file or a DataFrame, with column names that can be told apart.

What stands in a cell is decided in `tuner.tabular.columns`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from tuner.errors import SpecError, StorageError, nearest

__all__ = ["check_target", "digest", "read_table"]


def read_table(data: str | Path | pd.DataFrame) -> pd.DataFrame:
    """Return a table with text for column names, its rows numbered from 0.

    Args:
        data: A ``.csv`` with a line of names, a ``.parquet``, or a DataFrame, which is copied.

    Raises:
        SpecError: It is of another kind, has no row, or two columns of one name.
        StorageError: It cannot be read.
    """
    frame = data.copy() if isinstance(data, pd.DataFrame) else _read(data)
    frame = frame.reset_index(drop=True)
    frame.columns = pd.Index([str(name) for name in frame.columns])
    _check_names(frame.columns)
    if frame.empty:
        raise SpecError(f"a table has rows and columns, got {len(frame)} x {frame.shape[1]}")
    for name in frame.columns:
        if pd.api.types.is_object_dtype(frame[name].dtype):
            frame[name] = _plain(frame[name])
    return frame


def check_target(frame: pd.DataFrame, target: str) -> None:
    """Refuse a target that the table does not have, or that no row has.

    Raises:
        SpecError: With the nearest name.
    """
    if target not in frame.columns:
        raise SpecError(
            f"the target is a column of the table, got {target!r}{nearest(target, frame.columns)}"
        )
    if frame[target].isna().all():
        raise SpecError(
            f"the target has a value in some rows, and {target!r} is missing in all "
            f"{len(frame)}; name another column"
        )


def digest(frame: pd.DataFrame) -> str:
    """Return what tells tables of different contents apart."""
    return hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()[:16]


def _check_names(names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SpecError(
            "the columns of a table have different names, got "
            f"{', '.join(map(repr, twice))} twice; rename one"
        )


def _read_csv(file: Path) -> pd.DataFrame:
    """Return a table whose names are as they stand there: pandas gives a second ``a`` another."""
    head = pd.read_csv(file, header=None, nrows=1, dtype=str, keep_default_na=False)
    _check_names(name for name in head.iloc[0] if name)
    return pd.read_csv(file)


_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".parquet": pd.read_parquet,
}


def _read(path: str | Path) -> pd.DataFrame:
    file = Path(path).expanduser()
    if file.suffix not in _READERS:
        raise SpecError(
            f"a table is a file of {' or '.join(_READERS)}, or a DataFrame, got {str(path)!r}"
        )
    try:
        return _READERS[file.suffix](file)
    except SpecError:
        raise
    except (OSError, ValueError) as error:  # pandas and pyarrow raise kinds of ValueError
        raise StorageError(f"cannot read a table from {file}: {error}") from error


def _plain(column: pd.Series) -> pd.Series:
    """Return a column of objects as one kind of them, or as text where they are several."""
    better = column.infer_objects()
    if better.dtype != object or pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        return better
    return column.map(str, na_action="ignore")

"""From stored tables to pandas frames that keep what was stored."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd
import pyarrow as pa

from tuner.store.kinds import is_json
from tuner.store.schema import decoded

__all__ = ["to_frame"]

_NULLABLE = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
}


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return ``table`` as a frame.

    JSON columns hold Python objects and list columns hold lists, with None where there is no
    value. Int and bool columns keep their type where values are missing (``Int64``,
    ``Int32``, ``boolean``); in float columns a missing value is NaN.
    """
    columns = {field.name: _series(table[field.name], field) for field in table.schema}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table)))


def _series(column: pa.ChunkedArray, field: pa.Field) -> pd.Series[Any]:
    if is_json(field) or pa.types.is_list(field.type):
        return pd.Series(decoded(column, field), dtype=object)
    nullable = _NULLABLE.get(field.type) if column.null_count else None
    return cast("pd.Series[Any]", column.to_pandas(types_mapper=lambda _: nullable))

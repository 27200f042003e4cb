"""How the schema of a sweep's tables grows while rows arrive.

The fixed columns of each table are those of `tuner.store.columns`; metrics (as reported, flattened
with ``/``) and hyperparameters (``config/<name>``) come as they appear, each with the narrowest
kind that holds its values (`tuner.store.kinds`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from tuner.errors import ReportError
from tuner.store.columns import DECISIONS, EVENTS, REPORTS, TRIALS, TableName
from tuner.store.kinds import NULL, Kind, field_of, is_json, join, kind_of, kind_of_field
from tuner.store.values import from_json, plain, plain_to_json, text

__all__ = [
    "DECISIONS",
    "EVENTS",
    "TRIALS",
    "RowSchema",
    "TableName",
    "concatenated",
    "conform",
    "decoded",
    "fixed_columns",
    "last_seq",
    "reports_schema",
    "rows_of",
    "unify",
]


def reports_schema(time_attr: str) -> pa.Schema:
    """Return the fixed columns of ``reports/``, with ``time_attr`` after the iteration.

    ``time_total_s`` is in seconds, ``timestamp`` in unix seconds. ``seq`` counts everything that
    arrives in a sweep from 0, so it orders reports, decisions and events among each other.
    """
    if time_attr in REPORTS.names:
        return REPORTS
    position = REPORTS.get_field_index("training_iteration") + 1
    return REPORTS.insert(position, pa.field(text(time_attr), pa.float64()))


def fixed_columns(kind: TableName, time_attr: str) -> pa.Schema:
    """Return the fixed columns of a table."""
    if kind == "reports":
        return reports_schema(time_attr)
    return {"decisions": DECISIONS, "events": EVENTS, "trials": TRIALS}[kind]


class RowSchema:
    """A schema of fixed columns that gains and widens others as rows arrive.

    Args:
        fixed: The columns whose types never change.
        stored: Schemas of earlier rows, whose other columns it begins with.
    """

    def __init__(self, fixed: pa.Schema, stored: Iterable[pa.Schema] = ()) -> None:
        self._fixed = {field.name: field for field in fixed}
        self._coercers = {field.name: _coercer(field) for field in fixed}
        self._kinds: dict[str, Kind] = {}
        self.cover(chain.from_iterable(stored))

    @property
    def arrow(self) -> pa.Schema:
        """The schema that holds every row it has been widened for."""
        return self._arrow

    def coerced(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``row`` with plain values, those of fixed columns in their types; no nulls.

        Raises:
            ReportError: A fixed column got a value that is not of its type.
        """
        coercers = self._coercers
        return {
            name: coercers.get(name, plain)(value)
            for name, value in row.items()
            if value is not None
        }

    def widen(self, coerced: Mapping[str, Any]) -> None:
        """Make room for a row that `coerced` returned."""
        wider = self._wider_kinds(coerced)
        if wider:
            self._kinds |= wider
            self._arrow = self._of_kinds()

    def cover(self, fields: Iterable[pa.Field]) -> None:
        """Make room for what columns of a table hold."""
        for field in fields:
            if field.name not in self._fixed:
                known = self._kinds.get(field.name, NULL)
                self._kinds[field.name] = join(known, kind_of_field(field))
        self._arrow = self._of_kinds()

    def tabulate(self, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
        """Return coerced ``rows``, for which there is room, as a table of the schema `arrow`."""
        columns = [_column(_values(rows, field.name), field) for field in self._arrow]
        return pa.table(columns, schema=self._arrow)

    def _of_kinds(self) -> pa.Schema:
        others = (field_of(name, kind) for name, kind in self._kinds.items())
        return pa.schema([*self._fixed.values(), *others])

    def _wider_kinds(self, coerced: Mapping[str, Any]) -> dict[str, Kind]:
        """Return the kinds that the columns of a row need beyond those they have."""
        wider = {}
        for name, value in coerced.items():
            if name not in self._fixed:
                known = self._kinds.get(name, NULL)
                needed = join(known, kind_of(value))
                if needed != known:
                    wider[name] = needed
        return wider


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return ``table`` with the columns of a ``schema`` that is as wide or wider."""
    if table.schema.equals(schema, check_metadata=True):
        return table
    return pa.table([_conformed(table, field) for field in schema], schema=schema)


def concatenated(tables: Sequence[pa.Table], fixed: pa.Schema) -> pa.Table:
    """Return the rows of all ``tables``, with the columns of each; ``fixed`` ones come first."""
    schema = unify([table.schema for table in tables], fixed)
    conformed = [conform(table, schema) for table in tables]
    return pa.concat_tables([schema.empty_table(), *conformed])


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows of a table as they were before: JSON decoded, nulls left out."""
    columns = {field.name: decoded(table[field.name], field) for field in table.schema}
    return [
        {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        for row in zip(*columns.values(), strict=True)
    ]


def unify(schemas: Iterable[pa.Schema], fixed: pa.Schema) -> pa.Schema:
    """Return the narrowest schema that begins with ``fixed`` and holds what ``schemas`` hold."""
    return RowSchema(fixed, schemas).arrow


def last_seq(table: pa.Table) -> int:
    """Return the highest ``seq`` in a table; -1 where there is none."""
    highest = pc.max(table["seq"]).as_py() if "seq" in table.column_names else None
    return -1 if highest is None else cast(int, highest)


def _coercer(field: pa.Field) -> Callable[[Any], Any]:
    """Return what makes a value one that a fixed column holds; it raises ReportError."""
    if is_json(field):
        return plain
    if pa.types.is_string(field.type):
        return text
    if pa.types.is_floating(field.type):
        return partial(_as_float, field)
    limit = 2 ** (field.type.bit_width - 1)
    return partial(_as_int, field, range(-limit, limit))


def _as_float(field: pa.Field, value: Any) -> float:
    if type(value) is float:
        return value
    number = plain(value)
    if isinstance(number, int | float) and not isinstance(number, bool):
        with suppress(OverflowError):
            return float(number)
    raise _misfit(field, value)


def _as_int(field: pa.Field, fitting: range, value: Any) -> int:
    number = value if type(value) is int else plain(value)
    if isinstance(number, int | float) and not isinstance(number, bool):
        with suppress(ValueError, OverflowError):  # NaN, infinities
            whole = int(number)
            if whole == number and whole in fitting:
                return whole
    raise _misfit(field, value)


def _misfit(field: pa.Field, value: Any) -> ReportError:
    return ReportError(f"column {field.name!r} holds {field.type} numbers; received {value!r}")


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        return [row.get(name) for row in rows]


def _column(values: list[Any], field: pa.Field) -> pa.Array:
    if is_json(field):
        values = [None if value is None else plain_to_json(value) for value in values]
    return pa.array(values, field.type)


def decoded(column: pa.ChunkedArray, field: pa.Field) -> list[Any]:
    """Return the Python values of a column, with the JSON of a flagged one decoded."""
    values = column.to_pylist()
    if is_json(field):
        return [None if value is None else from_json(value) for value in values]
    return cast(list[Any], values)


def _conformed(table: pa.Table, field: pa.Field) -> pa.Array | pa.ChunkedArray:
    if field.name not in table.column_names:
        return pa.nulls(len(table), field.type)
    column = table[field.name]
    if is_json(field) and not is_json(table.schema.field(field.name)):
        return _column(column.to_pylist(), field)
    return column.cast(field.type)

"""The tables of a sweep, and how a schema grows while rows arrive.

The fixed columns of each table are declared here; metrics (as reported, flattened with ``/``)
and hyperparameters (``config/<name>``) come as they appear, each with the narrowest kind that
holds its values (`tuner.store.kinds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, cast

import pyarrow as pa

from tuner.errors import ReportError
from tuner.store.kinds import JSON, NULL, Kind, field_of, is_json, join, kind_of, kind_of_field
from tuner.store.values import from_json, plain, text, to_json

__all__ = [
    "DECISIONS",
    "TRIALS",
    "RowSchema",
    "conform",
    "decoded",
    "reports_schema",
    "rows_of",
    "unify",
]

_TEXT, _LONG, _INT, _FLOAT = pa.string(), pa.int64(), pa.int32(), pa.float64()

_REPORTS = pa.schema(
    {
        "trial_id": _TEXT,
        "attempt": _INT,
        "training_iteration": _LONG,
        "time_total_s": _FLOAT,
        "timestamp": _FLOAT,
    }
)

DECISIONS = pa.schema(
    [
        pa.field("trial_id", _TEXT),
        pa.field("attempt", _INT),
        pa.field("training_iteration", _LONG),
        pa.field("time", _FLOAT),  # the value of time_attr
        pa.field("decision", _TEXT),  # STOP, PAUSE, RESUME, EXPLOIT, ...
        pa.field("reason", _TEXT),
        field_of("details", JSON),  # rung, value, cutoff, source trial, new config, ...
        pa.field("timestamp", _FLOAT),
    ]
)
"""Fixed columns of ``decisions/``; ``timestamp`` is in unix seconds."""

TRIALS = pa.schema(
    [
        pa.field("trial_id", _TEXT),
        pa.field("status", _TEXT),  # Ray's: PENDING, RUNNING, PAUSED, TERMINATED, ERROR
        pa.field("outcome", _TEXT),  # completed, stopped, failed, hung, interrupted, or null
        field_of("config", JSON),  # exact: absent and None, int and float, list and tuple differ
        pa.field("iterations", _LONG),  # training_iteration of the last report
        pa.field("best_iteration", _LONG),
        field_of("best_config", JSON),  # that of the best report, where it is another (PBT)
        pa.field("seconds", _FLOAT),  # time_total_s of the last report
        pa.field("attempts", _INT),
        pa.field("seed", _LONG),
        pa.field("cpu", _FLOAT),
        pa.field("gpu", _FLOAT),
        pa.field("node", _TEXT),
        pa.field("started", _FLOAT),
        pa.field("ended", _FLOAT),
        pa.field("error", _TEXT),  # the traceback
    ]
)
"""Fixed columns of ``trials.parquet``; ``started`` and ``ended`` are in unix seconds."""


def reports_schema(time_attr: str) -> pa.Schema:
    """Return the fixed columns of ``reports/``, with ``time_attr`` after the iteration.

    ``time_total_s`` is in seconds, ``timestamp`` in unix seconds.
    """
    if time_attr in _REPORTS.names:
        return _REPORTS
    position = _REPORTS.get_field_index("training_iteration") + 1
    return _REPORTS.insert(position, pa.field(text(time_attr), _FLOAT))


class RowSchema:
    """A schema of fixed columns that gains and widens others as rows are admitted.

    Args:
        fixed: The columns whose types never change.
    """

    def __init__(self, fixed: pa.Schema) -> None:
        self._fixed = {field.name: field for field in fixed}
        self._kinds: dict[str, Kind] = {}
        self._arrow = fixed

    @property
    def arrow(self) -> pa.Schema:
        """The schema that holds every row admitted so far."""
        return self._arrow

    def admit(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``row`` with plain values and without its nulls, having made room for them.

        Raises:
            ReportError: A fixed column got a value that is not of its type; nothing changed.
        """
        admitted = {
            name: _coerced(value, self._fixed[name]) if name in self._fixed else plain(value)
            for name, value in row.items()
            if value is not None
        }
        wider = self._wider_kinds(admitted)
        if wider:
            self._kinds |= wider
            others = (field_of(name, kind) for name, kind in self._kinds.items())
            self._arrow = pa.schema([*self._fixed.values(), *others])
        return admitted

    def tabulate(self, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
        """Return admitted ``rows`` as a table of the schema `arrow`."""
        columns = [_column([row.get(field.name) for row in rows], field) for field in self._arrow]
        return pa.table(columns, schema=self._arrow)

    def _wider_kinds(self, admitted: Mapping[str, Any]) -> dict[str, Kind]:
        """Return the kinds that the columns of a row need beyond those they have."""
        wider = {}
        for name, value in admitted.items():
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


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows of a table as they were admitted: JSON decoded, nulls left out."""
    columns = {field.name: decoded(table[field.name], field) for field in table.schema}
    return [
        {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        for row in zip(*columns.values(), strict=True)
    ]


def unify(schemas: Iterable[pa.Schema], fixed: pa.Schema) -> pa.Schema:
    """Return the narrowest schema that begins with ``fixed`` and holds what ``schemas`` hold."""
    kinds: dict[str, Kind] = {}
    for field in chain.from_iterable(schemas):
        if field.name not in fixed.names:
            kinds[field.name] = join(kinds.get(field.name, NULL), kind_of_field(field))
    return pa.schema([*fixed, *(field_of(name, kind) for name, kind in kinds.items())])


def _coerced(value: Any, field: pa.Field) -> Any:
    """Return ``value`` as a fixed column holds it."""
    if is_json(field):
        return plain(value)
    if pa.types.is_string(field.type):
        return text(value)
    number = _number(plain(value), field.type)
    if number is None:
        raise ReportError(f"column {field.name!r} holds {field.type} numbers; received {value!r}")
    return number


def _number(value: Any, arrow_type: pa.DataType) -> float | None:
    """Return a plain ``value`` as a number of ``arrow_type``, or None where it is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        if pa.types.is_floating(arrow_type):
            return float(value)
        whole = int(value)
        pa.scalar(whole, arrow_type)  # raises beyond the range of the type
    except (ValueError, OverflowError):
        return None
    return whole if whole == value else None


def _column(values: list[Any], field: pa.Field) -> pa.Array:
    if is_json(field):
        values = [None if value is None else to_json(value) for value in values]
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

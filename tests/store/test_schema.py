from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuner.errors import ReportError
from tuner.store.kinds import is_json
from tuner.store.schema import DECISIONS, TRIALS, RowSchema, conform, reports_schema, rows_of, unify

Same = Callable[[Any, Any], bool]

SCALARS = st.booleans() | st.integers() | st.integers(-3, 3) | st.floats() | st.text(max_size=4)
ITEMS = st.none() | SCALARS
VALUES = (
    SCALARS
    | st.lists(ITEMS, max_size=3)
    | st.lists(st.integers(), max_size=3)
    | st.lists(st.floats(), max_size=3).map(tuple)
    | st.dictionaries(st.text(max_size=2), ITEMS, max_size=2)
)
ROWS = st.lists(st.dictionaries(st.sampled_from("abc"), st.none() | VALUES), max_size=6)
FIXED = pa.schema({"trial_id": pa.string()})


def admit(schema: RowSchema, row: dict[str, Any]) -> dict[str, Any]:
    coerced = schema.coerced(row)
    schema.widen(coerced)
    return coerced


def widened(value: Any, field: pa.Field) -> Any:
    """What a column gives back: ints in a float column are floats, tuples in lists are lists."""
    if is_json(field):
        return value
    if pa.types.is_list(field.type):
        return [widened(item, field.type.value_field) for item in value]
    return float(value) if value is not None and pa.types.is_floating(field.type) else value


def loses_a_type(kind: pa.DataType) -> bool:
    """Whether a column that begins with this type forgets which number or sequence it took."""
    return pa.types.is_floating(kind) or pa.types.is_list(kind)


@given(ROWS)
def test_what_goes_in_comes_out(same: Same, rows: list[dict[str, Any]]) -> None:
    schema = RowSchema(FIXED)
    admitted = [admit(schema, row) for row in rows]
    table = schema.tabulate(admitted)
    table.validate(full=True)
    expected = [
        {
            field.name: widened(row[field.name], field)
            for field in table.schema
            if row.get(field.name) is not None
        }
        for row in rows
    ]
    assert same(rows_of(table), expected)


@example([{"a": [0]}, {"a": ()}, {"a": False}], 2)
@given(ROWS, st.integers(0, 6))
def test_columns_written_early_widen_to_what_was_written_at_once(
    same: Same, rows: list[dict[str, Any]], cut: int
) -> None:
    piecewise, whole = RowSchema(FIXED), RowSchema(FIXED)
    early = piecewise.tabulate([admit(piecewise, row) for row in rows[:cut]])
    late = piecewise.tabulate([admit(piecewise, row) for row in rows[cut:]])
    joined = pa.concat_tables([conform(early, piecewise.arrow), late])
    at_once = whole.tabulate([admit(whole, row) for row in rows])
    assert joined.schema.equals(at_once.schema, check_metadata=True)
    typed = {field.name for field in early.schema if loses_a_type(field.type)}
    if not any(is_json(joined.schema.field(name)) for name in typed):
        assert same(rows_of(joined), rows_of(at_once))


@given(ROWS, ROWS)
def test_stored_schemas_unify_to_one_that_holds_both(
    left: list[dict[str, Any]], right: list[dict[str, Any]]
) -> None:
    schemas = [RowSchema(FIXED), RowSchema(FIXED)]
    tables = [
        schema.tabulate([admit(schema, row) for row in rows])
        for schema, rows in zip(schemas, (left, right), strict=True)
    ]
    unified = unify([table.schema for table in tables], FIXED)
    assert set(unified.names) == {*tables[0].column_names, *tables[1].column_names}


def test_columns_come_after_the_fixed_ones_in_the_order_of_appearance() -> None:
    schema = RowSchema(FIXED)
    admit(schema, {"b": 1, "trial_id": "t"})
    admit(schema, {"a": 1, "b": 2})
    assert schema.arrow.names == ["trial_id", "b", "a"]


def test_a_column_appears_with_its_first_value() -> None:
    schema = RowSchema(FIXED)
    admit(schema, {"loss": None})
    assert schema.arrow == FIXED
    admit(schema, {"loss": math.nan})
    assert schema.arrow.field("loss").type == pa.float64()


def test_a_column_that_becomes_json_keeps_each_value() -> None:
    schema = RowSchema(FIXED)
    early = schema.tabulate([admit(schema, {"x": value}) for value in (0.1, math.inf, None)])
    admit(schema, {"x": "text"})
    widened_table = conform(early, schema.arrow)
    assert widened_table["x"].to_pylist() == ["0.1", "Infinity", None]
    assert [row.get("x") for row in rows_of(widened_table)] == [0.1, math.inf, None]


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        ("seed", 2**63 - 1, 2**63 - 1),
        ("seed", np.int64(7), 7),
        ("seed", 7.0, 7),
        ("gpu", 1, 1.0),
        ("gpu", np.float32(0.25), 0.25),
        ("started", math.nan, math.nan),
        ("error", "caf\udce9", "caf\\udce9"),
        ("node", 10, "10"),
        ("config", {"a": (1, None)}, {"a": (1, None)}),
    ],
)
def test_fixed_columns_take_what_fits(same: Same, column: str, value: Any, stored: Any) -> None:
    schema = RowSchema(TRIALS)
    table = schema.tabulate([admit(schema, {column: value})])
    assert table.schema.equals(TRIALS, check_metadata=True)
    assert same(rows_of(table), [{column: stored}])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("seed", 2**63),
        ("seed", 1.5),
        ("seed", "seven"),
        ("attempts", 2**31),
        ("gpu", "0.5"),
        ("gpu", [0.5]),
        ("gpu", True),
        ("gpu", {}),
        ("gpu", 10**400),
    ],
)
def test_fixed_columns_refuse_what_does_not_fit(column: str, value: Any) -> None:
    schema = RowSchema(TRIALS)
    with pytest.raises(ReportError, match=f"column '{column}' holds .* numbers; received"):
        admit(schema, {"new": 1, column: value})
    assert schema.arrow == TRIALS


def test_the_time_attr_has_its_own_column_unless_it_is_one_already() -> None:
    assert reports_schema("epoch").field("epoch").type == pa.float64()
    assert reports_schema("epoch").names[2:4] == ["training_iteration", "epoch"]
    for known in ("training_iteration", "time_total_s"):
        assert reports_schema(known).names.count(known) == 1


def test_details_of_a_decision_are_json() -> None:
    assert is_json(DECISIONS.field("details"))

"""Columns: what they hold, and their cells as numbers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.errors import SpecError
from tuner.tabular.columns import Schema, find_kinds

KINDS = {
    "length": "number",
    "petals": "number",
    "wild": "boolean",
    "seen": "date",
    "place": "category",
}


def test_kinds_are_found_and_what_tells_nothing_is_left_out(flowers: pd.DataFrame) -> None:
    kinds, dropped = find_kinds(flowers.drop(columns="kind"))
    assert kinds == KINDS
    assert dropped == {
        "row": "it tells rows apart, like an id",
        "country": "its only value is here",
    }


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5", None], "number"),
        ([3, 1, 2], "number"),  # numbered, but too few to tell
        ([True, False, None], "boolean"),
        (["True", "FALSE", "true"], "boolean"),
        (["2024-02-29", "2023-01-01 12:00"], "date"),
        (pd.to_datetime(["2024-02-29", None, "2023-01-01"]), "date"),
        (["yes", "no"], "category"),
        (["1", "b"], "category"),
        (pd.Categorical(["u", "v", "u"]), "category"),
    ],
)
def test_a_kind_is_told_by_the_cells(cells: object, kind: str) -> None:
    kinds, _ = find_kinds(pd.DataFrame({"x": cells}))
    assert kinds == {"x": kind}


def test_texts_that_name_rows_are_left_out() -> None:
    names = pd.DataFrame({"name": [f"n{number}" for number in range(30)], "all": [None] * 30})
    assert find_kinds(names) == (
        {},
        {"name": "it tells rows apart, like an id", "all": "it has no value"},
    )
    assert find_kinds(names.iloc[:20])[0] == {"name": "category"}


def test_cells_become_numbers() -> None:
    frame = pd.DataFrame(
        {
            "c": ["b", None, "a"],
            "n": ["1.5", None, "inf"],
            "d": ["1970-01-02T12:00", None, "2024-02-29"],
            "b": ["True", "0", None],
        }
    )
    schema = Schema.of(frame, {"c": "category", "n": "number", "d": "date", "b": "boolean"})
    assert list(schema.kinds) == ["n", "b", "d", "c"]
    assert schema.numeric == 5
    nan = np.nan
    expected = [
        [1.5, 1, 1.5, 1, 4, 1],  # a Friday in January
        [nan, 0, nan, nan, nan, -1],
        [nan, nan, 19782, 2, 3, 0],  # a Thursday in February
    ]
    np.testing.assert_array_equal(schema.matrix(frame), expected)


def test_a_category_that_is_new_has_a_code_of_its_own(flowers: pd.DataFrame) -> None:
    schema = Schema.of(flowers, {"place": "category"})
    codes = schema.matrix(pd.DataFrame({"place": ["hill", "moon", None, "sea", "wood"]}))
    assert codes[:, 0].tolist() == [0, 3, -1, 3, 2]


def test_a_gap_does_not_change_categories_that_are_whole_numbers() -> None:
    schema = Schema.of(pd.DataFrame({"zone": [10, 20, 30]}), {"zone": "category"})
    with_gap = pd.DataFrame({"zone": [20, None, 30]})  # a column of floats
    assert schema.matrix(with_gap)[:, 0].tolist() == [1, -1, 2]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 59), min_size=1, max_size=20))
def test_a_row_is_the_same_whatever_rows_are_with_it(rows: list[int]) -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "n": np.where(random.random(60) < 0.2, np.nan, random.normal(size=60)),
            "c": random.choice(["x", "y", None], size=60),
            "d": pd.date_range("2020-01-01", periods=60, freq="37h"),
        }
    )
    schema = Schema.of(frame, {"n": "number", "c": "category", "d": "date"})
    np.testing.assert_array_equal(schema.matrix(frame.iloc[rows]), schema.matrix(frame)[rows])


def test_a_schema_survives_json(flowers: pd.DataFrame) -> None:
    schema = Schema.of(flowers, KINDS)
    again = Schema.from_json(json.loads(json.dumps(schema.to_json())))
    assert again == schema
    np.testing.assert_array_equal(again.matrix(flowers), schema.matrix(flowers))


def test_what_does_not_fit_is_refused(flowers: pd.DataFrame) -> None:
    with pytest.raises(SpecError, match=r"no column 'lenght'.*did you mean 'length'"):
        Schema.of(flowers, {"lenght": "number"})
    with pytest.raises(SpecError, match=r"unknown kind 'text'.*boolean, category, date, number"):
        Schema.of(flowers, {"place": "text"})
    with pytest.raises(SpecError, match="got none beside the target"):
        Schema.of(flowers, {})
    schema = Schema.of(flowers, KINDS)
    for name, kind, cell in (
        ("length", "number", "long"),
        ("wild", "boolean", "maybe"),
        ("seen", "date", "yesterday"),
    ):
        wrong = flowers.astype({name: object})
        wrong.loc[4, name] = cell
        with pytest.raises(
            SpecError, match=f"'{name}' has a {kind} in each row, got '{cell}' in row 5"
        ):
            schema.matrix(wrong)

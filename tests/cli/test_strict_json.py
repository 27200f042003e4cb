"""JSON for any language: nothing in it that the standard lacks, nothing lost without a trace."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.cli.strict_json import dumps, strict

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
documents = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@given(documents)
def test_a_strict_parser_reads_it_back(document: object) -> None:
    assert json.loads(dumps(document), parse_constant=refuse) == strict(document)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (1.5, 1.5),
        (True, True), (2**70, 2**70), ((1, (2,)), [1, [2]]), ({1: math.nan}, {"1": "NaN"}),
        (np.float64("nan"), "NaN"), (np.float32(0.5), 0.5), (np.int64(3), 3),
        (np.bool_(True), True),
        ({"a": {3}}, {"a": "{3}"}),
    ],
)  # fmt: skip
def test_what_becomes_of_a_value(value: object, expected: object) -> None:
    got = strict(value)
    assert got == expected
    assert type(got) is type(expected)


def test_unicode_is_written_as_it_is() -> None:
    assert dumps("über 中") == '"über 中"'

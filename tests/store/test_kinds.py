from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.store.kinds import (
    JSON,
    NULL,
    Kind,
    Scalar,
    field_of,
    is_json,
    join,
    kind_of,
    kind_of_field,
)

INT, LONG, FLOAT = Kind(Scalar.INT), Kind(Scalar.LONG), Kind(Scalar.FLOAT)
BOOL, STRING = Kind(Scalar.BOOL), Kind(Scalar.STRING)
KINDS = [NULL, JSON, BOOL, INT, LONG, FLOAT, STRING]
KINDS += [Kind(scalar, is_list=True) for scalar in Scalar if scalar is not Scalar.JSON]
kinds = st.sampled_from(KINDS)


def listed(kind: Kind) -> Kind:
    return Kind(kind.scalar, is_list=True)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, NULL),
        (True, BOOL),
        (1, INT),
        (2**53, INT),
        (2**53 + 1, LONG),
        (-(2**63), LONG),
        (2**63, JSON),
        (0.5, FLOAT),
        (float("nan"), FLOAT),
        ("relu", STRING),
        ("\ud800", JSON),
        ({}, JSON),
        ([], listed(NULL)),
        ([None, 1], listed(INT)),
        ((1, 2.5), listed(FLOAT)),
        ([2**60, 0.5], JSON),
        ([1, "a"], JSON),
        ([True, 1], JSON),
        ([[1]], JSON),
        ([{}], JSON),
    ],
)
def test_a_value_has_the_narrowest_kind_that_holds_it(value: Any, kind: Kind) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("left", "right", "wider"),
    [
        (INT, FLOAT, FLOAT),
        (INT, LONG, LONG),
        (LONG, FLOAT, JSON),
        (BOOL, INT, JSON),
        (BOOL, FLOAT, JSON),
        (FLOAT, STRING, JSON),
        (FLOAT, listed(FLOAT), JSON),
        (NULL, listed(FLOAT), listed(FLOAT)),
        (listed(NULL), listed(STRING), listed(STRING)),
        (listed(NULL), FLOAT, JSON),
        (listed(INT), listed(FLOAT), listed(FLOAT)),
        (listed(INT), listed(STRING), JSON),
    ],
)
def test_two_kinds_widen_to_what_holds_both(left: Kind, right: Kind, wider: Kind) -> None:
    assert join(left, right) == wider


@given(kinds, kinds, kinds)
def test_the_order_in_which_values_arrive_does_not_matter(a: Kind, b: Kind, c: Kind) -> None:
    assert join(a, a) == a
    assert join(a, NULL) == a
    assert join(a, JSON) == JSON
    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c))


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_tells_its_kind(kind: Kind) -> None:
    assert kind_of_field(field_of("x", kind)) == kind


@pytest.mark.parametrize(
    ("arrow_type", "kind"), [(pa.int64(), INT), (pa.list_(pa.float64()), listed(FLOAT))]
)
def test_a_field_without_a_note_has_the_kind_of_its_type(arrow_type: Any, kind: Kind) -> None:
    assert kind_of_field(pa.field("x", arrow_type)) == kind


def test_only_json_columns_are_flagged() -> None:
    assert is_json(field_of("x", JSON))
    assert not is_json(field_of("x", STRING))
    assert not is_json(pa.field("x", pa.string(), metadata={b"other": b"1"}))
    assert is_json(pa.field("x", pa.string(), metadata={b"other": b"1", b"tuner:json": b"1"}))

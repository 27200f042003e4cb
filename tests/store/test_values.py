from __future__ import annotations

import json
import math
from collections.abc import Callable
from enum import IntEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.store.values import flatten, from_json, numeric, plain, text, to_json

Same = Callable[[Any, Any], bool]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
KEYS = st.text() | st.integers() | st.booleans() | st.tuples(st.text(), st.integers())
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


class Size(IntEnum):
    SMALL = 1


@given(VALUES)
def test_json_restores_every_plain_value_with_its_types(same: Same, value: Any) -> None:
    assert same(from_json(to_json(value)), value)
    assert same(plain(value), value)


@pytest.mark.parametrize(
    "value",
    [
        {"$tuple": [1, 2]},
        {"$dict": [[1, 2]]},
        {"$dict": "x", "a": 1},
        {"$": (1,)},
        [{"$tuple": ({"$tuple": ()},)}],
        {1: "int", "1": "text"},
        "\ud800",
        10**30,
        -0.0,
        5e-324,
    ],
)
def test_json_restores_what_looks_like_its_own_tags(same: Same, value: Any) -> None:
    assert same(from_json(to_json(value)), value)


def test_json_of_ordinary_configs_is_ordinary_json() -> None:
    config = {"lr": 0.1, "layers": [64, 32], "optimizer": {"name": "sgd", "momentum": None}}
    assert json.loads(to_json(config)) == config


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.float32(0.5), 0.5),
        (np.float64(math.inf), math.inf),
        (np.longdouble(0.5), 0.5),
        (np.str_("relu"), "relu"),
        (np.array([1, 2]), [1, 2]),
        (np.array([[1.0], [2.0]]), [[1.0], [2.0]]),
        (np.array(1.5), 1.5),
        (Fraction(1, 2), 0.5),
        (Size.SMALL, 1),
        (MappingProxyType({"a": np.int8(1)}), {"a": 1}),
        ((np.int64(1), [np.float64(2)]), (1, [2.0])),
        ({np.str_("a"): (1,)}, {"a": (1,)}),
    ],
)
def test_plain_values_are_pythons_own(same: Same, value: Any, expected: Any) -> None:
    assert same(plain(value), expected)


def test_tensors_are_values_too(same: Same) -> None:
    torch = pytest.importorskip("torch")
    assert same(plain(torch.tensor(0.5, requires_grad=True)), 0.5)
    assert same(plain(torch.tensor([1, 2])), [1, 2])


def test_what_has_no_plain_form_becomes_its_text() -> None:
    assert plain(Size) == f"{__name__}.Size"
    assert plain(np.float64) == "numpy.float64"
    assert plain(str.upper) == repr(str.upper)
    assert plain({1}) == "{1}"


def test_plain_containers_are_not_shared() -> None:
    inner = [1]
    copied = plain({"a": inner})
    inner.append(2)
    assert copied == {"a": [1]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (True, True),
        ("a", "a"),
        ([1, 2.5, None], [1.0, 2.5, None]),
        ((1, 2), [1.0, 2.0]),
        (10**400, 10**400),
    ],
)
def test_metrics_are_floats(same: Same, value: Any, expected: Any) -> None:
    assert same(numeric(value), expected)


def test_flat_names_are_paths() -> None:
    nested = {"loss": 1, "eval": {"top": {5: 0.9}, "empty": {}}, "a/b": 2, "list": [{"x": 1}]}
    assert flatten(nested) == {"loss": 1, "eval/top/5": 0.9, "a/b": 2, "list": [{"x": 1}]}


def test_of_two_paths_with_one_name_the_later_wins() -> None:
    assert flatten({"a/b": 1, "a": {"b": 2}}) == {"a/b": 2}


@given(st.text(st.characters()) | st.integers())
def test_text_is_always_utf8(value: Any) -> None:
    assert text(value).encode().decode() == text(value)
    assert text("a\udc80b") == "a\\udc80b"

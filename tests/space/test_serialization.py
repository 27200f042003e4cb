"""A space as strict JSON and exactly back."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from ray import tune
from space_strategies import SPACES, same, unhurried

from tuner.errors import SpaceError
from tuner.space import from_json, to_json, validate


@unhurried
@given(space=SPACES)
def test_round_trip(space: dict[str, Any]) -> None:
    text = json.dumps(to_json(space), allow_nan=False)
    back = from_json(json.loads(text))
    assert same(back, space)
    validate(back)
    assert json.dumps(to_json(back), allow_nan=False) == text


def test_what_it_looks_like() -> None:
    space = {
        "lr": tune.loguniform(1e-4, 1),
        "steps": tune.qrandint(2, 8, 2),
        "noise": tune.qrandn(0.0, 1.0, 0.5),
        "net": {"act": tune.choice(["relu", None]), "units": {"grid_search": [8, (8, 8)]}},
        "epochs": 3,
        "limit": math.inf,
        "loss": {"type": "huber"},
    }
    assert to_json(space) == {
        "lr": {"type": "loguniform", "lower": 1e-4, "upper": 1},
        "steps": {"type": "qrandint", "lower": 2, "upper": 8, "q": 2},
        "noise": {"type": "qrandn", "mean": 0.0, "sd": 1.0, "q": 0.5},
        "net": {
            "act": {"type": "choice", "categories": ["relu", None]},
            "units": {"type": "grid_search", "values": [8, {"type": "tuple", "items": [8, 8]}]},
        },
        "epochs": 3,
        "limit": {"type": "float", "value": "inf"},
        "loss": {"type": "dict", "items": {"type": "huber"}},
    }


@pytest.mark.parametrize(
    ("scalar", "plain"),
    [(np.float32(0.5), 0.5), (np.int8(3), 3), (np.bool_(True), True), (np.str_("a"), "a")],
)
def test_numpy_scalars_come_back_as_python_numbers(scalar: Any, plain: Any) -> None:
    space = {"a": scalar, "b": tune.choice([scalar])}
    back = from_json(json.loads(json.dumps(to_json(space))))
    assert same(back["a"], plain)
    assert same(back["b"].categories, [plain])


def test_numpy_bounds() -> None:
    back = from_json(json.loads(json.dumps(to_json({"a": tune.uniform(np.float64(0.5), 1)}))))
    assert same(back["a"], tune.uniform(0.5, 1))


def test_a_function_is_described_and_cannot_come_back() -> None:
    document = to_json({"a": tune.sample_from(len)})
    assert document == {"a": {"type": "sample_from", "repr": "<built-in function len>"}}
    with pytest.raises(SpaceError, match=r"<built-in function len>; give the scenario itself"):
        from_json(json.loads(json.dumps(document)))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"a": {"type": "unifrom", "lower": 0, "upper": 1}}, "did you mean 'uniform'"),
        ({"a": {"type": "uniform", "lower": 0}}, "no uniform can be made of"),
        ({"a": {"type": "uniform", "lower": 0, "upper": "x"}}, "no uniform can be made of"),
        ({"a": {"type": "loguniform", "lower": -1, "upper": 1}}, "no loguniform can be made of"),
        ({"a": {"type": "choice", "values": [1]}}, "no choice can be made of"),
        ({"a": {"type": ["x"]}}, "unknown kind of domain"),
        ({"type": "tuple", "items": []}, "must be a JSON object of names"),
        ([1], "must be a JSON object of names"),
    ],
)
def test_other_documents_are_refused(document: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        from_json(document)

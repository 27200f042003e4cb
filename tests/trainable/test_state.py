"""A state in a folder and back, without unpickling anything."""

from __future__ import annotations

import json
import math
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuner.trainable.state import read_state, write_state

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
KEYS = st.text() | st.integers() | st.booleans() | st.tuples(st.integers(), st.text())
TREES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=10,
)


def identical(a: Any, b: Any) -> bool:
    """Equal in type and value; NaN equals NaN, 0.0 is not -0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        same_keys = [(type(k), k) for k in a] == [(type(k), k) for k in b]
        return same_keys and all(identical(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and str(a) == str(b))
    return bool(a == b)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tree=TREES, tensor=st.booleans())
def test_round_trip(tree: Any, tensor: bool, tmp_path: Path) -> None:
    for file in tmp_path.iterdir():
        file.unlink()
    state = {"tree": tree, "tensor": torch.arange(3) if tensor else None}
    write_state(tmp_path, state)
    back = read_state(tmp_path)
    assert identical(back["tree"], tree)
    assert not tensor or torch.equal(back["tensor"], state["tensor"])
    assert [file.name for file in tmp_path.iterdir()] == ["state.pt" if tensor else "state.json"]


@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "uint32", "bool", "U3", "c16"])
def test_arrays_keep_dtype_and_shape(dtype: str, tmp_path: Path) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    write_state(tmp_path, {"array": array, "scalar": array.real[0, 1]})
    back = read_state(tmp_path)
    assert back["array"].dtype == array.dtype
    assert np.array_equal(back["array"], array)
    assert back["scalar"] == array[0, 1]


def test_a_torch_module_and_optimizer_come_back(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.randn(4, 2)).sum().backward()
    optimizer.step()
    write_state(tmp_path, {"module": module.state_dict(), "optimizer": optimizer.state_dict()})
    back = read_state(tmp_path)
    copy = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    copy.load_state_dict(back["module"])
    again = torch.optim.Adam(copy.parameters())
    again.load_state_dict(back["optimizer"])
    for old, new in zip(module.state_dict().values(), copy.state_dict().values(), strict=True):
        assert torch.equal(old, new)
    assert again.state_dict()["state"].keys() == optimizer.state_dict()["state"].keys()


class Custom:
    pass


@pytest.mark.parametrize("value", [Custom(), {1, 2}, np.array([None]), len, 1j])
def test_other_objects_are_refused_when_saving(value: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"checkpoint\['model'\]\[1\] is a "):
        write_state(tmp_path, {"model": [0, value]})
    assert list(tmp_path.iterdir()) == []


def test_an_ordered_dict_comes_back_as_a_dict(tmp_path: Path) -> None:
    write_state(tmp_path, {"weights": OrderedDict(b=1, a=2)})
    assert read_state(tmp_path) == {"weights": {"b": 1, "a": 2}}
    assert list(read_state(tmp_path)["weights"]) == ["b", "a"]


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "exploded",))

    torch.save({"bomb": Bomb()}, tmp_path / "state.pt")
    with pytest.raises(pickle.UnpicklingError):
        read_state(tmp_path)
    assert not (tmp_path / "exploded").exists()


def test_a_forged_array_is_not_unpickled(tmp_path: Path) -> None:
    import base64
    import io

    buffer = io.BytesIO()
    np.save(buffer, np.array([Custom()]), allow_pickle=True)
    text = base64.b64encode(buffer.getvalue()).decode()
    (tmp_path / "state.json").write_text(json.dumps({"a": {"$array": text}}))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        read_state(tmp_path)

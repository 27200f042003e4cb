from __future__ import annotations

import importlib.util
import inspect
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray import cloudpickle

import tuner
from tuner.errors import SpecError
from tuner.scenario.transport import send_by_value


class Loads:
    """Counts what is loaded."""

    def __init__(self) -> None:
        self.names: list[str] = []


LOADS = Loads()


@tuner.cached
def load(name: str, *, upper: bool = False) -> list[str]:
    """Return the letters of a name."""
    LOADS.names.append(name)
    return list(name.upper() if upper else name)


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    LOADS.names.clear()
    load.clear()
    yield
    load.clear()


def test_each_combination_of_arguments_is_loaded_once() -> None:
    first = load("ab")
    assert load("ab") is first
    assert load("ab", upper=True) == ["A", "B"]
    assert load("ab", upper=True) is not first
    assert load("cd") == ["c", "d"]
    assert LOADS.names == ["ab", "ab", "cd"]
    assert load.load_again("ab") == first
    assert load.load_again("ab") is not first


def test_what_was_loaded_can_be_forgotten() -> None:
    first = load("ab")
    load.clear()
    assert load("ab") == first
    assert load("ab") is not first


def test_a_load_that_fails_is_tried_again() -> None:
    answers: list[Any] = [OSError("the disk is away"), "data"]

    @tuner.cached(shared=True)
    def read() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    with pytest.raises(OSError, match="the disk is away"):
        read()
    assert [read(), read()] == ["data", "data"]


def test_it_reads_as_the_function() -> None:
    assert load.__doc__ == "Return the letters of a name."
    assert load.__name__ == "load"
    assert list(inspect.signature(load).parameters) == ["name", "upper"]


def test_arguments_must_be_hashable() -> None:
    for give in (lambda: load(["a"]), lambda: load("a", upper=[])):  # type: ignore[arg-type]
        with pytest.raises(
            SpecError, match=r"must be hashable, but load got .*; pass a name, or"
        ) as e:
            give()
        assert "\n" not in str(e.value)


async def coroutine() -> None: ...


def generator() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize("what", [coroutine, generator, 3, "path", Loads])
def test_only_functions_that_return_data_are_taken(what: Any) -> None:
    with pytest.raises(SpecError, match="takes a plain function that returns its data, but got"):
        tuner.cached(what)


SOURCE = """
import tuner
def names(): return ["x"]
@tuner.cached
def load(name):
    return [*names(), name]
def train(config):
    return load("a") is load("a"), load("a")
"""


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Any]:
    """One that is imported here, from a file."""
    (tmp_path / "mine.py").write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("mine", tmp_path / "mine.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["mine"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["mine"]


def test_it_travels_by_name_where_it_can_be_imported(module: Any) -> None:
    for pickler in (pickle, cloudpickle):
        assert pickler.loads(pickler.dumps(module.load)) is module.load


def test_it_travels_as_a_function_where_it_cannot(module: Any) -> None:
    send_by_value(module)
    try:
        sent = cloudpickle.dumps((module.train, module.load, module.load))
    finally:
        cloudpickle.unregister_pickle_by_value(module)
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.delitem(sys.modules, "mine")
        train, one, other = cloudpickle.loads(sent)
        assert train({}) == (True, ["x", "a"])
    assert one is other
    assert one is train.__globals__["load"]
    assert one is not module.load


def test_it_needs_no_ray() -> None:
    program = (
        "import sys, tuner\n"
        "@tuner.cached(shared=True)\n"
        "def load(name): return [name]\n"
        "assert load('a') is load('a')\n"
        "print('ray' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"

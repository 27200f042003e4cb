"""A worker process between two trials: made ready, or to be replaced."""

from __future__ import annotations

import gc
import os
import sys
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import tuner
from tuner.runtime.footprint import Footprint
from tuner.runtime.upkeep import Upkeep

MB = 2**20


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Let other tests' collections find what they would have found."""
    yield
    gc.unfreeze()


class Holding:
    """What a process holds, as the tests want it."""

    def __init__(self) -> None:
        self.now = Footprint(memory=300 * MB, threads=3, files=40)
        self.looks = 0

    def look(self) -> Footprint:
        self.looks += 1
        return self.now


def test_a_process_that_stays_as_it_was_serves_on() -> None:
    upkeep = Upkeep()
    before = dict(os.environ)
    for _ in range(20):
        os.environ["OF_A_TRIAL"] = "1"
        assert upkeep.between_trials() is None
        assert dict(os.environ) == before


@pytest.mark.parametrize("most_trials", [1, 3])
def test_a_process_serves_so_many_trials(most_trials: int) -> None:
    upkeep = Upkeep(most_trials)
    told = [upkeep.between_trials() for _ in range(most_trials)]
    assert told == [None] * (most_trials - 1) + [f"trials: {most_trials} served"]


@pytest.mark.parametrize("most_trials", [None, 0])
def test_without_a_bound_it_serves_on(most_trials: int | None) -> None:
    upkeep = Upkeep(most_trials, Holding().look)
    assert {upkeep.between_trials() for _ in range(50)} == {None}


def test_the_first_trial_may_leave_something_behind_and_no_other() -> None:
    holding = Holding()
    upkeep = Upkeep(look=holding.look)
    holding.now = Footprint(memory=3000 * MB, device_memory=1000 * MB, threads=40)
    assert upkeep.between_trials() is None
    holding.now = Footprint(memory=4500 * MB, device_memory=1500 * MB, threads=50)
    assert upkeep.between_trials() is None
    holding.now = Footprint(memory=4500 * MB, device_memory=1501 * MB, threads=50)
    assert upkeep.between_trials() == ("device memory: 1,501 MB between trials, 1,000 MB at first")


def test_what_is_loaded_once_is_no_growth() -> None:
    load = tuner.cached(lambda megabytes: megabytes)
    holding = Holding()
    upkeep = Upkeep(look=holding.look)
    assert upkeep.between_trials() is None
    for megabytes in (2000, 6000):
        load(megabytes)
        holding.now = Footprint(memory=megabytes * MB, device_memory=megabytes * MB)
        assert upkeep.between_trials() is None
    load(6000)  # not loaded again
    holding.now = Footprint(memory=9001 * MB, device_memory=6000 * MB)
    told = upkeep.between_trials()
    assert told is not None
    assert told.startswith("memory: 9,001 MB")


def test_it_looks_twice_before_a_process_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    holding = Holding()
    upkeep = Upkeep(look=holding.look)
    upkeep.between_trials()
    looks = [Footprint(memory=2000 * MB), Footprint(memory=300 * MB)]
    monkeypatch.setattr(upkeep, "_look", lambda: looks.pop(0))
    assert upkeep.between_trials() is None
    assert looks == []


def test_garbage_that_was_spared_is_found_when_memory_is_short() -> None:
    class Model:
        def __init__(self) -> None:
            self.itself = self

    holding = Holding()
    upkeep = Upkeep(look=holding.look)
    model = Model()
    watched = weakref.ref(model)
    upkeep.between_trials()  # as of a class that keeps its model until it is reset
    del model
    upkeep.between_trials()
    assert watched() is not None
    holding.now = Footprint(memory=2000 * MB)
    upkeep.between_trials()
    assert watched() is None


class FakeCuda:
    """Memory that tensors hold (``allocated``), and that torch keeps for the next ones."""

    def __init__(self) -> None:
        self.allocated = 0
        self.reserved = 0
        self.peak = 0

    def hold(self, size: int) -> None:
        self.allocated += size
        self.reserved = max(self.reserved, self.allocated)
        self.peak = max(self.peak, self.allocated)

    def is_initialized(self) -> bool:
        return True

    def device_count(self) -> int:
        return 1

    def memory_allocated(self, number: int) -> int:
        assert number == 0
        return self.allocated

    def empty_cache(self) -> None:
        self.reserved = self.allocated

    def reset_peak_memory_stats(self, number: int) -> None:
        self.peak = self.allocated


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    import torch

    cuda = FakeCuda()
    fake: Any = SimpleNamespace(**{name: getattr(torch, name) for name in dir(torch)})
    fake.cuda = cuda
    cuda.current_device = lambda: 0  # type: ignore[attr-defined]
    cuda.set_device = lambda number: None  # type: ignore[attr-defined]
    fake.xpu = SimpleNamespace(is_initialized=lambda: False)
    monkeypatch.setitem(sys.modules, "torch", fake)
    return cuda


def test_device_memory_is_given_back_between_trials(cuda: FakeCuda) -> None:
    upkeep = Upkeep()
    for _ in range(3):
        cuda.hold(4000 * MB)
        cuda.hold(-4000 * MB)
        assert cuda.reserved == 4000 * MB
        assert upkeep.between_trials() is None
        assert (cuda.reserved, cuda.peak) == (0, 0)


def test_device_memory_that_each_trial_leaves_behind_ends_the_process(cuda: FakeCuda) -> None:
    upkeep = Upkeep()
    told = []
    for _ in range(5):
        cuda.hold(100 * MB)
        told.append(upkeep.between_trials())
    assert told[:3] == [None] * 3
    assert told[3] == "device memory: 400 MB between trials, 100 MB at first"


def test_a_device_that_has_failed_ends_the_process(cuda: FakeCuda) -> None:
    def fail() -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    upkeep = Upkeep()
    assert upkeep.between_trials() is None
    cuda.empty_cache = fail  # type: ignore[method-assign]
    told = upkeep.between_trials()
    assert told == "state: RuntimeError: CUDA error: an illegal memory access was encountered"


def test_figures_are_closed_and_compilers_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    pyplot = SimpleNamespace(close=lambda which: done.append(f"close {which}"))
    dynamo = SimpleNamespace(reset=lambda: done.append("reset"))
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", pyplot)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "torch._dynamo", dynamo)  # type: ignore[arg-type]
    assert Upkeep().between_trials() is None
    assert sorted(done) == ["close all", "reset"]


@pytest.mark.gpu
def test_a_real_device_is_back_at_its_baseline_between_trials() -> None:
    import torch

    upkeep = Upkeep()
    held = []
    for number in range(4):
        model = torch.nn.Linear(4096, 4096, device="cuda")
        model(torch.ones(64, 4096, device="cuda")).sum().backward()
        model.itself = model  # a cycle, as Lightning makes them
        del model
        assert upkeep.between_trials() is None, number
        held.append((torch.cuda.memory_allocated(), torch.cuda.memory_reserved()))
    assert held[1:] == held[:-1]
    assert held[0][0] < 256 * MB
    leaked = [torch.ones(300 * MB, dtype=torch.uint8, device="cuda")]
    told = upkeep.between_trials()
    assert told is not None
    assert told.startswith("device memory: ")
    leaked.clear()
    assert upkeep.between_trials() is None

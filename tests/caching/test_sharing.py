"""Data that one process loads for all workers of a driver."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import ray
from ray.exceptions import ActorDiedError

import tuner
from tuner.caching import sharing


def make_loader(marks: Path) -> Any:
    @tuner.cached(shared=True)
    def load(number: int) -> Any:
        with (marks / str(os.getpid())).open("a") as file:
            file.write(f"{number}\n")
        if number < 0:
            raise ValueError(f"{number} is below zero")
        return np.arange(number)

    return load


class Worker:
    def __init__(self, load: Any) -> None:
        self.load = load

    def look(self, number: int) -> tuple[int, bool, bool, int]:
        data = self.load(number)
        return os.getpid(), bool(data.flags.writeable), self.load(number) is data, int(data.sum())


@pytest.fixture
def workers(ray_cluster: str, tmp_path: Path) -> Iterator[list[Any]]:
    load = make_loader(tmp_path)
    made = [ray.remote(Worker).options(num_cpus=0).remote(load) for _ in range(2)]
    yield made
    for worker in made:
        ray.kill(worker)
    job = ray.get_runtime_context().get_job_id()
    ray.kill(ray.get_actor(sharing._NAME, namespace=f"tuner-{job}"))


def test_one_process_loads_for_all(workers: list[Any], tmp_path: Path) -> None:
    told = ray.get([worker.look.remote(100_000) for worker in workers for _ in range(2)])
    assert {each[1:] for each in told} == {(False, True, 4999950000)}
    (loader,) = tmp_path.iterdir()
    assert loader.read_text().split() == ["100000"]
    assert int(loader.name) not in {each[0] for each in told}

    for worker in workers:
        with pytest.raises(ValueError, match="-1 is below zero"):
            ray.get(worker.look.remote(-1))
    assert loader.read_text().split() == ["100000", "-1", "-1"]  # what fails is not kept


def test_where_the_process_is_lost_each_worker_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> Any:
        raise ActorDiedError()

    monkeypatch.setattr(sharing, "_loader", lost)
    assert sharing.shared("load", lambda *args, **kwargs: (args, kwargs), (1,), {"a": 2}) == (
        (1,),
        {"a": 2},
    )


def test_the_process_ends_with_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [
        [{"JobID": "02", "IsDead": False}],
        [{"JobID": "01", "IsDead": True}, {"JobID": "02", "IsDead": False}],
        [{"JobID": "01", "IsDead": True}, {"JobID": "02", "IsDead": True}],
        [],
    ]
    killed: list[Any] = []
    here = SimpleNamespace(current_actor="this one")
    monkeypatch.setattr(sharing.ray, "get_runtime_context", lambda: here)
    monkeypatch.setattr(sharing.ray, "kill", killed.append)
    monkeypatch.setattr(sharing.state, "job_table", lambda: tables.pop(0))
    monkeypatch.setattr(sharing, "_LOOK_EVERY_S", 0.0)
    sharing._end_with("02")
    assert killed == ["this one"]
    assert tables == [[]]


def test_a_driver_loads_for_itself(ray_cluster: str, tmp_path: Path) -> None:
    load = make_loader(tmp_path)
    assert load(3).flags.writeable
    assert [path.name for path in tmp_path.iterdir()] == [str(os.getpid())]

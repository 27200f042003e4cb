"""No sweep starts with a node that cannot serve it; one that is under way does without."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest
import ray
from sweeping import Run, make_scenario

import tuner
from tuner.errors import StorageError


class Gate:
    """Stands in for `Admission`."""

    refuses_all = False
    refused: Set[str] = frozenset()

    def __init__(self, *_: Any) -> None:
        self.admitted = {node["NodeID"] for node in ray.nodes()} - self.refused

    def check(self) -> None:
        if self.refuses_all:
            raise StorageError("it is not shared with n2")

    def look(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> type[Gate]:
    monkeypatch.setattr("tuner.driver.Admission", Gate)
    return Gate


def test_nothing_is_left_of_a_sweep_that_did_not_start(
    run: Run, gate: type[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "refuses_all", True)
    with pytest.raises(StorageError, match="not shared with n2"):
        run()
    assert not (tmp_path / "sweep").exists()


def test_a_sweep_goes_on_without_a_node_that_came_late_and_cannot_serve(
    run: Run, gate: type[Gate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_gpu, without = sorted(
        (node for node in ray.nodes() if node["Alive"]), key=lambda n: -n["Resources"].get("GPU", 0)
    )
    monkeypatch.setattr(gate, "refused", frozenset({with_gpu["NodeID"]}))
    scenario = make_scenario()
    sweep = run(scenario, num_samples=4, resources={"cpu": 0.5})
    assert set(sweep.trials()["outcome"]) == {"completed"}
    workers = dict(zip(sweep.nodes()["node_id"], sweep.nodes()["workers"], strict=True))
    assert workers[with_gpu["NodeID"]] == 0
    assert workers[without["NodeID"]] >= 1

    monkeypatch.setattr(gate, "refuses_all", True)
    with pytest.raises(StorageError, match="not shared with n2"):
        tuner.resume(tmp_path / "sweep", scenario=scenario, num_samples=6, progress="none")
    assert len(tuner.load(tmp_path / "sweep").trials()) == 4, "a sweep that began is kept"

"""Runs small sweeps on the shared cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import tuner

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder

from one_process import one_process, wait_for_nobody
from sweeping import Run, make_scenario

from tuner.runtime.node_watch import ClusterNode
from tuner.runtime.surroundings import Surroundings

__all__ = ["one_process"]


@pytest.fixture
def run(ray_cluster: str, tmp_path: Path) -> Run:
    """Run a sweep on the shared cluster, in a folder of the test's own."""

    def call(scenario: Any = None, **options: Any) -> tuner.Sweep:
        defaults = {
            "scheduler": "fifo",
            "searcher": "random",
            "num_samples": 4,
            "seed": 0,
            "storage_path": str(tmp_path),
            "name": "sweep",
            "progress": "none",
        }
        return tuner.run(scenario or make_scenario(), **{**defaults, **options})

    return call


@pytest.fixture
def virtual_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """An execution looks at two nodes of two CPUs each, one with a GPU, instead of at Ray."""
    wait_for_nobody(monkeypatch)
    nodes = [ClusterNode(f"n{gpus}", f"n{gpus}", {"CPU": 2.0, "GPU": gpus}) for gpus in (0.0, 1.0)]
    cluster = {"list_nodes": lambda: nodes, "growing": lambda: False}
    defaults: Any = Surroundings.__init__.__kwdefaults__
    for name, value in cluster.items():
        monkeypatch.setitem(defaults, name, value)

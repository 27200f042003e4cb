"""Runs small sweeps on the shared cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import tuner

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder

from sweeping import Run, make_scenario


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

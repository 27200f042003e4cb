"""Lets tests import the oracle beside them, and what it shares with the tests of sweeps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tuner.runtime.node_watch import ClusterNode
from tuner.runtime.surroundings import Surroundings

sys.path.insert(0, str(Path(__file__).parents[1] / "sweep"))  # importlib mode adds no folder
sys.path.insert(0, str(Path(__file__).parent))

from one_process import wait_for_nobody


@pytest.fixture
def virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of a sweep looks at Ray or waits for real time."""
    wait_for_nobody(monkeypatch)
    node = ClusterNode("n0", "n0", {"CPU": 1000.0})
    cluster = {"list_nodes": lambda: [node], "growing": lambda: False}
    defaults: Any = Surroundings.__init__.__kwdefaults__
    for name, value in cluster.items():
        monkeypatch.setitem(defaults, name, value)

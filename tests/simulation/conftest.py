"""Lets tests import the oracle beside them, and what it shares with the tests of sweeps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tuner.runtime import workers
from tuner.runtime.ahead import RunAhead
from tuner.runtime.node_watch import ClusterNode
from tuner.runtime.surroundings import Surroundings

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "sweep")]  # importlib mode adds no folder


@pytest.fixture
def virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of a sweep looks at Ray or waits for real time."""
    monkeypatch.setattr(workers.PatientSave, "resolve", lambda self, block=True: self.future())
    monkeypatch.setattr(RunAhead, "pays", lambda self, step_s: False)  # it measures real waits
    node = ClusterNode("n0", "n0", {"CPU": 1000.0})
    cluster = {"list_nodes": lambda: [node], "growing": lambda: False}
    defaults: Any = Surroundings.__init__.__kwdefaults__
    for name, value in cluster.items():
        monkeypatch.setitem(defaults, name, value)

"""The tests of the playbook share the sweeps that they plant."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import tuner
from tuner.playbook import studied

sys.path.insert(0, str(Path(__file__).parent))

from in_process import SCENARIO_FILE, InProcess


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """Stands in for Ray."""
    runner = InProcess()
    monkeypatch.setattr(studied, "run", runner.run)
    monkeypatch.setattr(studied, "resume", runner.resume)
    return runner


@pytest.fixture
def scenario_path(tmp_path: Path) -> Path:
    path = tmp_path / "clouds.py"
    path.write_text(SCENARIO_FILE)
    return path


@pytest.fixture
def sweep(ray: InProcess, scenario_path: Path, tmp_path: Path) -> tuner.Sweep:
    """Six trials of the clouds."""
    found = ray.run(str(scenario_path), storage_path=str(tmp_path))
    ray.trained = 0
    return found

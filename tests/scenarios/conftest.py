"""Trainables outside of Ray: their (empty) log folder is in the test's own, and they have a CPU."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from ray.tune.trainable import trainable as ray_trainable

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder


@pytest.fixture(autouse=True)
def log_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_trainable, "DEFAULT_STORAGE_PATH", str(tmp_path / "ray_results"))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As in a trial with one CPU."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)

"""Trainables outside of Ray write their (empty) log folder into the test's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from ray.tune.trainable import trainable as ray_trainable


@pytest.fixture(autouse=True)
def log_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_trainable, "DEFAULT_STORAGE_PATH", str(tmp_path / "ray_results"))

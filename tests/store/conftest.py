"""What the tests of the store share; they can import their helpers (importlib adds no folder)."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tuner.store import SweepLayout, SweepWriter, write_spec

sys.path.insert(0, str(Path(__file__).parent))


def _same(left: Any, right: Any) -> bool:
    """Equal and of the same types all the way down; NaN equals NaN, -0.0 is not 0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        if math.isnan(left):
            return math.isnan(right)
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(map(_same, left.values(), right.values()))
    return bool(left == right)


@pytest.fixture(scope="session")
def same() -> Callable[[Any, Any], bool]:
    return _same


@pytest.fixture
def layout(tmp_path: Path) -> SweepLayout:
    layout = SweepLayout.create(tmp_path / "sweep")
    write_spec(layout, {"spec": {"metric": "loss", "mode": "min", "time_attr": "epoch"}})
    return layout


@pytest.fixture
def writer(layout: SweepLayout) -> SweepWriter:
    return SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")


@pytest.fixture
def report_of() -> Callable[..., dict[str, Any]]:
    """Make a report of a trial at an iteration, with metrics."""

    def report(trial_id: str, iteration: int, **metrics: Any) -> dict[str, Any]:
        return {
            "trial_id": trial_id,
            "attempt": 1,
            "training_iteration": iteration,
            "epoch": iteration,
            "time_total_s": 0.5 * iteration,
            "timestamp": 1_000.0 + iteration,
            **metrics,
        }

    return report


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """While it lasts, nothing can be put in the place of a file; `undo()` ends it."""

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        yield patch

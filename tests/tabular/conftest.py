"""A table of flowers, searched without Ray."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

import tuner
from tuner.playbook import studied

sys.path.insert(0, str(Path(__file__).parents[1] / "playbook"))
sys.path.insert(0, str(Path(__file__).parent))

from flowers import SMALL, flower_table
from in_process import InProcess


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As in a trial with one CPU."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """Stands in for Ray."""
    return _stand_in(monkeypatch)


@pytest.fixture
def flowers() -> pd.DataFrame:
    """60 rows of every kind of column."""
    return flower_table()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuner.AutoML]:
    """The flowers searched, once for the tests that only look."""
    with pytest.MonkeyPatch.context() as patch:
        _stand_in(patch)
        yield tuner.automl(flower_table(), **SMALL, storage_path=tmp_path_factory.mktemp("made"))


def _stand_in(patch: pytest.MonkeyPatch) -> InProcess:
    runner = InProcess()
    patch.setattr(studied, "run", runner.run)
    patch.setattr(studied, "resume", runner.resume)
    return runner

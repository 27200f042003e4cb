"""The tests of studies share a small one, and what stands in for Ray."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "playbook"))
sys.path.insert(0, str(Path(__file__).parent))

from in_process import SCENARIO_FILE
from small_studies import Mortal, SmallStudy, Whole, stand_in


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Mortal:
    """Stands in for Ray."""
    return stand_in(monkeypatch)


@pytest.fixture
def clouds(tmp_path: Path) -> Path:
    """A scenario that says what it learns from."""
    path = tmp_path / "clouds.py"
    path.write_text(SCENARIO_FILE)
    return path


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    """The same scenario, which does not say so."""
    path = tmp_path / "silent.py"
    own_split = SCENARIO_FILE.replace("self.split", "self.data().split()")
    renamed = own_split.replace("def examples(", "def data(").replace(".examples()", ".data()")
    path.write_text(renamed)
    return path


@pytest.fixture
def study(clouds: Path, tmp_path: Path) -> SmallStudy:
    return SmallStudy(clouds, tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    root = tmp_path_factory.mktemp("whole")
    (root / "clouds.py").write_text(SCENARIO_FILE)
    small, told = SmallStudy(root / "clouds.py", root), list[str]()
    with pytest.MonkeyPatch.context() as patch:
        ray = stand_in(patch)
        found = small(tell=lambda step: told.append(f"{step.name} {step.status}"))
    return Whole(found, told, ray, small)

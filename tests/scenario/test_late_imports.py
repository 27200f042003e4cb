"""What a scenario imports while it trains is found by reading it, nothing else is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tuner
from tuner.scenario import load_scenario
from tuner.scenario.late_imports import code_beside, late_imports

SCENARIO = """
from ray import tune
from tuner.scenario import Scenario

def train(config):
    import late_model
    return {"loss": late_model.LOSS}

SCENARIO = Scenario(
    name="mine", trainable=train, space={"x": tune.uniform(0, 1)},
    metric="loss", mode="min", max_t=1,
)
"""
Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(files: dict[str, str]) -> Path:
        for name, source in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(source)
        return tmp_path

    return write


@pytest.fixture
def _clean_imports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    path, modules = sys.path[:], set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("files", "needed"),
    [
        ({"mine.py": "import model"}, {}),
        ({"mine.py": "def f():\n import model", "model.py": ""}, {"model": "model.py"}),
        ({"mine.py": "f = lambda: __import__('x')\nimport model", "model.py": ""}, {}),
        (
            {"mine.py": "class A:\n async def f(self):\n  from pkg.deep import x",
             "pkg/__init__.py": "", "pkg/deep.py": ""},
            {"pkg": "pkg"},
        ),
        # What is imported late imports on the node too, at its top.
        (
            {"mine.py": "def f():\n import model", "model.py": "import layers", "layers.py": ""},
            {"model": "model.py", "layers": "layers.py"},
        ),
        # What is imported at once may import late.
        (
            {"mine.py": "import model", "model.py": "def f():\n import layers", "layers.py": ""},
            {"layers": "layers.py"},
        ),
        ({"mine.py": "def f():\n import a", "a.py": "import b", "b.py": "import a"},
         {"a": "a.py", "b": "b.py"}),
        ({"mine.py": "import model\ndef f():\n import model", "model.py": ""},
         {"model": "model.py"}),
        ({"mine.py": "def f():\n import json, numpy"}, {}),
        ({"mine.py": "def f():\n import tuner", "tuner/__init__.py": ""}, {}),
        ({"mine.py": "def f():\n import data", "data/table.csv": ""}, {}),
        ({"mine.py": "def f():\n import old", "old.py": "print 1"}, {"old": "old.py"}),
    ],
)  # fmt: skip
def test_what_is_needed(files: dict[str, str], needed: dict[str, str], write: Write) -> None:
    root = write(files)
    found = late_imports(root / "mine.py", root)
    assert found == {name: root / place for name, place in needed.items()}


def test_a_package_that_imports_from_itself(write: Write) -> None:
    root = write({
        "pkg/__init__.py": "", "pkg/mine.py": "def f():\n from . import model", "pkg/model.py": "",
    })  # fmt: skip
    assert late_imports(root / "pkg" / "mine.py", root) == {"pkg": root / "pkg"}


@pytest.mark.usefixtures("_clean_imports")
@pytest.mark.parametrize("ref", ["mine.py", "pkg.mine", "mine.py:SCENARIO"])
def test_beside_a_scenario(ref: str, write: Write) -> None:
    root = write({
        "mine.py": SCENARIO, "pkg/__init__.py": "", "pkg/mine.py": SCENARIO,
        "late_model.py": "LOSS = 1.0",
    })  # fmt: skip
    assert code_beside(load_scenario(ref)) == {"late_model": root / "late_model.py"}
    assert "late_model" not in sys.modules, "it is read, not imported"


def test_nothing_is_beside_a_bundled_scenario() -> None:
    assert code_beside(load_scenario("tabular")) == {}


@pytest.mark.usefixtures("_clean_imports", "ray_cluster")
def test_a_sweep_imports_what_lies_beside_its_scenario(write: Write, tmp_path: Path) -> None:
    """On a Ray that this process connected to before, from another folder."""
    root = write({"mine.py": SCENARIO, "late_model.py": "LOSS = 1.0"})
    sweep = tuner.run(
        root / "mine.py", num_samples=1, storage_path=tmp_path / "results", progress="none"
    )
    assert list(sweep.trials().outcome) == ["completed"]

"""A task is found by its spelling; a misspelled one is refused with the nearest."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tuner.errors import MissingDependencyError, ScenarioError, SpecError, StorageError
from tuner.simulation import CurveTask
from tuner.simulation.sources import FAMILIES, find_task

OWN = textwrap.dedent(
    """
    import numpy as np
    from ray import tune

    import tuner
    from tuner.simulation import CurveTask, Known
    from tuner.simulation.sources import FunctionCurves

    scenario = tuner.Scenario(
        name="valley", trainable=Known, space={"lr": tune.loguniform(1e-4, 1)},
        metric="loss", mode="min", time_attr="epoch", max_t=9,
    )

    def loss(config, epochs):
        return (np.log10(config["lr"]) + 2) ** 2 + 1 / epochs

    TASK = CurveTask("valley", scenario, FunctionCurves(loss, "loss", max_t=9, seconds=60))

    def make():
        return TASK

    NUMBER = 3
    """
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lcbenc:189873", r"unknown task 'lcbenc'; did you mean 'lcbench'\?"),
        ("", "unknown task ''; known: algoperf, branin"),
        ("valley.py", "a task in a file is named after a colon, valley.py:TASK"),
        ("valley.py", "a scenario has no learning curves .* sweep:FOLDER; known: algoperf, branin"),
        ("tabular", "'tabular' names no task; a scenario has no learning curves by itself: run"),
        ("lcbench", "needs one OpenML id, got 'lcbench': write for instance lcbench:189873"),
        ("lcbench:epochs=52", "needs one OpenML id"),
        ("branin:7", "has no instances, got 'branin:7': write for instance branin:noise=0.1"),
        ("branin:nois=1", r"'branin' has no option 'nois'; did you mean 'noise'\?"),
        ("digits_mlp:seed=1", "'digits_mlp' has no option 'seed'; it has none"),
        ("branin:noise=-1", "noise must be a finite number >= 0, got -1"),
        ("branin:noise=much", "noise must be a finite number >= 0, got 'much'"),
        ("branin:seconds=inf", "seconds must be a finite number >= 0, got inf"),
        ("branin:seed=0.5", "seed must be a whole number >= 0, got 0.5"),
        ("branin:epochs=0", "max_t must be a whole number >= 1"),
        ("branin:noise=1,noise=2", "the keyword 'noise' is given twice"),
        ("sweep:", "needs one folder"),
    ],
)
def test_a_wrong_spelling_is_refused(text: str, words: str) -> None:
    with pytest.raises((SpecError, ScenarioError), match=words):
        find_task(text)


def test_data_that_is_not_there_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    for family in FAMILIES.values():
        if family.data is not None:
            with pytest.raises(MissingDependencyError, match=f"tuner data fetch {family.data}"):
                find_task(family.example)


def test_a_sweep_is_named_by_all_that_follows(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="a=1,b=2:c"):
        find_task(f"sweep:{tmp_path}/a=1,b=2:c")


@pytest.mark.parametrize("name", ["TASK", "make"])
def test_a_task_of_ones_own(tmp_path: Path, name: str) -> None:
    (tmp_path / "own_task.py").write_text(OWN)

    task = find_task(f"{tmp_path}/own_task.py:{name}")

    assert isinstance(task, CurveTask)
    assert task.name == f"{tmp_path}/own_task.py:{name}"
    curve = task.curves.curve({"lr": 0.01}, 0)
    assert list(curve.metrics["loss"]) == pytest.approx([1 / epoch for epoch in range(1, 10)])
    assert list(curve.seconds) == [60.0] * 9


def test_a_module_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_module_of_tasks.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])

    assert find_task("own_module_of_tasks:TASK").scenario.name == "valley"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NUMBER", "a function that returns one, but .*NUMBER is of the type int"),
        ("TASKS", r"does not define TASKS; did you mean 'TASK'\?"),
    ],
)
def test_what_is_no_task_is_refused(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "own_task.py").write_text(OWN)

    with pytest.raises(ScenarioError, match=words):
        find_task(f"{tmp_path}/own_task.py:{name}")

"""``tuner data``: what can be simulated, and what is on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tuner.cli import main
from tuner.public_data import DATA_SETS
from tuner.simulation.sources import FAMILIES


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("TUNER_DATA_DIR", raising=False)
    return tmp_path / "tuner" / "data"


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """A folder that holds one public data set, or what looks like it."""
    folder = tmp_path / "copies" / "algoperf"
    folder.mkdir(parents=True)
    for name in ("trials.parquet", "curves.parquet"):
        (folder / name).touch()
    return folder.parent


def test_the_list_says_what_is_ready(
    capsys: pytest.CaptureFixture[str], copies: Path, cache: Path
) -> None:
    assert main(["data", "fetch", "algoperf", "--from", str(copies)]) == 0
    assert capsys.readouterr().out == f"{cache / 'algoperf'}\n"

    assert main(["data", "list", "--json"]) == 0

    listed = json.loads(capsys.readouterr().out)
    ready = {task["name"]: task["ready"] for task in listed["tasks"]}
    assert ready == {name: family.data in (None, "algoperf") for name, family in FAMILIES.items()}
    folders = {each["name"]: each["folder"] for each in listed["data_sets"]}
    assert folders == dict.fromkeys(DATA_SETS) | {"algoperf": str(cache / "algoperf")}


def test_the_table_names_every_task_and_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0

    table = capsys.readouterr().out
    assert all(family.example in table for family in FAMILIES.values())
    assert "tuner data fetch lcbench_surrogate" in table
    assert "tuner data fetch algoperf --from PATH" in table


def test_the_spellings_of_a_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list", "branin"]) == 0
    assert capsys.readouterr().out == "branin:noise=0.1\n"


def test_where_prints_a_folder(
    capsys: pytest.CaptureFixture[str],
    copies: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert main(["data", "where"]) == 0
    assert capsys.readouterr().out == f"{cache}\n"

    monkeypatch.setenv("TUNER_DATA_DIR", str(copies))
    assert main(["data", "where", "algoperf"]) == 0
    assert capsys.readouterr().out == f"{copies / 'algoperf'}\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["fetc"], "unknown verb 'fetc'; did you mean 'fetch'?"),
        (
            ["fetch", "lcbench_sur"],
            "unknown data set 'lcbench_sur'; did you mean 'lcbench_surrogate'?",
        ),
        (["fetch", "algoperf"], "algoperf cannot be downloaded: tuner data fetch algoperf --from"),
        (["where", "algoperf"], "the data set 'algoperf' is not on this machine: tuner data fetch"),
        (["list", "lcbenc"], "unknown task 'lcbenc'; did you mean 'lcbench'?"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", *words]) == 2

    told = capsys.readouterr().err
    assert line in told
    assert told.count("\n") == 1

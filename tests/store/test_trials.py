from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import SpecError, StorageError
from tuner.objectives import Objective
from tuner.store import trials
from tuner.store.dataset import read_table
from tuner.store.schema import TRIALS, rows_of
from tuner.store.trials import TrialTable

Same = Callable[[Any, Any], bool]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trials.parquet"


@pytest.fixture
def table(path: Path) -> TrialTable:
    return TrialTable(path, [Objective("loss", "min")], "epoch")


def rows(path: Path) -> list[dict[str, Any]]:
    return rows_of(read_table(path))


def test_no_trials_are_an_empty_table(table: TrialTable, path: Path) -> None:
    table.flush(0)
    assert read_table(path).schema.remove_metadata().equals(TRIALS, check_metadata=True)
    assert rows(path) == []


def test_changes_add_up(table: TrialTable, path: Path) -> None:
    table.update({"trial_id": "a", "status": "RUNNING", "seed": 1})
    table.update({"trial_id": "b", "status": "PENDING"})
    table.update({"trial_id": "a", "status": "ERROR", "error": "boom"})
    table.flush(0)
    assert rows(path) == [
        {"trial_id": "a", "status": "ERROR", "seed": 1, "error": "boom"},
        {"trial_id": "b", "status": "PENDING"},
    ]


def test_a_change_to_none_clears_a_value(table: TrialTable, path: Path) -> None:
    table.update({"trial_id": "a", "status": "ERROR", "error": "boom", "ended": 1.0})
    table.flush(0)
    table.update({"trial_id": "a", "status": "RUNNING", "error": None, "ended": None})
    table.flush(0)
    assert rows(path) == [{"trial_id": "a", "status": "RUNNING"}]


def test_a_new_config_replaces_the_old_one_whole(table: TrialTable, path: Path) -> None:
    table.update({"trial_id": "a", "config": {"lr": 0.1, "layers": {"n": 2}}})
    table.update({"trial_id": "a", "config": {"lr": 0.2, "momentum": 0.9}})
    table.flush(0)
    assert rows(path) == [
        {
            "trial_id": "a",
            "config": {"lr": 0.2, "momentum": 0.9},
            "config/lr": 0.2,
            "config/momentum": 0.9,
        }
    ]


def test_absent_and_none_differ_in_the_config_and_columns_stay_numeric(
    table: TrialTable, path: Path
) -> None:
    configs: list[dict[str, Any]] = [{"dropout": None}, {}, {"dropout": 0.1}, {"dropout": 1}]
    for index, config in enumerate(configs):
        table.update({"trial_id": f"t{index}", "config": config})
    table.flush(0)
    stored = read_table(path)
    assert stored["config/dropout"].to_pylist() == [None, None, 0.1, 1.0]
    assert [row["config"] for row in rows_of(stored)] == configs


def test_reports_keep_the_last_and_the_best(table: TrialTable, path: Path) -> None:
    for iteration, loss in enumerate([0.5, 0.1, math.nan], start=1):
        progress = {"training_iteration": iteration, "time_total_s": iteration / 2, "attempt": 1}
        table.report({"trial_id": "a", **progress, "loss": loss, "acc": float(iteration)})
    table.flush(0)
    row = rows(path)[0]
    assert math.isnan(row.pop("last/loss"))
    assert row == {
        "trial_id": "a",
        "iterations": 3,
        "best_iteration": 2,
        "seconds": 1.5,
        "attempts": 1,
        "last/acc": 3.0,
        "best/loss": 0.1,
        "best/acc": 2.0,
    }


def test_an_unknown_column_is_refused_with_the_nearest(table: TrialTable) -> None:
    with pytest.raises(SpecError, match="no column 'statsu' of a trial; did you mean 'status'"):
        table.coerced({"statsu": "RUNNING"})


def test_a_full_disk_loses_no_change(
    table: TrialTable, path: Path, full_disk: pytest.MonkeyPatch
) -> None:
    table.update({"trial_id": "a", "status": "RUNNING"})
    with pytest.raises(StorageError, match="No space left"):
        table.flush(0)
    table.update({"trial_id": "b", "status": "PENDING"})
    full_disk.undo()
    table.flush(0)
    assert [row["trial_id"] for row in rows(path)] == ["a", "b"]


def test_a_flush_without_changes_writes_nothing(
    table: TrialTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.update({"trial_id": "a", "status": "RUNNING"})
    table.flush(0)
    monkeypatch.setattr(trials, "write_table", None)
    table.flush(0)


@pytest.mark.parametrize("flush_each", [True, False])
def test_trials_that_ended_can_change_again(
    table: TrialTable,
    path: Path,
    same: Same,
    monkeypatch: pytest.MonkeyPatch,
    flush_each: bool,
) -> None:
    monkeypatch.setattr(trials, "_ROWS_PER_CHUNK", 2)
    config = {"sizes": (1, 2), "lr": 1, "none": None, "mixed": [1, "a"]}
    for index in range(7):
        table.update(
            {
                "trial_id": f"t{index}",
                "status": "TERMINATED",
                "config": config,
                "seed": 2**60 + index,
            }
        )
        table.report({"trial_id": f"t{index}", "training_iteration": 1, "loss": 0.5})
        if flush_each:
            table.flush(0)
    table.flush(0)
    table.update({"trial_id": "t1", "status": "RUNNING", "config": {**config, "lr": "auto"}})
    table.report({"trial_id": "t1", "training_iteration": 2, "loss": 0.4, "late": 1.0})
    table.report({"trial_id": "t2", "training_iteration": 2, "loss": 0.6})
    table.flush(0)
    stored = rows(path)
    assert [row["trial_id"] for row in stored] == [f"t{index}" for index in range(7)]
    assert [row["seed"] for row in stored] == [2**60 + index for index in range(7)]
    assert [row["config/lr"] for row in stored] == [1, "auto", 1, 1, 1, 1, 1]
    assert same(stored[0]["config"], config)
    assert [row["best/loss"] for row in stored[:3]] == [0.5, 0.4, 0.5]
    assert [row["last/loss"] for row in stored[:3]] == [0.5, 0.4, 0.6]
    assert [row["iterations"] for row in stored[:3]] == [1, 2, 2]
    assert "last/late" not in stored[0]


def test_trials_beside_one_that_runs_are_not_rebuilt_from_columns(
    table: TrialTable, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "_ROWS_PER_CHUNK", 2)
    with monkeypatch.context() as patch:
        patch.setattr(trials, "rows_of", None)
        for status in ("PENDING", "RUNNING", "PAUSED"):
            table.update({"trial_id": "ended", "status": "ERROR"})
            table.update({"trial_id": "running", "status": status})
            table.flush(0)
        table.update({"trial_id": "running", "status": "TERMINATED"})
    table.flush(0)
    assert [row["status"] for row in rows(path)] == ["ERROR", "TERMINATED"]


def test_the_config_of_the_best_report_is_kept_when_a_trial_changes_its_own(
    table: TrialTable, path: Path
) -> None:
    def report(iteration: int, loss: float) -> None:
        table.report({"trial_id": "a", "training_iteration": iteration, "loss": loss})

    table.update({"trial_id": "a", "config": {"lr": 1}})
    report(1, 0.5)
    table.update({"trial_id": "a", "config": {"lr": 2}})
    report(2, 0.9)
    table.update({"trial_id": "a", "config": {"lr": 3}})
    table.flush(0)
    (row,) = rows(path)
    assert (row["best_config"], row["config"], row["config/lr"]) == ({"lr": 1}, {"lr": 3}, 3)
    report(3, 0.1)
    table.flush(0)
    (row,) = rows(path)
    assert row["config"] == {"lr": 3}
    assert "best_config" not in row

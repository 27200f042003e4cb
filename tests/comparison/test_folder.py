"""A comparison's folder keeps every run that ended, whatever dies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tuner.comparison import folder as module
from tuner.comparison.folder import ComparisonFolder
from tuner.comparison.record import CellRecord, failed_cell
from tuner.comparison.terms import Cell, Terms
from tuner.errors import StorageError, SweepBusyError, SweepExistsError


def record(seed: int, value: float = 0.5) -> CellRecord:
    spent = {"trials": 1, "epochs": 2, "seconds": 3.0, "gpu_seconds": 0.0}
    run = {"status": "finished", "mode": "min", "best": value, "worst": float("nan"), **spent}
    steps = [{**spent, "value": value + 1, "trial_id": "t0"}, {**spent, "value": value}]
    return CellRecord(Cell("bowl", "fifo", seed), run, steps)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[ComparisonFolder]:
    made = ComparisonFolder(tmp_path / "c")
    with made.acquired():
        yield made


def seeds_of(frame: pd.DataFrame) -> list[int]:
    return frame["seed"].tolist()


def test_runs_are_there_at_once_and_after_compacting(folder: ComparisonFolder) -> None:
    for seed in range(3):
        folder.append(record(seed))
        if seed == 1:
            folder.compact()
    for _ in range(2):
        runs, incumbents = folder.frames()
        assert seeds_of(runs) == [0, 1, 2]
        assert seeds_of(incumbents) == [0, 0, 1, 1, 2, 2]
        assert runs["worst"].isna().all()
        assert set(folder.statuses().values()) == {"finished"}
        folder.compact()
    assert {path.name for path in folder.root.iterdir()} == {
        "runs.parquet", "incumbents.parquet", "driver-000000.lock",
    }  # fmt: skip


def test_a_column_that_an_earlier_tuner_did_not_write_is_missing_values(
    folder: ComparisonFolder,
) -> None:
    folder.append(record(0))
    folder.compact()
    runs = pd.read_parquet(folder.runs_file)
    runs.drop(columns="withheld_epochs").to_parquet(folder.runs_file)
    folder.append(record(1))
    assert folder.frames()[0]["withheld_epochs"].isna().tolist() == [True, True]


def test_a_torn_line_is_a_run_that_did_not_end(folder: ComparisonFolder) -> None:
    folder.append(record(0))
    whole = folder.journal.path.read_bytes()
    folder.journal.path.write_bytes(whole + whole[: len(whole) // 2])
    assert seeds_of(folder.frames()[0]) == [0]


def test_the_next_run_follows_on_a_line_of_its_own(tmp_path: Path) -> None:
    folder = ComparisonFolder(tmp_path / "c")
    with folder.acquired():
        folder.append(record(0))
        with folder.journal.path.open("ab") as journal:
            journal.write(b'[{"task": "bo')
    with folder.acquired():
        folder.append(record(1))
    assert seeds_of(folder.frames()[0]) == [0, 1]


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_death_while_compacting_loses_and_repeats_nothing(
    folder: ComparisonFolder, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    folder.append(record(0))
    folder.compact()
    folder.append(record(1))
    write_table, left = module.write_table, [writes]

    def dying(*args: Any) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write_table(*args)

    monkeypatch.setattr(module, "write_table", dying)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: dying())  # of the journal
    with pytest.raises(KeyboardInterrupt):
        folder.compact()
    monkeypatch.undo()
    runs, incumbents = folder.frames()
    assert seeds_of(runs) == [0, 1]
    assert seeds_of(incumbents) == [0, 0, 1, 1]


def test_a_run_that_is_run_again_replaces_its_failure(folder: ComparisonFolder) -> None:
    folder.append(failed_cell(record(0).cell, "min", "no luck"))
    folder.append(record(1))
    folder.compact()
    folder.append(record(0))
    runs, incumbents = folder.frames()
    assert dict(zip(runs["seed"], runs["status"], strict=True)) == {0: "finished", 1: "finished"}
    assert sorted(seeds_of(incumbents)) == [0, 0, 1, 1]


def test_one_process_writes(folder: ComparisonFolder) -> None:
    other = ComparisonFolder(folder.root)
    with pytest.raises(SweepBusyError, match="one process runs a comparison"), other.acquired():
        pytest.fail("two of them")


def test_the_beginning_is_kept(folder: ComparisonFolder, make_terms: Callable[..., Terms]) -> None:
    folder.write_state(make_terms(), status="running", baseline="fifo")
    began = folder.state()["started"]
    folder.write_state(make_terms(), status="finished", ended=1.0)
    state = folder.state()
    assert (state["started"], state["status"], state["baseline"]) == (began, "finished", "fifo")
    assert Terms.from_json(state["terms"]) == make_terms()


def test_what_is_no_comparison_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert not ComparisonFolder(other).exists()
    with pytest.raises(StorageError, match="it has no comparison"):
        ComparisonFolder(other).state()
    other.mkdir()
    assert not ComparisonFolder(other).exists()
    (other / "mine").touch()
    with pytest.raises(SweepExistsError, match="never overwrites"):
        ComparisonFolder(other).exists()


def test_a_newer_version_is_refused(folder: ComparisonFolder) -> None:
    folder.terms_file.write_text(json.dumps({"schema_version": 99}))
    with pytest.raises(StorageError, match="schema version 99"):
        folder.state()
    folder.terms_file.write_text("{")
    with pytest.raises(StorageError, match="cannot read"):
        folder.state()

"""The verbs that read, over a stored sweep."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

Command = Callable[..., Any]
Maker = Callable[..., Path]


def test_scenarios_are_listed(tuner_command: Command) -> None:
    listed = tuner_command("scenarios")
    assert (listed.code, listed.err) == (0, "")
    assert "digits_mlp" in listed.out
    as_json = tuner_command("scenarios", "--json").json
    assert {"digits_mlp", "digits_cnn", "tabular"} <= {entry["name"] for entry in as_json}
    assert all(entry["description"] for entry in as_json)


class TestLs:
    def test_sweeps_are_listed_by_name(
        self, tuner_command: Command, sweep_folder: Path, make_sweep: Maker
    ) -> None:
        make_sweep(sweep_folder.parent / "another", status="running")
        listed = tuner_command("ls")
        assert listed.code == 0
        another, digits = listed.out.splitlines()[1:]
        assert another.split()[:2] == ["another", "running"]
        for part in ("digits", "finished", "asha:reduction_factor=3+hyperopt", "5", "loss=0.25",
                     "1m 05s"):  # fmt: skip
            assert part in digits

    def test_as_json(self, tuner_command: Command, sweep_folder: Path) -> None:
        (sweep,) = tuner_command("ls", "--json").json
        assert (sweep["name"], sweep["trials"], sweep["best"]) == ("digits", 5, 0.25)

    @pytest.mark.parametrize("place", ["results", "./results/", "{absolute}"])
    def test_relative_and_absolute_paths(
        self, tuner_command: Command, sweep_folder: Path, place: str
    ) -> None:
        listed = tuner_command("ls", place.format(absolute=sweep_folder.parent), "--json")
        assert [sweep["name"] for sweep in listed.json] == ["digits"]

    def test_nothing_there_yet(self, tuner_command: Command) -> None:
        assert tuner_command("ls") == (0, "", "no sweeps in results\n")
        assert tuner_command("ls", "--json").json == []

    def test_a_wrong_folder_is_an_error(self, tuner_command: Command, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        assert tuner_command("ls", "nowhere").code == 2
        assert "file is a file" in tuner_command("ls", "file").err

    def test_a_damaged_sweep_does_not_hide_the_others(
        self, tuner_command: Command, sweep_folder: Path
    ) -> None:
        broken = sweep_folder.parent / "broken"
        broken.mkdir()
        (broken / "sweep.json").write_text("{")
        (sweep_folder.parent / "no-sweep").mkdir()
        listed = tuner_command("ls")
        assert listed.code == 0
        assert "digits" in listed.out
        assert "cannot read" in listed.out
        assert [s["status"] for s in tuner_command("ls", "--json").json] == [
            "unreadable", "finished",
        ]  # fmt: skip


class TestShow:
    def test_the_state_of_a_sweep(self, tuner_command: Command, sweep_folder: Path) -> None:
        shown = tuner_command("show", "digits")
        assert (shown.code, shown.err) == (0, "")
        for part in (
            "digits  finished", "results/digits", "asha:reduction_factor=3+hyperopt", "took 1m 05s",
            "loss (min)", "5 trials of at most 3 epoch, 10m 00s in all", "cpu=1", "nightly",
            "a note", "5 trials: 2 diverged, 1 completed, 1 stopped, 1 failed; 8 reports",
            "t3 failed  ValueError: no [red]luck[/red]", "lr=1 net/units=[8, 0] net/norm=None",
            "rung 1", "reached max_t=3", "loss is #",
        ):  # fmt: skip
            assert part in shown.out

    def test_as_json(self, tuner_command: Command, sweep_folder: Path) -> None:
        shown = tuner_command("show", str(sweep_folder), "--json").json
        assert (shown["status"], shown["reports"]) == ("finished", 8)
        assert shown["spec"]["seed"] == 7
        assert shown["trials"]["by_outcome"] == {
            "completed": 1, "stopped": 1, "failed": 1, "diverged": 2,
        }  # fmt: skip
        assert [result["trial_id"] for result in shown["best"]] == ["t1", "t4", "t2"]
        assert shown["best"][0]["config"] == {"lr": 1.0, "net": {"units": [8, 0], "norm": None}}
        assert {"decision": "STOP", "reason": "loss is #", "count": 2} in shown["decisions"]
        assert shown["failures"] == [
            {"trial_id": "t3", "outcome": "failed", "error": "ValueError: no [red]luck[/red]"}
        ]

    def test_one_trial(self, tuner_command: Command, sweep_folder: Path) -> None:
        shown = tuner_command("show", "digits", "--trial", "t4").out
        for part in ("net/units", "[8, 3]", "net/norm", "None", "0.001", "inf", "loss is inf"):
            assert part in shown
        failed = tuner_command("show", "digits", "--trial", "t3").out
        assert 'File "train.py", line 3, in train' in failed
        assert "a second line" in failed

    def test_one_trial_as_json(self, tuner_command: Command, sweep_folder: Path) -> None:
        shown = tuner_command("show", "digits", "--trial", "t4", "--json").json
        assert [report["loss"] for report in shown["reports"]] == [0.8, 0.7, "Infinity"]
        assert shown["decisions"][0]["details"] == {"cutoff": "NaN"}
        assert shown["value"] == 0.7

    def test_what_is_not_there(self, tuner_command: Command, sweep_folder: Path) -> None:
        trial = tuner_command("show", "digits", "--trial", "t33")
        assert (trial.code, trial.out) == (2, "")
        assert "did you mean 't3'" in trial.err
        assert "did you mean 'digits'" in tuner_command("show", "digit").err
        assert "holds the sweeps digits" in tuner_command("show", "results").err
        assert tuner_command("show", "a/b/c").code == 2

    def test_a_sweep_in_the_current_folder_comes_before_one_in_results(
        self, tuner_command: Command, sweep_folder: Path, make_sweep: Maker, tmp_path: Path
    ) -> None:
        make_sweep(tmp_path / "digits", status="interrupted")
        assert tuner_command("show", "digits", "--json").json["status"] == "interrupted"

    def test_a_folder_of_the_same_name_is_in_the_way_of_none(
        self, tuner_command: Command, sweep_folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "digits").mkdir()
        assert tuner_command("show", "digits").code == 0


class TestBest:
    def test_best_first(self, tuner_command: Command, sweep_folder: Path) -> None:
        lines = tuner_command("best", "digits").out.splitlines()
        assert [line.split()[0] for line in lines] == ["trial", "t1", "t4", "t2"]
        assert "lr=1 net/units=[8, 0] net/norm=None" in lines[1]

    def test_by_the_last_report(self, tuner_command: Command, sweep_folder: Path) -> None:
        found = tuner_command("best", "digits", "--at", "last", "-n", "9", "--json").json
        assert [(result["trial_id"], result["value"]) for result in found] == [
            ("t1", 0.25), ("t2", 0.95),
        ]  # fmt: skip

    def test_one_is_a_list_of_one(self, tuner_command: Command, sweep_folder: Path) -> None:
        (found,) = tuner_command("best", "digits", "-n", "1", "--json").json
        assert found["config"]["net"] == {"units": [8, 0], "norm": None}

    def test_there_is_none(self, tuner_command: Command, sweep_folder: Path) -> None:
        for part in (sweep_folder / "reports").iterdir():
            part.unlink()
        table = pq.read_table(sweep_folder / "trials.parquet")
        pq.write_table(table.drop(["best/loss"]), sweep_folder / "trials.parquet")
        found = tuner_command("best", "digits", "--json")
        assert (found.code, found.out) == (1, "")
        assert found.err.startswith("error: no trial has reported a finite 'loss'")

    @pytest.mark.parametrize("options", [("-n", "0"), ("-n", "x"), ("--at", "first"), ()])
    def test_usage(
        self, tuner_command: Command, sweep_folder: Path, options: tuple[str, ...]
    ) -> None:
        assert tuner_command("best", *(["digits"] if options else []), *options).code == 2


class TestExport:
    def test_csv_tells_nan_from_absent(self, tuner_command: Command, sweep_folder: Path) -> None:
        exported = tuner_command("export", "digits", "--to", "csv").out
        rows = {row["trial_id"]: row for row in csv.DictReader(io.StringIO(exported))}
        assert rows["t3"]["best/loss"] == ""
        assert rows["t5"]["last/loss"] == "nan"
        assert rows["t4"]["last/loss"] == "inf"
        assert json.loads(rows["t1"]["config"])["net"] == {"units": [8, 0], "norm": None}
        assert json.loads(rows["t1"]["config/net/units"]) == [8, 0]
        assert pd.read_csv(io.StringIO(exported))["config/lr"].tolist() == [
            1, 0.1, 0.01, 0.001, 0.0001,
        ]  # fmt: skip

    def test_json(self, tuner_command: Command, sweep_folder: Path) -> None:
        rows = tuner_command("export", "digits", "--to", "json", "--table", "reports").json
        assert [row["loss"] for row in rows[-2:]] == ["Infinity", "NaN"]
        decisions = tuner_command("export", "digits", "--to", "json", "--table", "decisions").json
        assert decisions[0]["details"] == {"cutoff": "NaN"}

    def test_an_empty_table(self, tuner_command: Command, sweep_folder: Path) -> None:
        for part in (sweep_folder / "decisions").iterdir():
            pq.write_table(pq.read_table(part).slice(0, 0), part)
        assert tuner_command("export", "digits", "--to", "json", "--table", "decisions").json == []
        exported = tuner_command("export", "digits", "--to", "csv", "--table", "decisions").out
        assert exported.startswith("trial_id,attempt,")
        assert exported.count("\n") == 1

    @pytest.mark.parametrize("table", ["trials", "reports", "decisions"])
    def test_parquet_keeps_types(
        self, tuner_command: Command, sweep_folder: Path, tmp_path: Path, table: str
    ) -> None:
        file = tmp_path / "out.parquet"
        done = tuner_command(
            "export", "digits", "--to", "parquet", "--table", table, "-o", str(file)
        )
        assert done == (0, "", "")
        stored = sweep_folder / ("trials.parquet" if table == "trials" else table)
        assert (
            pq.read_table(file).to_pylist().__repr__()
            == pq.read_table(stored).to_pylist().__repr__()
        )
        assert pq.read_schema(file).types == pq.read_table(stored).schema.types

    def test_parquet_needs_a_file(self, tuner_command: Command, sweep_folder: Path) -> None:
        refused = tuner_command("export", "digits", "--to", "parquet")
        assert (refused.code, refused.out) == (2, "")
        assert "-o FILE.parquet" in refused.err

    @pytest.mark.parametrize("to", ["csv", "json", "parquet"])
    def test_an_unwritable_file(self, tuner_command: Command, sweep_folder: Path, to: str) -> None:
        refused = tuner_command("export", "digits", "--to", to, "-o", "no/such/folder/file")
        assert refused.code == 2
        assert refused.err.startswith("error: cannot write no/such/folder/file: ")

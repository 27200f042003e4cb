"""The verbs that read, over a stored sweep."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
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
        assert another.split()[:2] == ["another", "killed"]  # nobody holds its lock
        for part in ("digits", "finished", "asha:reduction_factor=3+hyperopt", "5", "loss=0.25",
                     "1m 05s"):  # fmt: skip
            assert part in digits

    def test_sweeps_of_studies_are_listed_by_what_show_takes(
        self, tuner_command: Command, sweep_folder: Path, make_sweep: Maker
    ) -> None:
        results = sweep_folder.parent
        make_sweep(results / "a-study" / "explore")
        make_sweep(sweep_folder / "adopt")
        make_sweep(results / "compared" / "arm-0")
        (results / "compared" / "comparison.json").write_text("{}")
        names = [sweep["name"] for sweep in tuner_command("ls", "--json").json]
        assert names == ["a-study/explore", "digits"]
        assert tuner_command("show", names[0]).code == 0

    def test_as_json(self, tuner_command: Command, sweep_folder: Path) -> None:
        (sweep,) = tuner_command("ls", "--json").json
        assert (sweep["name"], sweep["trials"], sweep["best"]) == ("digits", 5, 0.25)

    @pytest.mark.parametrize("option", [(), ("--storage-path",)])
    @pytest.mark.parametrize("place", ["results", "./results/", "{absolute}"])
    def test_relative_and_absolute_paths(
        self, tuner_command: Command, sweep_folder: Path, option: tuple[str, ...], place: str
    ) -> None:
        listed = tuner_command("ls", *option, place.format(absolute=sweep_folder.parent), "--json")
        assert [sweep["name"] for sweep in listed.json] == ["digits"]

    def test_one_folder_at_a_time(self, tuner_command: Command, sweep_folder: Path) -> None:
        refused = tuner_command("ls", "results", "--storage-path", "elsewhere")
        assert (refused.code, refused.out) == (2, "")
        assert "got results and --storage-path elsewhere" in refused.err

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

    def test_a_narrow_terminal_breaks_headings_between_words(
        self, tuner_command: Command, sweep_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = ("show", "digits", "--trial", "t4")
        wide = tuner_command(*words).out
        assert "training_iteration  epoch  time_total_s  loss\n" in wide
        assert "                 1      1           0.5   0.8\n" in wide
        assert "attempt" not in wide  # there was but one
        monkeypatch.setenv("COLUMNS", "44")  # one less than that takes
        narrow = [line.rstrip() for line in tuner_command(*words).out.splitlines()]
        start = narrow.index("reports")
        assert narrow[start + 1 : start + 5] == [
            "                   time_",
            "training_         total_",
            "iteration  epoch       s  loss",
            "        1      1     0.5   0.8",
        ]
        monkeypatch.setenv("COLUMNS", "45")
        assert "training_iteration  epoch" in tuner_command(*words).out

    def test_a_long_reason_is_whole(
        self, tuner_command: Command, sweep_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reason = "rung 1: 0.8 is above the cut 0.7 of 12 trials, and so is all that it reported"
        table = pq.read_table(sweep_folder / "decisions" / "part-00000.parquet")
        place = table.column_names.index("reason")
        table = table.set_column(place, "reason", pa.array([reason] * len(table)))
        pq.write_table(table, sweep_folder / "decisions" / "part-00000.parquet")
        words = ("show", "digits", "--trial", "t2")
        assert reason in tuner_command(*words).out
        monkeypatch.setenv("COLUMNS", "80")
        lines = tuner_command(*words).out.splitlines()
        begun = next(n for n, line in enumerate(lines) if "rung 1: " in line)
        assert all(len(line) <= 80 for line in lines)
        assert "STOP" in lines[begun]
        first, second = lines[begun].partition("rung 1: ")[2], lines[begun + 1]
        assert f"rung 1: {first.strip()} {second.strip()}" == reason

    def test_a_short_trial_took_less_than_whole_seconds(
        self, tuner_command: Command, sweep_folder: Path
    ) -> None:
        assert "took  1.5s" in tuner_command("show", "digits", "--trial", "t1").out

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
        assert "it holds a sweep; name results/digits" in tuner_command("show", "results").err
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

    def test_one_that_diverged_is_marked(self, tuner_command: Command, sweep_folder: Path) -> None:
        lines = tuner_command("best", "digits").out.splitlines()
        assert [line.split()[3] for line in lines] == [
            "outcome", "completed", "diverged", "stopped",
        ]  # fmt: skip
        assert "outcome" not in tuner_command("best", "digits", "-n", "1").out

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


class TestPareto:
    @pytest.fixture
    def two_objectives(self, sweep_folder: Path) -> Path:
        """The sweep with its learning rate as another objective: t1 is best, t2 has the least."""
        content = json.loads((sweep_folder / "sweep.json").read_text())
        content["spec"]["objectives"] = [
            {"metric": "loss", "mode": "min"}, {"metric": "epoch", "mode": "min"},
        ]  # fmt: skip
        (sweep_folder / "sweep.json").write_text(json.dumps(content))
        trials = pq.read_table(sweep_folder / "trials.parquet")
        epochs = pa.array([3.0, 1.0, None, 3.0, 1.0])
        pq.write_table(trials.append_column("last/epoch", epochs), sweep_folder / "trials.parquet")
        return sweep_folder

    def test_by_the_first_objective(self, tuner_command: Command, two_objectives: Path) -> None:
        lines = tuner_command("pareto", "digits").out.splitlines()
        assert lines[0].split() == [
            "trial", "loss", "(min)", "epoch", "(min)", "iteration", "configuration",
        ]  # fmt: skip
        assert [line.split()[:4] for line in lines[1:]] == [
            ["t1", "0.25", "3", "3"], ["t2", "0.95", "1", "1"],
        ]  # fmt: skip

    def test_json(self, tuner_command: Command, two_objectives: Path) -> None:
        first, second = tuner_command("pareto", "digits", "--json").json
        assert first == {
            "trial_id": "t1", "values": {"loss": 0.25, "epoch": 3.0}, "iteration": 3,
            "outcome": "completed", "config": {"lr": 1.0, "net": {"units": [8, 0], "norm": None}},
        }  # fmt: skip
        assert second["trial_id"] == "t2"

    def test_show_has_it_too(self, tuner_command: Command, two_objectives: Path) -> None:
        assert "loss (min), epoch (min)" in tuner_command("show", "digits").out
        shown = tuner_command("show", "digits", "--json").json
        assert [row["trial_id"] for row in shown["pareto"]] == ["t1", "t2"]

    def test_one_objective(self, tuner_command: Command, sweep_folder: Path) -> None:
        (best,) = tuner_command("pareto", "digits", "--json").json
        assert (best["trial_id"], best["values"]) == ("t1", {"loss": 0.25})
        assert tuner_command("show", "digits", "--json").json["pareto"] == []

    def test_there_is_none(self, tuner_command: Command, sweep_folder: Path) -> None:
        table = pq.read_table(sweep_folder / "trials.parquet")
        pq.write_table(table.drop(["last/loss"]), sweep_folder / "trials.parquet")
        found = tuner_command("pareto", "digits")
        assert (found.code, found.out) == (1, "")
        assert found.err == "error: no trial of results/digits ended with finite values of loss\n"


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

    def test_json_has_a_short_form(self, tuner_command: Command, sweep_folder: Path) -> None:
        spelled_out = tuner_command("export", "digits", "--to", "json")
        assert spelled_out.json
        assert tuner_command("export", "digits", "--json") == spelled_out
        assert tuner_command("export", "digits", "--json", "--to", "json") == spelled_out
        refused = tuner_command("export", "digits", "--json", "--to", "csv")
        assert (refused.code, refused.out) == (2, "")
        assert "--json is --to json, got --to csv as well" in refused.err

    def test_a_format_is_needed(self, tuner_command: Command, sweep_folder: Path) -> None:
        refused = tuner_command("export", "digits", "-o", "t.csv")
        assert (refused.code, refused.out) == (2, "")
        assert (
            "add --to csv, --to json, --to parquet, --to tensorboard, --to optuna, or --json"
            in refused.err
        )

    def test_a_dash_is_stdout(
        self, tuner_command: Command, sweep_folder: Path, tmp_path: Path
    ) -> None:
        exported = tuner_command("export", "digits", "--to", "csv", "-o", "-")
        assert exported == tuner_command("export", "digits", "--to", "csv")
        assert exported.out.startswith("trial_id,")
        assert not (tmp_path / "-").exists()
        refused = tuner_command("export", "digits", "--to", "parquet", "-o", "-")
        assert (refused.code, refused.out) == (2, "")

    @pytest.mark.parametrize("to", ["csv", "json", "parquet"])
    def test_a_file_is_replaced_only_by_force(
        self, tuner_command: Command, sweep_folder: Path, tmp_path: Path, to: str
    ) -> None:
        file = tmp_path / "out"
        file.write_text("mine")
        refused = tuner_command("export", "digits", "--to", to, "-o", "out")
        assert (refused.code, refused.out) == (2, "")
        assert refused.err == (
            "error: an export makes a new file, and out exists; choose another name, or add "
            "--force\n"
        )
        assert file.read_text() == "mine"
        assert tuner_command("export", "digits", "--to", to, "-o", "out", "--force").code == 0
        assert b"t1" in file.read_bytes()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "results"]

    def test_by_force_what_a_link_leads_to_is_replaced(
        self, tuner_command: Command, sweep_folder: Path, tmp_path: Path
    ) -> None:
        file, link = tmp_path / "file", tmp_path / "link"
        file.touch()
        link.symlink_to(file)
        tuner_command("export", "digits", "--json", "-o", "link", "--force")
        assert link.is_symlink()
        assert json.loads(file.read_text())

    @pytest.mark.parametrize("force", [(), ("--force",)])
    def test_a_failing_export_leaves_everything_as_it_was(
        self,
        tuner_command: Command,
        make_sweep: Maker,
        tmp_path: Path,
        force: tuple[str, ...],
    ) -> None:
        sweep = make_sweep(tmp_path / "results" / "two_parts")
        part = next((sweep / "reports").iterdir())
        content = part.read_bytes()
        # The schema, at the end, is whole: the rows of the first part are written before it fails.
        part.with_name("part-999999.parquet").write_bytes(b"PAR1" + b"?" * 80 + content[84:])
        file = tmp_path / "out.csv"
        if force:
            file.write_text("mine")
        words = ("export", "two_parts", "--table", "reports", "--to", "csv", "-o", "out.csv")
        refused = tuner_command(*words, *force)
        assert refused.code == 2
        assert refused.err.startswith("error: cannot ")
        left = {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
        assert left == ({"out.csv": "mine"} if force else {})

    def test_a_device_is_written_to_and_stays_one(
        self, tuner_command: Command, sweep_folder: Path
    ) -> None:
        done = tuner_command("export", "digits", "--json", "-o", "/dev/null", "--force")
        assert done == (0, "", "")
        assert Path("/dev/null").is_char_device()
        full = tuner_command("export", "digits", "--json", "-o", "/dev/full")
        assert full.code == 2
        assert full.err.startswith("error: cannot write /dev/full: No space left on device")

    def test_a_folder_is_no_file(self, tuner_command: Command, sweep_folder: Path) -> None:
        refused = tuner_command("export", "digits", "--json", "-o", "results", "--force")
        assert refused.code == 2
        assert "results is a folder; name a file in it" in refused.err
        assert sweep_folder.is_dir()

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

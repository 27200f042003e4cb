"""``tuner import``, and ``tuner export`` to other tools."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

Command = Callable[..., Any]

EXPERIMENT = Path(__file__).parents[1] / "exchange" / "data" / "ray-2.60"


class TestImport:
    def test_an_experiment_becomes_a_sweep_that_verbs_read(
        self, tuner_command: Command, tmp_path: Path
    ) -> None:
        imported = tuner_command("import", str(EXPERIMENT), "--mode", "min", "--name", "old")
        assert (imported.code, imported.err) == (0, "")
        folder = tmp_path / "results" / "old"
        assert imported.out == f"imported 3 trials with 8 reports; next: tuner show {folder}\n"
        shown = tuner_command("show", "old", "--json").json
        assert shown["trials"]["by_outcome"] == {"completed": 2, "failed": 1}
        assert shown["spec"]["seed"] is None
        assert tuner_command("show", "old").code == 0
        assert tuner_command("best", "old", "-n", "1", "--json").json[0]["value"] == 0.01 / 3
        assert tuner_command("ls", "--json").json[0]["status"] == "finished"

    def test_what_is_missing_is_named_as_an_option(self, tuner_command: Command) -> None:
        refused = tuner_command("import", str(EXPERIMENT))
        assert (refused.code, refused.out) == (2, "")
        assert "give --mode" in refused.err
        assert refused.err.count("\n") == 1

    def test_what_is_no_experiment_is_refused(self, tuner_command: Command) -> None:
        refused = tuner_command("import", "nowhere", "--mode", "min")
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.startswith("error: no Ray Tune experiment in ")

    def test_torn_lines_are_told(self, tuner_command: Command, tmp_path: Path) -> None:
        folder = shutil.copytree(EXPERIMENT, tmp_path / "torn")
        log = next(folder.glob("*_00000_*/result.json"))
        log.write_bytes(log.read_bytes()[:-9])
        imported = tuner_command("import", "torn", "--mode", "min", "--storage-path", "there")
        assert imported.code == 0
        assert imported.err == "left out: 1 torn line that cannot be read\n"
        assert (tmp_path / "there" / "torn" / "sweep.json").exists()


class TestOptuna:
    @pytest.mark.parametrize("file", ["study.db", "study.log", "study.journal"])
    def test_the_ending_chooses_the_storage(
        self, tuner_command: Command, sweep_folder: Path, tmp_path: Path, file: str
    ) -> None:
        exported = tuner_command("export", "digits", "--to", "optuna", "-o", file)
        assert (exported.code, exported.err) == (0, "")
        url = f"sqlite:///{file}" if file == "study.db" else file
        assert exported.out == f"wrote a study of 5 trials; next: optuna-dashboard {url}\n"
        is_database = (tmp_path / file).read_bytes().startswith(b"SQLite format 3")
        assert is_database == (file == "study.db")

    def test_a_file_is_replaced_only_by_force(
        self, tuner_command: Command, sweep_folder: Path, tmp_path: Path
    ) -> None:
        words = ("export", "digits", "--to", "optuna", "-o", "study.db")
        (tmp_path / "study.db").write_text("mine")
        refused = tuner_command(*words)
        assert (refused.code, refused.out) == (2, "")
        assert (tmp_path / "study.db").read_text() == "mine"
        assert tuner_command(*words, "--force", "--at", "last").code == 0
        assert sorted(path.name for path in tmp_path.iterdir()) == ["results", "study.db"]
        study = optuna.load_study(study_name="digits", storage=f"sqlite:///{tmp_path / 'study.db'}")
        assert study.best_value == 0.25

    def test_it_needs_a_file(self, tuner_command: Command, sweep_folder: Path) -> None:
        for words in ((), ("-o", "-")):
            refused = tuner_command("export", "digits", "--to", "optuna", *words)
            assert (refused.code, refused.out) == (2, "")
            assert "add -o FILE.db" in refused.err

    def test_a_place_that_cannot_be_written(
        self, tuner_command: Command, sweep_folder: Path
    ) -> None:
        for file in ("no/such/study.db", "no/such/study.log"):
            refused = tuner_command("export", "digits", "--to", "optuna", "-o", file)
            assert (refused.code, refused.out) == (2, "")
            assert refused.err.startswith("error: cannot write ")
            assert refused.err.count("\n") == 1


class TestTensorboard:
    def test_a_folder_with_a_run_per_trial(
        self, tuner_command: Command, sweep_folder: Path, tmp_path: Path
    ) -> None:
        words = ("export", "digits", "--to", "tensorboard", "-o", "tb")
        exported = tuner_command(*words)
        assert exported == (0, "wrote 5 runs; next: tensorboard --logdir tb\n", "")
        assert len(list((tmp_path / "tb").glob("t*/events.out.tfevents.*"))) == 5
        refused = tuner_command(*words)
        assert (refused.code, refused.out) == (2, "")
        assert "add --force" in refused.err
        assert tuner_command(*words, "--force").code == 0

    def test_it_needs_a_folder(self, tuner_command: Command, sweep_folder: Path) -> None:
        refused = tuner_command("export", "digits", "--to", "tensorboard")
        assert (refused.code, refused.out) == (2, "")
        assert "add -o FOLDER" in refused.err


@pytest.mark.parametrize(
    "words",
    [
        ("--to", "optuna", "--table", "reports", "-o", "study.db"),
        ("--to", "tensorboard", "--table", "decisions", "-o", "tb"),
        ("--to", "tensorboard", "--at", "last", "-o", "tb"),
        ("--to", "csv", "--at", "best"),
    ],
    ids=" ".join,
)
def test_an_option_of_no_use_is_refused(
    tuner_command: Command, sweep_folder: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    refused = tuner_command("export", "digits", *words)
    assert (refused.code, refused.out) == (2, "")
    assert "leave it out" in refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["results"]

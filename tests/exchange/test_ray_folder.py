"""An experiment folder, whole and in ruins."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tuner.errors import StorageError
from tuner.exchange.ray_folder import read_experiment


def test_a_folder_of_ray_is_read_as_it_was_left(ray_folder: Path) -> None:
    experiment = read_experiment(ray_folder)

    assert experiment.metric == "loss"
    assert [trial.trial_id[-5:] for trial in experiment.trials] == ["00000", "00001", "00002"]
    assert [trial.state["status"] for trial in experiment.trials] == [
        "TERMINATED", "ERROR", "TERMINATED",
    ]  # fmt: skip
    first, failed, _ = experiment.trials
    assert first.config == {
        "lr": 0.01, "model": {"depth": 2, "activation": None, "widths": [8, 4]},
    }  # fmt: skip
    assert first.error is None
    assert failed.error is not None
    assert failed.error.startswith("ray::ImplicitFunc.train()"), "no colours, no heading"
    assert failed.error.endswith("ValueError: the loss is too high")


def test_the_last_of_several_failures_is_told(ray_folder: Path) -> None:
    error = next(ray_folder.glob("*/error.txt"))
    error.write_text("Failure # 1 (at x)\nKeyError: 1\nFailure # 2 (at y)\nValueError: 2\n")

    assert read_experiment(ray_folder).trials[1].error == "ValueError: 2"


def test_without_a_state_names_and_reports_tell(ray_folder: Path) -> None:
    known = [trial.trial_id for trial in read_experiment(ray_folder).trials]
    next(ray_folder.glob("experiment_state*")).unlink()
    for log in ray_folder.glob("*_00002_*/result.json"):
        log.unlink()

    experiment = read_experiment(ray_folder)

    assert experiment.metric is None
    assert [trial.trial_id for trial in experiment.trials] == known
    assert [trial.number for trial in experiment.trials] == [0, 1, 2]
    assert all(trial.state == {} for trial in experiment.trials)


def test_numbers_order_trials_not_names(tmp_path: Path) -> None:
    for name in ("train_0badcafe_10_lr=1", "train_ffffffff_9_lr=1", "mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "params.json").write_text("{}")

    trials = read_experiment(tmp_path).trials

    assert [trial.trial_id for trial in trials] == ["ffffffff", "0badcafe", "mine"]


def test_a_torn_state_is_as_good_as_none(ray_folder: Path) -> None:
    state = next(ray_folder.glob("experiment_state*"))
    state.write_bytes(state.read_bytes()[:-100])

    assert [trial.state for trial in read_experiment(ray_folder).trials] == [{}, {}, {}]


def test_a_later_state_adds_to_an_earlier_one(ray_folder: Path) -> None:
    state = next(ray_folder.glob("experiment_state*"))
    content = json.loads(state.read_text())
    halves = [json.loads(half) for half in content["trial_data"][0]]
    halves[0]["status"] = "RUNNING"  # this time not as JSON in JSON, which both occur
    later = {"trial_data": [halves], "runner_data": {"_metric": "other"}}
    (ray_folder / "experiment_state-2999-01-01_00-00-00.json").write_text(json.dumps(later))

    experiment = read_experiment(ray_folder)

    statuses = {trial.trial_id: trial.state["status"] for trial in experiment.trials}
    assert statuses[halves[0]["trial_id"]] == "RUNNING"
    assert len(statuses) == 3
    assert experiment.metric == "other"


def test_a_trial_that_never_started_is_known_by_the_state_alone(ray_folder: Path) -> None:
    shutil.rmtree(next(ray_folder.glob("*_00002_*")))

    last = read_experiment(ray_folder).trials[-1]

    assert last.config["lr"] == 1.0
    assert list(last.log) == []


def test_what_is_no_experiment_is_refused_with_what_it_is(ray_folder: Path) -> None:
    trial = next(ray_folder.glob("*_00000_*"))
    file = ray_folder / "file"
    file.touch()
    empty = ray_folder.parents[1] / "empty"
    empty.mkdir()
    ours = ray_folder.parents[1] / "ours"
    ours.mkdir()
    (ours / "sweep.json").touch()
    for path, told in {
        ray_folder.parent: "holds the experiments sample",
        ray_folder.with_name("sampel"): "did you mean 'sample'?",
        trial: "the folder of one trial; name the one above it",
        file: "is a file",
        empty: "no subfolder has params.json, result.json or progress.csv",
        ours: "a sweep of tuner already",
        Path("/no/such/place"): "no such folder",
    }.items():
        with pytest.raises(StorageError, match="no Ray Tune experiment") as refused:
            read_experiment(path)
        assert told in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_trial_with_two_folders_is_refused(ray_folder: Path) -> None:
    trial = next(ray_folder.glob("*_00000_*"))
    shutil.copytree(trial, trial.with_name("copy"))

    with pytest.raises(StorageError, match=r"has two: .*copy.*move one of them away"):
        read_experiment(ray_folder)

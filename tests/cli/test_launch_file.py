"""Launch files: what they may hold, how they are overridden, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuner.cli.launch_file import overridden, read_launch_file, split_arm
from tuner.errors import SpecError


def read(tmp_path: Path, content: str) -> dict[str, Any]:
    file = tmp_path / "sweep.toml"
    file.write_text(content)
    return read_launch_file(file)


def test_keys_are_the_options_of_a_sweep(tmp_path: Path) -> None:
    options = read(
        tmp_path,
        """
        scenario = "digits_mlp"
        scheduler = "asha:grace_period=1"
        num_samples = 8
        time_budget = "2h"
        trial_timeout_s = "90s"
        wait_for_resources_s = 5
        tags = ["a"]
        fail_fast = true
        points_to_evaluate = [{ lr = 0.1 }, { lr = 0.2 }]
        [resources]
        cpu = 1
        gpu = 0.25
        """,
    )
    assert options == {
        "scenario": "digits_mlp",
        "scheduler": "asha:grace_period=1",
        "num_samples": 8,
        "time_budget_s": 7200.0,
        "trial_timeout_s": 90.0,
        "wait_for_resources_s": 5.0,
        "tags": ["a"],
        "fail_fast": True,
        "points_to_evaluate": [{"lr": 0.1}, {"lr": 0.2}],
        "resources": {"cpu": 1, "gpu": 0.25},
    }


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("mine.py", "{here}/mine.py"),
        ("sub/mine.py:OTHER", "{here}/sub/mine.py:OTHER"),
        ("/abs/mine.py", "/abs/mine.py"),
        ("pkg.module", "pkg.module"),
        ("pkg.pyramid", "pkg.pyramid"),
        ("digits_mlp", "digits_mlp"),
    ],
)
def test_a_path_is_relative_to_the_file(tmp_path: Path, scenario: str, expected: str) -> None:
    options = read(tmp_path, f'scenario = "{scenario}"')
    assert options["scenario"] == expected.format(here=tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("num_sample = 3", r"unknown key 'num_sample'; did you mean 'num_samples'"),
        ("callbacks = []", "unknown key 'callbacks'"),
        ("num_samples = ", r"cannot read the launch file .*sweep\.toml"),
        ("scheduler = 3", "scheduler is text in quotes; got 3"),
        ("resources = 3", "resources is a table of numbers"),
        ('[resources]\ncpu = "1"', "resources is a table of numbers"),
        ('time_budget = "soon"', "time_budget is a number of seconds"),
        ('time_budget = "1h"\ntime_budget_s = 3', "time_budget and time_budget_s are the same"),
        ('arm = "asha"\nsearcher = "random"', "got arm='asha' and searcher='random'"),
        ('arm = "asha+"', "the name is empty"),
        ('cpus_per_trial = "two"', r"sweep\.toml: cpus_per_trial is a number; got 'two'"),
        ('[resources]\ncpu = "auto"', "resources is a table of numbers"),
        ("gpus_per_trial = true", "gpus_per_trial is a number; got True"),
        ("gpu_per_trial = 1", "did you mean 'gpus_per_trial'"),
        (
            "cpus_per_trial = 2\n[resources]\ncpu = 1",
            r"cpus_per_trial and cpu of \[resources\] are the same option; leave one of them out",
        ),
        ("reuse_actors = 1", "reuse_actors is true or false; got 1"),
        ('worker_mode = "warm"\nreuse_actors = true', "worker_mode and reuse_actors are the same"),
        ('tag = "a"', "did you mean 'tags'"),
        ("num-samples = 8", "did you mean 'num_samples'"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        read(tmp_path, content)


def test_options_may_be_spelled_as_on_the_command_line(tmp_path: Path) -> None:
    assert read(
        tmp_path,
        """
        cpus_per_trial = 2
        gpus_per_trial = 0.25
        worker_mode = "cold"
        trial_timeout = "1m"
        [resources]
        tpu = 1
        """,
    ) == {
        "resources": {"cpu": 2, "gpu": 0.25, "tpu": 1},
        "worker_mode": "cold",
        "trial_timeout_s": 60.0,
    }
    assert read(tmp_path, 'worker_mode = "warm"') == {"worker_mode": "warm"}
    measured = {"resources": {"gpu": "auto"}}
    assert read(tmp_path, 'gpus_per_trial = "auto"') == measured
    assert read(tmp_path, '[resources]\ngpu = "auto"') == measured


@pytest.mark.parametrize(("was", "mode"), [("true", "warm"), ("false", "cold")])
def test_what_worker_mode_was_once_is_still_read(tmp_path: Path, was: str, mode: str) -> None:
    assert read(tmp_path, f"reuse_actors = {was}") == {"worker_mode": mode}


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nowhere\.toml"):
        read_launch_file(tmp_path / "nowhere.toml")


def test_an_arm_is_split_in_two() -> None:
    assert split_arm({"arm": "asha:reduction_factor=3+hyperopt", "seed": 1}, "here") == {
        "scheduler": "asha:reduction_factor=3",
        "searcher": "hyperopt",
        "seed": 1,
    }


def test_an_arm_of_one_part_overrides_the_searcher_of_a_file() -> None:
    file = {"scheduler": "asha", "searcher": "hyperopt"}
    assert overridden(file, split_arm({"arm": "pbt"}, "here")) == {
        "scheduler": "pbt",
        "searcher": None,
    }


def test_the_command_line_wins_and_resources_are_merged() -> None:
    file = {"seed": 1, "num_samples": 2, "resources": {"cpu": 1, "gpu": 1}}
    assert overridden(file, {"seed": 3, "resources": {"gpu": 0.5}}) == {
        "seed": 3,
        "num_samples": 2,
        "resources": {"cpu": 1, "gpu": 0.5},
    }


def test_resources_may_be_several_bundles(tmp_path: Path) -> None:
    bundles = [{}, {"cpu": 1, "gpu": 0.5}, {"cpu": 1}]
    text = "resources = [{}, {cpu = 1, gpu = 0.5}, {cpu = 1}]"

    assert read(tmp_path, text) == {"resources": bundles}
    with pytest.raises(SpecError, match="3 bundles, so that cpus_per_trial may mean any"):
        read(tmp_path, f"cpus_per_trial = 2\n{text}")
    with pytest.raises(SpecError, match="resources is a table of numbers"):
        read(tmp_path, 'resources = [{cpu = "1"}]')
    with pytest.raises(SpecError, match="on the command line may mean any of them"):
        overridden({"resources": bundles}, {"resources": {"cpu": 2}})

"""``tuner plan`` and ``tuner replay``: what is printed, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tuner

Command = Callable[..., Any]

SCENARIO = """
from ray import tune
import tuner
from tuner.simulation import Known

SCENARIO = tuner.Scenario(
    name="net", trainable=Known, space={"lr": tune.loguniform(1e-4, 1)}, metric="loss",
    mode="min", time_attr="epoch", max_t=9, resources={"cpu": 1, "gpu": 1},
)
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    (tmp_path / "net.py").write_text(SCENARIO)
    return "net.py"


def test_a_plan_says_what_is_paid_for(tuner_command: Command, scenario: str) -> None:
    planned = tuner_command(
        "plan", scenario, "--scheduler", "hyperband", "--num-samples", "12", "--cluster", "1x4gpu",
        "--seconds-per-epoch", "10m", "--price-per-gpu-hour", "2", "--checkpoint-mb", "100",
    )  # fmt: skip
    assert planned.code == 0, planned.err
    lines = [" ".join(line.split()) for line in planned.out.splitlines()]
    # 9 trials to 1, 3 to 3, 1 to 9; then three to 3, of which one to 9
    assert "epochs 36 33% of full training (108), unless trials fail or diverge" in lines
    assert "GPU-hours 6" in lines
    assert any(line.startswith("cost 12 for what trials hold; ") for line in lines)
    assert lines.count("0 1 9 9") == 1
    assert any(line.startswith("! bracket 1 stays half empty, with 3 of 5") for line in lines)
    assert "--num-samples 9 leaves it out" in " ".join(lines)


def test_a_plan_says_how_sure_it_is(tuner_command: Command, scenario: str) -> None:
    planned = tuner_command("plan", scenario, "--scheduler", "asha", "--num-samples", "40")
    assert planned.code == 0, planned.err
    assert "in 20 simulated sweeps; never less than 48 or more than 360" in planned.out
    assert "hours and money need --seconds-per-epoch" in planned.out
    assert "planned for one trial at a time" in planned.out
    medians = tuner_command("plan", scenario, "--scheduler", "median", "--num-samples", "8")
    assert "never less" not in medians.out


def test_a_plan_as_json_of_a_launch_file(
    tuner_command: Command, scenario: str, tmp_path: Path
) -> None:
    (tmp_path / "net.toml").write_text(
        f'scenario = "{scenario}"\narm = "fifo+random"\nnum_samples = 3\nprogress = "none"\n'
    )
    planned = tuner_command("plan", "net.toml", "--json", "--num-samples", "4")
    assert planned.code == 0, planned.err
    assert planned.json["trials"] == 4
    assert planned.json["epochs"] == {"low": 36, "expected": 36, "high": 36}
    assert planned.json["full_epochs"] == 36
    assert planned.json["saved"] == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--cluster", "8y"], "8y"),
        (["--seconds-per-epoch", "soon"], "--seconds-per-epoch is a number of seconds"),
        (["--seconds-per-epoch", "0"], "seconds_per_epoch must be a number above 0"),
        (["--scheduler", "ashaa"], "did you mean 'asha'?"),
        (["--num-samples", "-1", "--time-budget", "1h"], "name --num-samples"),
        (["--like", "nowhere"], "no sweep in"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_one_line(
    tuner_command: Command, scenario: str, options: list[str], words: str
) -> None:
    refused = tuner_command("plan", scenario, *options)
    assert refused.code == 2
    assert words in refused.err
    assert refused.err.count("\n") == 1


@pytest.fixture
def recorded(tmp_path: Path) -> str:
    tuner.simulate(
        "branin:epochs=9", scheduler="fifo", searcher="random", num_samples=12, seed=0,
        max_concurrent_trials=3, storage_path=tmp_path / "results", name="full",
    )  # fmt: skip
    return "full"


def test_a_replay_compares_schedulers(tuner_command: Command, recorded: str) -> None:
    seen = tuner_command("replay", recorded, "--arm", "fifo", "--arm", "asha", "--orderings", "10")
    assert seen.code == 0, seen.err
    assert "full  fifo, 12 trials, 108 epochs" in seen.out
    (fifo,) = [line.split() for line in seen.out.splitlines() if line.startswith("fifo")]
    assert fifo == ["fifo", "100%", "(72", "to", "100)", "0", "108", "0%", "0%"]


def test_a_replay_as_json_tries_the_usual_arms(tuner_command: Command, recorded: str) -> None:
    seen = tuner_command("replay", recorded, "--orderings", "3", "--json")
    assert seen.code == 0, seen.err
    arms = [arm["arm"] for arm in seen.json["arms"]]
    assert arms == ["asha", "asha_promotion", "hyperband", "median"]
    assert all(arm["saved"]["low"] > 0 for arm in seen.json["arms"])


def test_a_replay_of_what_was_cut_short_says_what_to_record(
    tuner_command: Command, tmp_path: Path
) -> None:
    tuner.simulate(
        "branin:epochs=27", scheduler="asha", searcher="random", num_samples=30, seed=0,
        storage_path=tmp_path / "results", name="cut",
    )  # fmt: skip
    seen = tuner_command("replay", "cut", "--arm", "median", "--orderings", "5")
    assert seen.code == 0, seen.err
    assert "not known: " in seen.out
    assert "record a sweep with --scheduler fifo" in " ".join(seen.out.split())
    wide = tuner_command("replay", "cut", "--arm", "fifo", "--max-unknown", "1")
    assert "to 810" in wide.out


def test_a_replay_is_refused_in_one_line(tuner_command: Command, recorded: str) -> None:
    refused = tuner_command("replay", recorded, "--arm", "asha+hyperopt")
    assert refused.code == 2
    assert "name the scheduler alone: asha" in refused.err

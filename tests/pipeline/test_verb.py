"""``tuner study`` on the command line: what it says, its exit codes, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from small_studies import Mortal

from tuner.cli import main

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tuner_study(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, clouds: Path
) -> Command:
    """Call ``tuner study`` where clouds.py lies; return the exit code and what was printed."""
    monkeypatch.chdir(clouds.parent)
    monkeypatch.setenv("COLUMNS", "160")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["study", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_from_a_scenario_to_the_next_step(ray: Mortal, tuner_study: Command) -> None:
    begun = ("clouds.py", "--budget", "24trials", "--seed", "0")
    ray.stops_after = 3
    code, out, err = tuner_study(*begun, "--until", "explore")
    assert code == 130
    assert "[explore] begins" in err
    assert out.splitlines()[-1] == "to go on: tuner study results/clouds-study"
    code, out, _ = tuner_study(*begun, "--until", "explore", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["steps"][0]["status"] == "done"
    assert told["spent"] == ray.trained == 17
    code, out, err = tuner_study("clouds-study", "--until", "audit", "--max-concurrent-trials", "1")
    assert code == 0
    assert "[audit]" in err
    assert "17 of 24 trials" in out
    shown = tuner_study("results/clouds-study", "--show")
    assert shown[:2] == (0, out)
    assert ray.trained == 17


def test_a_dry_run_writes_nothing(tuner_study: Command) -> None:
    asked = ("clouds.py", "--budget", "200trials", "--weight", "refine=30", "--dry-run")
    code, out, _ = tuner_study(*asked, "--seeds", "5")
    assert code == 0
    assert out.splitlines()[0] == "clouds: error (min), 200 trials"
    assert "adopt     10 trials" in out
    assert "adopt over 5 seeds" in out
    few = tuner_study("clouds.py", "--budget", "22trials", "--dry-run")[1]
    assert "a budget of 57 trials would" in few
    division = json.loads(tuner_study(*asked, "--rounds", "0", "--json")[1])["division"]
    assert division["rounds"] == []
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clouds.py"], "--budget is missing"),
        (["digits_mlp"], "--budget is missing"),
        (["results/x"], "a study is a folder with study.json"),
        (["clouds.py", "--budget", "5trials"], "got a budget of 5 trials; raise it"),
        (
            ["clouds.py", "--budget", "90trials", "--num-samples", "3"],
            "unknown option '--num-samples'",
        ),
        (["clouds.py", "--budget", "90trials", "--weight", "refine"], "--weight takes STEP=WEIGHT"),
        (["clouds.py", "--budget", "90trials", "--weight", "audit=1"], "weights are of steps"),
        (["clouds.py", "--budget", "90trials", "--show"], "are for the folder of a study"),
        (["clouds.py", "--budget", "90trials", "--scheduler", "ashe"], "unknown scheduler 'ashe'"),
        (["cluds", "--budget", "90trials"], "unknown scenario 'cluds'"),
        (["clouds.py", "--budget", "90trials", "--until", "final"], "final"),
        (["results/x", "--searcher", "random"], "keeps what it was begun with, got searcher"),
    ],
)
def test_what_is_refused(tuner_study: Command, arguments: list[str], message: str) -> None:
    code, _, err = tuner_study(*arguments)
    assert code == 2
    assert message in err
    assert not Path("results").exists()

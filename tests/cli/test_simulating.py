"""``tuner simulate``, and the other verbs on what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
BRANIN = ("simulate", "branin", "--arm", "asha+random", "--num-samples", "12", "--seed", "0")


def test_it_ends_with_what_it_came_to(tuner_command: Command) -> None:
    done = tuner_command(*BRANIN, "--cluster", "3:start_s=2")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("branin  asha+random  finished")
    for name in ("trials", "epochs", "time", "workers", "simulated", "assumed", "kept"):
        assert any(line.startswith(f"{name} ") for line in lines), name
    assert "12: " in done.out
    assert "3 workers" in done.out
    assert not Path("results").exists()
    assert done.err == ""


def test_json_holds_the_same_for_any_language(tuner_command: Command) -> None:
    told = tuner_command(*BRANIN, "--json").json
    assert told["trials"]["total"] == 12
    assert told["usage"]["capacity_s"] == pytest.approx(
        sum(
            told["usage"][f"{kind}_s"]
            for kind in ("train", "start", "save", "load", "lost", "idle")
        )
    )
    assert told["epochs"] < told["full_epochs"]
    assert told["best"][0]["config"].keys() == {"x1", "x2"}
    assert told["path"] is None


def test_a_budget_that_is_used_up_is_said(tuner_command: Command) -> None:
    done = tuner_command(
        "simulate", "branin", "--budget", "40epochs", "--searcher", "random", "--seed", "0"
    )
    assert "budget of 40 epochs used up" in done.out
    assert "40 of 54 for full trainings: at most 26% saved, as 1 trial had not ended" in done.out


def test_what_it_keeps_is_read_like_any_sweep(tuner_command: Command) -> None:
    kept = tuner_command(*BRANIN, "--name", "s")
    assert "tuner show results/s" in kept.out
    best = tuner_command("simulate", "branin", "--arm", "asha+random", "--num-samples", "12",
                         "--seed", "0", "--json").json["best"]  # fmt: skip
    shown = tuner_command("show", "s")
    assert shown.code == 0
    assert "of virtual time: branin" in shown.out
    assert "1970" not in shown.out
    assert tuner_command("best", "s", "--json").json[0]["value"] == best[0]["value"]
    assert "finished" in tuner_command("ls").out
    logs = tuner_command("logs", "s").out.splitlines()
    assert logs[0].startswith("+0:00:00.00 ")
    assert (
        tuner_command("export", "s", "--table", "reports", "--to", "csv", "-o", "r.csv").code == 0
    )
    again = tuner_command(*BRANIN, "--name", "s")
    assert again.code == 2
    assert "already holds a sweep" in again.err
    assert "was simulated" in tuner_command("resume", "s").err


def test_what_a_searcher_learns_first_may_be_named(tuner_command: Command) -> None:
    tuner_command(*BRANIN, "--name", "earlier")
    again = ("simulate", "branin", "--arm", "asha+hyperopt", "--num-samples", "4", "--seed", "1")
    assert tuner_command(*again, "--warm-start", "earlier", "--name", "later").code == 0
    assert Path("results/later/warm_start.parquet").is_file()
    lost = tuner_command(*again, "--warm-start", "nowhere")
    assert lost.code == 2
    assert "no sweep in results/nowhere" in lost.err


def test_a_task_of_ones_own(tuner_command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from ray import tune\n"
        "import tuner\n"
        "from tuner.simulation import Curve, CurveTask, Known\n"
        "class Falling:\n"
        "    def curve(self, config, number):\n"
        "        return Curve({'loss': [config['x'] / n for n in range(1, 5)]}, [1.0] * 4)\n"
        "TASK = CurveTask('mine', tuner.Scenario(name='mine', trainable=Known, metric='loss',\n"
        "    space={'x': tune.uniform(0, 1)}, mode='min', max_t=4), Falling())\n"
    )
    done = tuner_command("simulate", "mine.py:TASK", "--arm", "fifo+random", "--json")
    assert done.code == 0
    assert done.json["task"] == "mine.py:TASK"


@pytest.mark.parametrize("seconds", ["[1.0, -1.0]", "[]"])
def test_a_task_whose_time_runs_backwards_is_refused(
    tuner_command: Command, tmp_path: Path, seconds: str
) -> None:
    (tmp_path / "mine.py").write_text(
        "from ray import tune\n"
        "import tuner\n"
        "from tuner.simulation import Curve, CurveTask, Known\n"
        "class Odd:\n"
        "    def curve(self, config, number):\n"
        f"        return Curve({{'loss': [1.0, 0.5]}}, {seconds})\n"
        "TASK = CurveTask('odd', tuner.Scenario(name='odd', trainable=Known, metric='loss',\n"
        "    space={'x': tune.uniform(0, 1)}, mode='min', max_t=2), Odd())\n"
    )
    refused = tuner_command("simulate", "mine.py:TASK", "--arm", "fifo+random")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(("error: an epoch takes a finite", "error: a curve has at least"))
    assert refused.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["braninn"], "did you mean 'branin'"),
        (["branin", "--scheduler", "ashaa"], "unknown scheduler 'ashaa'; did you mean 'asha'"),
        (["branin", "--num-samples", "0"], "--num-samples must be a whole number >= 1"),
        (["branin", "--budget", "3ages"], "unknown unit 'ages'"),
        (["branin", "--cluster", "8x"], "spell nodes as 8x4gpu"),
        ([], "missing CURVES"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(
    tuner_command: Command, arguments: list[str], words: str
) -> None:
    refused = tuner_command("simulate", *arguments)
    assert refused.code == 2
    assert words in refused.err
    assert refused.err.count("\n") == 1


def test_several_nodes_are_told_apart(tuner_command: Command) -> None:
    words = (*BRANIN[:3], "fifo+random", "--num-samples", "5", "--seed", "0")
    cluster = ("--cluster", "2x(cpu=2):start_s=3")
    told = tuner_command(*words, *cluster, "--json").json["usage"]["nodes"]
    assert [(node["node"], node["places"], node["busy_s"]) for node in told] == [
        (0, 2, 81.0), (1, 2, 54.0),
    ]  # fmt: skip
    assert told[0]["utilisation"] == 81 / 114
    shown = tuner_command(*words, *cluster).out
    assert "nodes      2, training busiest 71% (node 0), least 47% (node 1)" in shown
    assert "nodes " not in tuner_command(*words, "--cluster", "4").out

"""``tuner compare``: from the command or a file to the answer, and its exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tuner

Command = Callable[..., Any]
QUICK = ("compare", "branin", "--arm", "fifo+random", "--arm", "fast=asha+random", "--budget",
         "60epochs", "--seeds", "2", "--processes", "1", "--name", "c", "--progress",
         "none")  # fmt: skip


def test_it_runs_shows_and_goes_on(tuner_command: Command, tmp_path: Path) -> None:
    done = tuner_command(*QUICK, "--workers", "3", "--markdown", "c.md", "--option", "max_t=20")
    assert done.code == 0
    assert done.err == ""
    lines = done.out.splitlines()
    assert "mean regret" in lines[0]
    assert "results/c/runs.parquet" in lines[-1]
    assert (tmp_path / "c.md").read_text().startswith("## Comparison c\n")
    terms = tuner.load_comparison("results/c").terms
    assert (terms.cluster, terms.options, terms.seeds) == ("3", {"max_t": 20}, (0, 1))
    assert [arm.label for arm in terms.arms] == ["fifo+random", "fast"]
    refused = tuner_command("show", "c")
    assert refused.code == 2
    assert refused.err.endswith("it is a comparison; read it with tuner.load_comparison "
                                "(tuner compare --show results/c)\n")  # fmt: skip
    for arguments in (["--show", "c"], ["--resume", "results/c"], ["--show", "results/c"]):
        again = tuner_command("compare", *arguments)
        assert again.code == 0
        assert again.out == done.out


def test_json(tuner_command: Command) -> None:
    content = tuner_command(*QUICK, "--json").json
    assert content["status"] == "finished"
    assert len(content["headline"]) == 3
    assert {row["arm"] for row in content["arms"]} == {"fifo+random", "fast"}
    assert content["terms"]["budget"] == "60epochs"
    assert len(content["regret"]) == 2 * 2 * 4  # branin and all tasks, arms, fractions


def test_a_file_holds_the_same(tuner_command: Command, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        """
        tasks = ["branin"]
        budget = "60epochs"
        seeds = [3, 5]
        name = "filed"
        processes = 1
        resources = { cpu = 2 }
        [[arms]]
        arm = "asha+random"
        label = "pop"
        num_samples = 4
        [[arms]]
        arm = "fifo+random"
        """
    )
    done = tuner_command("compare", "c.toml", "--seeds", "7,9", "--progress", "none")
    assert done.code == 0
    terms = tuner.load_comparison("results/filed").terms
    assert terms.seeds == (7, 9)
    assert terms.options == {"resources": {"cpu": 2}}
    assert terms.arm("pop").options == {"num_samples": 4}


def test_failed_runs_show_in_the_exit_code(tuner_command: Command, tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(
        """
from dataclasses import replace
from tuner.simulation.sources import find_task

branin = find_task("branin")

class Broken:
    def __init__(self, seldom):
        self.asked, self.seldom = 0, seldom

    def curve(self, config, number):
        self.asked += 1
        if not self.seldom or self.asked == 1:
            raise ValueError("no [red]luck")
        return branin.curves.curve(config, number)

ALL, ONE = (replace(branin, name=f"{n}", curves=Broken(n)) for n in (False, True))
        """
    )
    for attribute, code in (("ALL", 1), ("ONE", 3)):
        command = ["compare", f"tasks.py:{attribute}", *QUICK[2:]]
        command[command.index("c")] = attribute
        done = tuner_command(*command)
        assert done.code == code, done.err
        assert "no [red]luck" in done.out


def test_an_interrupted_comparison_says_how_to_go_on(
    tuner_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr("tuner.comparison.comparing.run_cells", interrupt)
        done = tuner_command(*QUICK)
    assert done.code == 130
    assert "to go on: tuner compare --resume" in done.err
    assert tuner_command("compare", "--resume", "c", "--processes", "1").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "a comparison needs tasks"),
        (("branin", "--arm", "fifo"), "a comparison needs a budget"),
        (("branin", "--budget", "9epochs"), "give --arm"),
        (("branin", "--seeds", "x"), "--seeds is how many"),
        (("--resume", "a", "--show", "b"), "leave out one of them"),
        (("--resume", "a", "--budget", "9epochs"), "leave out budget"),
        (("--show", "nothing"), "no comparison in"),
        (("missing.toml",), "cannot read the comparison's file"),
    ],
)
def test_what_cannot_work_is_one_line(
    tuner_command: Command, arguments: tuple[str, ...], words: str
) -> None:
    refused = tuner_command("compare", *arguments)
    assert refused.code == 2
    assert words in refused.err
    assert refused.err.count("\n") == 1


def test_a_sweep_is_no_comparison(tuner_command: Command, sweep_folder: Path) -> None:
    refused = tuner_command("compare", "--show", "digits")
    assert refused.code == 2
    assert refused.err.endswith(
        "it is a sweep; read it with tuner.load (tuner show results/digits)\n"
    )


def test_a_file_with_an_unknown_key_is_refused(tuner_command: Command, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('task = "branin"')
    refused = tuner_command("compare", "c.toml")
    assert "unknown key 'task'; did you mean 'tasks'" in refused.err

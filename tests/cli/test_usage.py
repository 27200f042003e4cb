"""What is said of a command that was typed wrongly: one line, exit code 2, the remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Command = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("shwo x", "unknown verb 'shwo'; did you mean 'show'?"),
        (
            "zzz",
            "unknown verb 'zzz'; known: adopt, audit, automl, best, compare, data, doctor, "
            "explore, export, finalize, import, isolate, logs, ls, note, pareto, plan, plot, "
            "predict, refine, replay, report, reproduce, resume, run, scenarios, show, simulate, "
            "stop, study, submit, watch",
        ),
        (
            "run x --sheduler asha",
            "unknown option '--sheduler'; did you mean '--scheduler'? See tuner run --help.",
        ),
        (
            "run x --fail-slow",
            "unknown option '--fail-slow'; did you mean '--fail-fast'? See tuner run --help.",
        ),
        (
            "best x -q",
            "unknown option '-q'; known: --at, --help, --json, -n. See tuner best --help.",
        ),
        (
            "show",
            "missing PATH: A sweep's folder or URI, or its name below ./results. "
            "See tuner show --help.",
        ),
        (
            "run x --num-samples many",
            "--num-samples is a whole number; got 'many'. See tuner run --help.",
        ),
        ("run x --seed 1.5", "--seed is a whole number; got '1.5'. See tuner run --help."),
        (
            "run x --gpus-per-trial half",
            "--gpus-per-trial is a number such as 0.25, or auto; got 'half'",
        ),
        ("best x -n 0", "-n is a whole number >= 1; got '0'. See tuner best --help."),
        ("best x -n many", "-n is a whole number >= 1; got 'many'. See tuner best --help."),
        (
            "run x --worker-mode hot",
            "--worker-mode is one of warm, cold; got 'hot'. See tuner run --help.",
        ),
        (
            "export x --to cvs",
            "--to is one of csv, json, parquet, tensorboard, optuna; got 'cvs'. "
            "See tuner export --help.",
        ),
        ("run x y", "got unexpected extra argument(s) (y). See tuner run --help."),
        ("run x --seed", "option '--seed' requires an argument. See tuner --help."),
        (
            "run x --points-to-evaluate \0",
            "--points-to-evaluate cannot be '\\x00': Value error, embedded null byte. "
            "See tuner run --help.",
        ),
    ],
)
def test_one_line_says_what_is_wrong(tuner_command: Command, words: str, line: str) -> None:
    assert tuner_command(*words.split(" ")) == (2, "", f"error: {line}\n")


def test_an_option_before_the_verb(tuner_command: Command) -> None:
    refused = tuner_command("--jsn", "ls")
    assert refused.code == 2
    assert refused.err.startswith("error: unknown option '--jsn'; known: --help,")

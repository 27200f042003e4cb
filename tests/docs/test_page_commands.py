"""Commands are told from their output, and checked without being run."""

from __future__ import annotations

import pytest
from page_commands import Command, commands, takes, tuner_calls, usage_problem


def test_commands_follow_a_prompt_and_go_on_after_a_backslash() -> None:
    text = "$ tuner run a \\\n    --max-t 3\nprinted $ 3\n\none$ ray start --head\n"

    found = list(commands(text))

    assert found == [Command(0, "tuner run a \\\n    --max-t 3"), Command(4, "ray start --head")]
    assert found[0].words == ["tuner", "run", "a", "--max-t", "3"]


@pytest.mark.parametrize(
    ("text", "is_tuner"),
    [
        ("tuner show first   # state; and more > that", True),
        ("tuner run x --scheduler 'asha:a=1'", True),
        ('tuner note x "lr > 0.1 (or so)"', True),
        ('tuner note x "$HOME"', False),
        ("tuner show first > file", False),
        ("tuner ls | head", False),
        ("X=1 tuner ls", False),
        ("python -c 'import tuner'", False),
    ],
)
def test_only_what_needs_no_shell_is_called_in_this_process(text: str, is_tuner: bool) -> None:
    assert Command(0, text).is_tuner is is_tuner


def test_each_call_of_tuner_is_found_among_others() -> None:
    text = "cd x && X=1 tuner run a --max-t 3 | tee log; tuner ls --json > f   # tuner rm"

    assert list(tuner_calls(Command(0, text))) == [["run", "a", "--max-t", "3"], ["ls", "--json"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kubectl get secret tuner -o json", []),
        ("ray job submit -- tuner resume s", [["resume", "s"]]),
        ("(tuner ls) 2> errors", [["ls"]]),
        ("tuner run a \\\n  --max-t 3", [["run", "a", "--max-t", "3"]]),
    ],
)
def test_tuner_is_a_call_only_where_a_command_stands(text: str, words: list[list[str]]) -> None:
    assert list(tuner_calls(Command(0, text))) == words


@pytest.mark.parametrize(
    "words",
    [
        ["run", "digits_mlp", "--num-samples", "3"],
        ["data", "fetch", "mnist"],
        ["run", "--help"],
        ["--version"],
    ],
)
def test_a_right_call_has_no_problem(words: list[str]) -> None:
    assert usage_problem(words) == ""


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["run", "digits_mlp", "--num-smaples", "3"], "did you mean '--num-samples'"),
        (["run", "digits_mlp", "--num-samples", "many"], "whole number"),
        (["runn", "digits_mlp"], "unknown verb 'runn'"),
        (["data", "fetsch", "mnist"], "fetsch"),
        (["best"], "missing"),
    ],
)
def test_a_wrong_call_is_found_without_running_it(words: list[str], problem: str) -> None:
    assert problem in usage_problem(words)


def test_a_verb_takes_options_only_if_it_has_all() -> None:
    assert takes(["run", "x"], ["--max-t", "3", "--num-samples", "2"])
    assert not takes(["show", "x"], ["--max-t", "3"])

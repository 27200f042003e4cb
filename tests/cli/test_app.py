"""What holds for every verb: quick help, clear errors, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
VERBS = ("run", "scenarios", "ls", "show", "best", "export", "import",
         "watch", "logs", "stop", "note", "reproduce", "plan", "replay", "simulate",
         "compare", "submit", "doctor")  # fmt: skip


def in_a_new_process(code: str, *, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True, text=True, cwd=cwd, env=dict(os.environ) | env, check=False,
    )  # fmt: skip


QUICK = (
    ["--help"],
    ["--version"],
    ["shwo"],
    ["scenarios"],
    ["run", "digits_mlpp"],
    ["run", "digits_mlp", "--scheduler", "ashaa"],
    ["run", "digits_mlp", "--arm", "asha+hyperoptt"],
    ["simulate", "branin", "--arm", "ashaa+random"],
    ["submit", "digits_mlp", "--scheduler", "ashaa"],
    *([verb, "--help"] for verb in VERBS),
)


def test_nothing_heavy_is_imported_without_need(tmp_path: Path) -> None:
    """One process for all: the first of them that imports something heavy is named."""
    code = f"""
import sys
from tuner.cli import main
for arguments in {QUICK!r}:
    main(arguments)
    heavy = {{"ray", "torch", "pandas", "pyarrow", "numpy", "sklearn"}} & set(sys.modules)
    if heavy:
        sys.exit(f"{{arguments}} imported {{heavy}}")
"""
    done = in_a_new_process(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_help_names_every_verb(tuner_command: Command) -> None:
    for arguments in ((), ("--help",)):
        helped = tuner_command(*arguments)
        assert helped.code == 0
        assert all(verb in helped.out for verb in VERBS)


def test_version(tuner_command: Command) -> None:
    assert tuner_command("--version") == (0, f"tuner {version('tuner')}\n", "")


def test_an_error_is_one_unbroken_line_without_markup(tuner_command: Command) -> None:
    name = "a-very-long-folder-name/" * 12 + "[red]x"
    refused = tuner_command("show", name)
    assert refused.code == 2
    assert refused.err.startswith("error: ")
    assert name in refused.err
    assert refused.err.count("\n") == 1


def test_an_error_of_several_lines_becomes_one(tuner_command: Command, sweep_folder: Path) -> None:
    part = next((sweep_folder / "reports").iterdir())
    part.write_bytes(b"PAR1" + b"?" * 80 + part.read_bytes()[84:])
    refused = tuner_command("export", str(sweep_folder), "--json", "--table", "reports")
    assert refused.code == 2
    assert refused.err.startswith("error: cannot read ")
    assert refused.err.count("\n") == 1


def test_a_traceback_only_where_it_is_asked_for(
    tuner_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Traceback" not in tuner_command("show", "x").err
    monkeypatch.setenv("TUNER_DEBUG", "1")
    refused = tuner_command("show", "x")
    assert refused.code == 2
    assert "Traceback" in refused.err
    assert refused.err.splitlines()[-1].startswith("error: ")


def test_a_terminal_that_cannot_draw_is_no_reason_to_fail(sweep_folder: Path) -> None:
    code = "import sys; from tuner.cli import main; sys.exit(main(['scenarios']))"
    done = in_a_new_process(code, cwd=sweep_folder, PYTHONIOENCODING="ascii")
    assert done.returncode == 0


def test_a_reader_that_goes_away_leaves_no_traceback(sweep_folder: Path) -> None:
    code = "import sys; from tuner.cli import main; sys.exit(main(sys.argv[1:]))"
    command = f'"{sys.executable}" -c "{code}" export . --to csv --table reports'
    piped = f"({command}) | true"
    done = subprocess.run(
        ["bash", "-c", piped], capture_output=True, text=True, cwd=sweep_folder, check=False
    )
    assert done.stderr == ""

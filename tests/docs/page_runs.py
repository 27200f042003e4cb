"""Trying a page: its blocks in order, in one folder, with one namespace for its Python."""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import os
import subprocess
import sys
import tomllib
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
from page_blocks import Block, Page
from page_commands import Command, commands, takes, tuner_calls, usage_problem

from tuner.cli import main

_TAIL = 3000  # characters of what a failed command printed
_COMMAND_S = 240


class ExampleError(Exception):
    """An example that does not do what the page says; the message begins with its place."""


class PageRun:
    """A page that is being tried in the current folder.

    Args:
        page: The page.
        has_data: Says whether a public data set is on this machine.
    """

    def __init__(self, page: Page, has_data: Callable[[str], bool] = lambda name: False) -> None:
        self._page = page
        self._has_data = has_data
        self._names: dict[str, Any] = {"__name__": "__main__"}

    def run(self) -> None:
        """Run what can be run, and check the rest.

        Raises:
            ExampleError: At the first example that fails.
        """
        for block in self._page.blocks:
            if "file" in block.directives:
                self._write(block)
            elif not block.runs or not self._has_all(block):
                self._check(block)
            else:
                getattr(self, f"_run_{block.language}")(_made_smaller(self._page, block))

    def _has_all(self, block: Block) -> bool:
        return "data" not in block.directives or self._has_data(block.directives["data"])

    def _write(self, block: Block) -> None:
        file = Path(block.directives["file"])
        if file.is_absolute() or ".." in file.parts:
            raise self._failed(block, 0, f"{file} is not below the folder of the page")
        self._parse(block)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text)

    def _check(self, block: Block) -> None:
        """Check as much of a block as can be known without running it."""
        self._parse(block)
        for command in commands(block.text) if block.language == "console" else ():
            for words in tuner_calls(command):
                problem = usage_problem(words)
                if problem:
                    raise self._failed(block, command.line, problem)

    def _parse(self, block: Block) -> Any:
        parsers: dict[str, Callable[[str], Any]] = {
            "python": lambda text: compile(text, "", "exec"),
            "toml": tomllib.loads,
            "json": json.loads,
            "sql": duckdb.extract_statements,
        }
        try:
            return parsers.get(block.language, str)(block.text)
        except (SyntaxError, ValueError, duckdb.Error) as error:
            raise self._failed(block, 0, str(error)) from error

    _run_toml = _run_json = _parse

    def _run_python(self, block: Block) -> None:
        self._parse(block)
        # As many lines above it as on the page, so that a traceback names the page's own line.
        source = "\n" * (block.line - 1) + block.text
        place = f"{self._page.path}#{block.line}"
        linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(source, place, "exec"), self._names)
        except (Exception, SystemExit) as error:
            frames = traceback.extract_tb(error.__traceback__)
            line = next((at.lineno for at in reversed(frames) if at.filename == place), block.line)
            offset = (line or block.line) - block.line
            raise self._failed(block, offset, f"{type(error).__name__}: {error}") from error

    def _run_sql(self, block: Block) -> None:
        try:
            with duckdb.connect() as connection:
                connection.execute(block.text).fetchall()
        except duckdb.Error as error:
            raise self._failed(block, 0, str(error)) from error

    def _run_console(self, block: Block) -> None:
        listed = list(commands(block.text))
        if not listed:
            raise self._failed(block, 0, "no command; one begins with '$ ', output alone is text")
        for command in listed:
            wanted = int(block.directives.get("exit", 0)) if command is listed[-1] else 0
            code, printed = _call(block, command)
            if code != wanted:
                told = f"exit code {code}, not {wanted}: {command.text}\n{printed[-_TAIL:]}"
                raise self._failed(block, command.line, told)

    def _failed(self, block: Block, offset: int, problem: str) -> ExampleError:
        return ExampleError(f"{self._page.path}:{block.line + offset}: {problem}")


def _made_smaller(page: Page, block: Block) -> Block:
    """Return a block with the replacements of its text that make it smaller, if it has any.

    Raises:
        ExampleError: What is to be replaced is not in it, or no command takes the options.
    """
    change = block.directives.get("smaller", "")
    if not change:
        return block
    if "->" not in change:
        verbs = [words for command in commands(block.text) for words in tuner_calls(command)]
        if not any(takes(words, change.split()) for words in verbs):
            raise ExampleError(f"{page.path}:{block.line}: no command takes {change!r}")
        return block
    text = block.text
    for pair in change.split(";"):
        old, _, new = (part.strip() for part in pair.partition("->"))
        if old not in text:
            raise ExampleError(f"{page.path}:{block.line}: {old!r} is not in the block")
        text = text.replace(old, new)
    directives = {kind: value for kind, value in block.directives.items() if kind != "smaller"}
    return Block(block.line, block.language, text, directives, block.hidden)


def _call(block: Block, command: Command) -> tuple[int, str]:
    """Return the exit code of a command, and what it printed."""
    if not command.is_tuner:
        return _call_bash(command.text)
    words = command.words[1:]
    smaller = block.directives.get("smaller", "").split()
    if smaller and takes(words, smaller):
        words += smaller
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = main(words)
    return code, printed.getvalue()


def _call_bash(text: str) -> tuple[int, str]:
    beside = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env={**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_COMMAND_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@contextlib.contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Work in a folder, and leave folder, environment, paths and modules as they were."""
    before = Path.cwd(), dict(os.environ), list(sys.path)
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    os.environ["TUNER_STAGING"] = str(folder / ".staging")
    try:
        yield
    finally:
        os.chdir(before[0])
        os.environ.clear()
        os.environ.update(before[1])
        sys.path[:] = before[2]
        for name in [name for name, module in sys.modules.items() if _lies_in(module, folder)]:
            del sys.modules[name]


def _lies_in(module: Any, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and Path(file).is_relative_to(folder)

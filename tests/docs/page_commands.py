"""Commands as pages show them: how they are told from what they print, and checked unrun."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from tuner.cli.app import app
from tuner.cli.usage import usage_line
from tuner.errors import TunerError

_PROMPT = re.compile(r"^\w*\$ ")
_OF_A_SHELL = re.compile(r"[|&;<>`$(){}*?~]|\\\n")


@dataclass(frozen=True)
class Command:
    """One command of a console block.

    Attributes:
        line: Its line within the block, from 0.
        text: What is typed, over several lines where they end with a backslash.
    """

    line: int
    text: str

    @property
    def words(self) -> list[str]:
        """What a shell makes of it, as far as it takes no shell; comments are left out."""
        return shlex.split(self.text.replace("\\\n", " "), comments=True)

    @property
    def is_tuner(self) -> bool:
        """Whether it is a call of tuner and nothing else, so that this process can make it."""
        code = self.text.replace("\\\n", " ")
        quoted = re.sub(r"'[^']*'|\"[^\"$`]*\"", "Q", code)
        bare = re.sub(r"(^|\s)#.*", "", quoted)
        return bare.startswith("tuner ") and not _OF_A_SHELL.search(bare)


def commands(text: str) -> Iterator[Command]:
    """Yield the commands of a console block: what follows a prompt, ``$ `` or ``one$ ``."""
    lines = iter(enumerate(text.splitlines()))
    for number, line in lines:
        prompt = _PROMPT.match(line)
        if not prompt:
            continue
        typed = [line[prompt.end() :]]
        while typed[-1].endswith("\\"):
            typed.append(next(lines, (0, ""))[1])
        yield Command(number, "\n".join(typed))


def tuner_calls(command: Command) -> Iterator[list[str]]:
    """Yield the words behind each ``tuner`` that a command calls, also among others."""
    lexer = shlex.shlex(command.text.replace("\\\n", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    for position, word in enumerate(words):
        if word == "tuner" and (position == 0 or _CALLS_NEXT.search(words[position - 1])):
            behind = words[position + 1 :]
            end = next((at for at, each in enumerate(behind) if _BREAK.match(each)), len(behind))
            yield behind[:end]


_BREAK = re.compile(r"[();<>|&]|\d>")
_CALLS_NEXT = re.compile(r"^[();|&]+$|^\w+=|^--$")


def usage_problem(words: Sequence[str]) -> str:
    """Return what is wrong with the words behind ``tuner``, "" if nothing; runs nothing."""
    try:
        verb, rest = _verb(words)
        with _top() as top:
            verb.make_context(words[0], rest, parent=top)
    except typer.Exit:  # --help, --version
        return ""
    except typer.TyperException as error:
        return usage_line(error)
    except TunerError as error:
        return str(error)
    return ""


def takes(words: Sequence[str], options: Sequence[str]) -> bool:
    """Return whether the verb that ``words`` begin with has all of the options among others."""
    verb, _ = _verb(words)
    known = {name for param in verb.params for name in (*param.opts, *param.secondary_opts)}
    return {word for word in options if word.startswith("--")} <= known


def _verb(words: Sequence[str]) -> tuple[Any, list[str]]:
    """Return the command that words name, of a group too, and what is left of them."""
    verb: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(verb, "commands") and rest and not rest[0].startswith("-"):
        with _top() as top:
            _, verb, rest = verb.resolve_command(top, rest)
    return verb, rest


def _top() -> Any:
    return typer.main.get_command(app).make_context("tuner", [], resilient_parsing=True)

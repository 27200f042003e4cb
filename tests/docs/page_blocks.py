"""Pages of the documentation as blocks of code: what each is, and how it is to be tried.

A comment of HTML directly above a block steers it (`DIRECTIVES`); a reader of the page does not
see it. What is wrong with a comment is an error, so that none is without effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

DIRECTIVES = {
    "file": "the block is written to this file, and not run",
    "smaller": "options for its tuner commands, or OLD -> NEW; ... in its text, when it is tried",
    "exit": "the code with which its last command ends",
    "data": "the public data set that it needs; without it the block is only checked",
    "not run": "why it cannot be run here; it is checked as far as that goes",
}
BEFORE = "before"  # a command that prepares what the page needs, and stands by itself
RAY = "ray"  # the page needs a Ray, though nothing in it says so

RUNNABLE = frozenset({"python", "console", "sql", "toml", "json"})
SHOWN = frozenset({"text", "csv", "yaml", "html", "diff"})
_UNTRIED = frozenset({"code", "code-block", "code-cell", "sourcecode", "literalinclude"})

_COMMENT = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)
_STARTS_RAY = re.compile(
    r"\btuner\.(run|resume|reproduce|explore|refine|adopt|finalize|tabulate|study|resume_study"
    r"|automl|probe|doctor)\("
    r"|\btune\.Tuner\(|\bhow=\"ray\""
    r"|^\$ tuner (run|resume|reproduce|explore|refine|adopt|finalize|study|automl|doctor)\b",
    re.MULTILINE,
)


class PageError(Exception):
    """A page that cannot be tried as it stands; the message begins with its place."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page.

    Attributes:
        line: The line of its first line of text, from 1.
        language: What stands behind the fence.
        text: The text, which ends with a newline.
        directives: What the comments above it say, by kind (`DIRECTIVES`).
        hidden: Whether it is a command that only a comment holds.
    """

    line: int
    language: str
    text: str
    directives: Mapping[str, str] = field(default_factory=dict)
    hidden: bool = False

    @property
    def runs(self) -> bool:
        """Whether it is run where what it needs is there."""
        return "not run" not in self.directives and "file" not in self.directives


@dataclass(frozen=True)
class Page:
    """A page, and what of it can be tried, in order."""

    path: Path
    blocks: Sequence[Block]
    asks_for_ray: bool = False

    @property
    def needs_ray(self) -> bool:
        """Whether a block that is run starts trials."""
        return self.asks_for_ray or any(
            block.runs and _STARTS_RAY.search(block.text) for block in self.blocks
        )


def read_page(path: Path) -> Page:
    """Read a page of Markdown.

    Raises:
        PageError: A comment or a block that the convention does not know.
    """
    tokens = [token for token in MarkdownIt().parse(path.read_text()) if token.level == 0 or
              token.type in ("fence", "html_block")]  # fmt: skip
    blocks: list[Block] = []
    above: list[tuple[int, str]] = []
    asks_for_ray = False
    for token in tokens:
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            for comment in _COMMENT.findall(token.content):
                kind, _, value = comment.partition(":")
                if kind == BEFORE:
                    blocks.append(Block(line, "console", f"$ {value.strip()}\n", hidden=True))
                elif comment == RAY:
                    asks_for_ray = True
                else:
                    above.append((line, comment))
            continue
        if token.type == "fence":
            blocks += _block(path, token, above)
        elif above:
            _refuse_lost(path, above)
        above = []
    _refuse_lost(path, above)
    return Page(path, tuple(blocks), asks_for_ray)


def _block(path: Path, token: Token, comments: Sequence[tuple[int, str]]) -> Iterator[Block]:
    line = (token.map or [0])[0] + 2
    language = token.info.strip()
    if language.startswith("{"):
        directive = language[1:].partition("}")[0]
        if directive in _UNTRIED:
            raise PageError(f"{path}:{line}: {language} is not tried; use a plain fenced block")
        _refuse_lost(path, comments)
        return
    if language not in RUNNABLE | SHOWN:
        known = ", ".join(sorted(RUNNABLE | SHOWN))
        raise PageError(f"{path}:{line}: a block names its language ({known}), got {language!r}")
    directives = dict(_directive(path, place, comment) for place, comment in comments)
    if language in RUNNABLE or "file" in directives:
        yield Block(line, language, token.content, directives)


def _directive(path: Path, line: int, comment: str) -> tuple[str, str]:
    kind, colon, value = comment.partition(":")
    known = ", ".join(f"{name!r}" for name in (*DIRECTIVES, BEFORE))
    if kind not in DIRECTIVES or not colon:
        raise PageError(
            f"{path}:{line}: a comment above a block is one of {known}, got {comment!r}"
        )
    if not value.strip():
        raise PageError(f"{path}:{line}: {kind!r} needs a text: {DIRECTIVES[kind]}")
    return kind, value.strip()


def _refuse_lost(path: Path, comments: Sequence[tuple[int, str]]) -> None:
    """Refuse what would have steered a block, and stands above none."""
    for line, comment in comments:
        if comment.partition(":")[0] in DIRECTIVES:
            raise PageError(f"{path}:{line}: no block stands directly below {comment!r}")

"""Markdown as generated pages are made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["cell", "code", "linked", "page", "prose", "table"]

_GENERATED = "% Generated from the code by `make docs`; edit docs/_generate, or the code."
_OF_CODE = re.compile(r"(?<!\w)(\w+=\w+|1/\w+|\w+_\w+|mfgp|pbt|pb2|bohb|cmaes|nsga2)(?!\w)")
_ARXIV = re.compile(r"\((\d{4}\.\d{4,5})\)")
_URL = re.compile(r" \((https?://[^)]+)\)")


def page(title: str, *parts: str) -> str:
    """Return a whole page."""
    return "\n\n".join([f"<!-- {_GENERATED[2:]} -->", f"# {title}", *parts]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, whose cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Return plain text for a cell: on one line, with nothing that Markdown would take for its own.

    What stands between backticks stays code.
    """
    parts = re.split(r"(`[^`]*`)", " ".join(text.replace("``", "`").split()))
    parts[::2] = [re.sub(r"([\\*_<\[\]])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts).replace("|", "\\|")


def code(text: object) -> str:
    """Return text as code in a cell; "" stays empty."""
    return f"`{text}`".replace("|", "\\|") if str(text) else ""


def prose(text: str) -> str:
    """Return plain text for a cell, with what is code in it (``max_t``, ``rounds=3``) as code."""
    return cell(_OF_CODE.sub(r"`\1`", text))


def linked(source: str) -> str:
    """Return where a method is from, its arXiv number or URL as a link."""
    text = _ARXIV.sub(r"([\1](https://arxiv.org/abs/\1))", source)
    return _URL.sub(r" ([link](\1))", text)

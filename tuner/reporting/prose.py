"""Markdown that tuner or a person wrote, as HTML: what is HTML in it stays text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tuner.reporting.markup import Markup

__all__ = ["from_markdown"]

_ELSEWHERE = ("http://", "https://", "mailto:")
_SHIFT = 2  # a page has a title and sections of its own above


def from_markdown(text: str) -> Markup:
    """Return a text in CommonMark, with tables, as HTML; headings are two levels deeper.

    Links of kinds that run something, and pictures, which would be fetched, are text. So are links
    to files beside the text: they are not where the page goes.
    """
    tokens = _parser().parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + _SHIFT, 6)}"
        if token.children:
            token.children = list(_without_files(token.children))
    parser = _parser()
    return Markup(parser.renderer.render(_boxed(tokens), parser.options, {}))


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _without_files(tokens: list[Token]) -> Iterator[Token]:
    """Yield tokens without links to files; what they say stays."""
    kept = True  # links do not stand within links
    for token in tokens:
        if token.type == "link_open":
            kept = str(token.attrs.get("href", "")).startswith(_ELSEWHERE)
        if kept or not token.type.startswith("link_"):
            yield token


def _boxed(tokens: list[Token]) -> list[Token]:
    """Return tokens with a box around each table, in which it scrolls where it is too wide."""
    boxed: list[Token] = []
    for token in tokens:
        if token.type == "table_open":
            boxed.append(Token("box_open", "div", 1, {"class": "scroll", "tabindex": "0"}))
        boxed.append(token)
        if token.type == "table_close":
            boxed.append(Token("box_close", "div", -1))
    return boxed

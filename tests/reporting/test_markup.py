"""Whatever people write stays text, in elements, in attributes and in data."""

from __future__ import annotations

import json
import math
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.reporting.markup import Markup, data_block, element, joined

NASTY = (
    "<script>alert(1)</script>",
    "</script>",
    "\"'><b>",
    "&lt;",
    "&amp;",
    "<!--",
    "]]>",
    "\x00",
)


class _Reader(HTMLParser):
    """Keeps what a browser would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> _Reader:
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader


@given(st.text() | st.sampled_from(NASTY), st.text() | st.sampled_from(NASTY))
def test_text_stays_text_wherever_it_stands(content: str, value: str) -> None:
    found = read(element("p", content, title=value, class_="a"))
    assert found.tags == ["p"]
    assert found.attributes.keys() == {"title", "class"}
    shown = content.replace("\r", "\n").replace("\n\n", "\n")
    if content.isprintable():
        assert found.text == shown
    if value.isprintable():
        assert found.attributes["title"] == value


def test_markup_is_kept_and_everything_else_is_escaped() -> None:
    inside = element("b", "1 < 2")
    assert joined("<", inside, None, [3, Markup("<br>")], 0.5) == (
        "&lt;<b>1 &lt; 2</b>3<br>0.5"
    )  # fmt: skip
    assert element("input", disabled=True, hidden=False, aria_label=None) == "<input disabled>"


@pytest.mark.parametrize("nasty", ["\x00", "a\x1b[31m", "\ud800", "\x7f"])
def test_what_no_page_may_hold_is_written_out(nasty: str) -> None:
    made = element("p", nasty, title=nasty)
    made.encode()
    assert nasty not in made


@given(st.recursive(st.text() | st.floats() | st.none() | st.integers(), st.lists, max_leaves=8))
def test_data_cannot_leave_their_block(value: object) -> None:
    block = data_block("a", [value, "</script><script>", "<!--<script>"])
    start, end = block.index(">") + 1, block.rindex("<")
    inside = block[start:end]
    assert "<" not in inside
    assert json.loads(inside)[1:] == ["</script><script>", "<!--<script>"]


def test_data_are_json_without_nan() -> None:
    block = data_block("a", {"x": [math.nan, math.inf, 1.5]})
    assert '{"x":[null,null,1.5]}' in block

"""The parts that pages of reference are made of, and links out of the documentation."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(autouse=True)
def _generator() -> Iterator[None]:
    sys.path.insert(0, str(DOCS / "_generate"))
    yield
    sys.path.remove(str(DOCS / "_generate"))


class Described:
    """First line,
    of two. More.

    Args:
        plain: What it is. And more.
        typed (int | None): On two
            lines.

    Raises:
        ValueError: Never.
    """


def test_a_docstring_is_taken_apart() -> None:
    from docstrings import first_sentence, sections, summary

    assert summary(Described) == "First line, of two. More."
    assert sections(Described, "Args") == {
        "plain": "What it is. And more.",
        "typed": "On two lines.",
    }
    assert sections(Described, "Returns") == {}
    assert first_sentence("Up to 0.5. The rest") == "Up to 0.5."


def test_a_constant_is_described_by_the_string_below_it() -> None:
    from docstrings import constant_summary

    import tuner.searchers  # noqa: F401

    assert constant_summary("tuner.searchers", "SEARCHERS") == "Every searcher by name."
    assert constant_summary("tuner.searchers", "no_such_name") == ""


def test_text_in_a_cell_is_nothing_but_text() -> None:
    from page_parts import cell, code, prose

    assert cell("a|b *c* <script>\n``d_e`` [f]") == r"a\|b \*c\* \<script> `d_e` \[f\]"
    assert code("a|b") == r"`a\|b`"
    assert code("") == ""
    assert prose("from max_t on, rounds=3 or more") == "from `max_t` on, `rounds=3` or more"


def test_a_source_is_linked() -> None:
    from page_parts import linked

    assert (
        linked("Li 2018 (1603.06560)") == "Li 2018 ([1603.06560](https://arxiv.org/abs/1603.06560))"
    )
    assert (
        linked("JMLR 13 (https://jmlr.org/x.html)") == "JMLR 13 ([link](https://jmlr.org/x.html))"
    )


@pytest.mark.parametrize(
    ("link", "on_the_site"),
    [
        ("[map](../../ARCHITECTURE.md#words)", "[map](../project/architecture.md#words)"),
        ("[front](../../README.md)", "[front](../start.md)"),
        ("[code](../../scenarios/digits_mlp.py)", "code"),
        ("[other](running.md)", "[other](running.md)"),
        ("[here](#a-section)", "[here](#a-section)"),
        ("[there](https://example.org/a.md)", "[there](https://example.org/a.md)"),
        ("[gone](../../NO_SUCH.md)", "[gone](../../NO_SUCH.md)"),
    ],
)
def test_a_link_to_the_repository_is_one_to_its_page(link: str, on_the_site: str) -> None:
    from repository import rewritten

    assert rewritten(link, DOCS / "guides" / "page.md") == on_the_site


def test_a_page_that_includes_a_file_has_its_text_with_links_from_there() -> None:
    from repository import rewritten

    text = rewritten("# Start\n\n```{include} ../README.md\n```\n", DOCS / "start.md")

    assert text.startswith("# Start\n")
    assert "\n# tuner\n" not in text
    assert "](guides/running.md)" in text
    assert "![A sweep that runs" in text
    assert "](pictures/terminal.svg)" in text
    assert "](project/architecture.md)" in text


def test_fences_of_a_docstring_become_blocks() -> None:
    from docstring_fences import fences_to_blocks

    lines = ["Text.", "", "```python", "x = 1", "", "y = 2", "```", "", "More."]

    fences_to_blocks(None, "function", "f", None, None, lines)

    assert lines[:7] == ["Text.", "", ".. code-block:: python", "", "   x = 1", "", "   y = 2"]
    assert lines[7] == ""
    assert [line for line in lines[7:] if line] == ["More."]

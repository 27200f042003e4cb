"""Text: names come out as they went in, whatever plotly would read into them."""

from __future__ import annotations

import html

from hypothesis import given
from hypothesis import strategies as st

from tuner.figures.labels import clipped, directed, plain, short, wrapped
from tuner.objectives import Objective


@given(st.text())
def test_nothing_in_a_name_is_a_tag_a_formula_or_a_pattern(name: str) -> None:
    shown = plain(name)
    assert not {"<", ">", "$"} & set(shown)
    assert "%{" not in shown
    assert html.unescape(shown) == html.unescape(html.escape(name, quote=False))


@given(st.text(alphabet="ab:,+/ _<&$", max_size=120), st.integers(3, 40))
def test_names_are_broken_into_lines_and_lose_nothing(name: str, width: int) -> None:
    lines = [html.unescape(line) for line in wrapped(name, width).split("<br>")]
    assert "".join(lines) == name
    assert all(len(line) <= width for line in lines)


@given(st.text(alphabet="ab:,+/ _<&$", max_size=120), st.integers(3, 40))
def test_clipped_names_have_two_lines_that_fit_with_their_beginning_and_their_end(
    name: str, width: int
) -> None:
    lines = [html.unescape(line) for line in clipped(name, width).split("<br>")]
    assert len(lines) <= 2
    assert all(len(line) <= width for line in lines)
    assert name.startswith(lines[0])
    assert name.endswith(lines[-1].removeprefix("…"))
    assert "".join(lines) == name or lines[1].startswith("…")


@given(st.text(max_size=40), st.integers(4, 20))
def test_names_clipped_to_a_line_keep_their_ends(name: str, width: int) -> None:
    line = html.unescape(clipped(name, width, lines=1))
    assert len(line) <= width
    if len(name) > width:
        begin, end = line[: width // 2], line[width // 2 + 1 :]
        assert name.startswith(begin)
        assert name.endswith(end)
    else:
        assert line == html.unescape(plain(name))


def test_names_are_broken_after_punctuation() -> None:
    assert wrapped("asha:reduction_factor=3+hyperopt", 26) == "asha:reduction_factor=3+<br>hyperopt"
    assert wrapped("short", 26) == "short"
    assert wrapped("cost$per$run") == "cost&#36;per&#36;run"


def test_a_label_says_which_way_is_better() -> None:
    assert directed(Objective("loss", "min")) == "loss (lower is better)"
    assert directed(Objective("accuracy", "max")) == "accuracy (higher is better)"


def test_numbers_are_short_and_text_is_escaped() -> None:
    assert short(0.123456) == "0.1235"
    assert short(123456) == "123456"
    assert short("<b>") == "&lt;b&gt;"

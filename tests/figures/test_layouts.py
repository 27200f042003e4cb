"""One figure for several widths: panels in fewer columns, headings in shorter lines, no loss."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest

from tuner import figures
from tuner.figures.grids import label_rows, panels
from tuner.figures.labels import new_figure
from tuner.figures.layouts import MEDIUM, NARROW, arranged, script


def grid(count: int, **options: object) -> go.Figure:
    figure, places = panels("title", [f"p{n}" for n in range(count)], **options)  # type: ignore[arg-type]
    for panel in places:
        figure.add_trace(go.Scatter(x=[1], y=[2]), **panel.where)
    label_rows(figure, places, "loss")
    return figure


def columns(figure: go.Figure) -> list[float]:
    """Return where panels begin, each place once."""
    return sorted({round(axis.domain[0], 6) for axis in figure.select_xaxes()})


def at(ems: float) -> float:
    """Return a width in pixels of the light theme, just below so many ems."""
    return 13 * ems - 1


@pytest.mark.parametrize(
    ("width", "number"), [(900, 3), (at(MEDIUM), 2), (at(NARROW), 1), (200, 1)]
)
def test_panels_have_as_many_columns_as_there_is_room_for(width: float, number: int) -> None:
    figure = arranged(grid(7), width)
    assert len(columns(figure)) == number
    rows = -(-7 // number)
    heights = [axis.domain for axis in figure.select_yaxes()]
    assert len({round(top, 6) for _, top in heights}) == rows
    assert all(0 <= low < high <= 1 + 1e-9 for low, high in heights)
    # A panel is about as tall as it was, however many rows there are.
    tall = (heights[0][1] - heights[0][0]) * (figure.layout.height - 218)
    assert 150 < tall < 320


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("width", [300, 560, 900])
def test_panels_never_overlap_and_each_has_its_heading(count: int, width: float) -> None:
    figure = arranged(grid(count), width)
    boxes = [
        (*x.domain, *y.domain)
        for x, y in zip(figure.select_xaxes(), figure.select_yaxes(), strict=True)
    ]
    for number, (left, right, low, high) in enumerate(boxes[:count]):
        heading = figure.layout.annotations[number]
        assert heading.text == f"p{number}"
        assert heading.x == pytest.approx((left + right) / 2)
        assert heading.y == pytest.approx(high)
        for other_left, other_right, other_low, other_high in boxes[number + 1 : count]:
            apart = right <= other_left or other_right <= left
            assert apart or high <= other_low or other_high <= low


def test_the_first_of_each_row_bears_title_and_ticks() -> None:
    figure = grid(4, share_y=True)

    def said() -> list[tuple[str | None, bool | None]]:
        return [(axis.title.text, axis.showticklabels) for axis in figure.select_yaxes()][:4]

    first, other = ("loss", True), (None, False)
    assert said() == [first, other, other, first]
    arranged(figure, at(MEDIUM))
    assert said() == [first, other, first, other]
    arranged(figure, at(NARROW))
    assert said() == [first] * 4
    arranged(figure, 900)
    assert said() == [first, other, other, first]


def test_a_wide_figure_comes_back_as_it_was() -> None:
    figure = grid(5, colour_bar=True)
    tops = [axis.domain for axis in figure.select_yaxes()]
    before = arranged(arranged(figure, 300), 900).to_plotly_json()["layout"]
    assert [axis.domain for axis in figure.select_yaxes()] == tops
    arranged(figure, 300)
    assert figure.layout.coloraxis.colorbar.orientation == "h"
    assert figure.layout.coloraxis.colorbar.title.side == "bottom"  # never on the bar
    assert figure.to_plotly_json()["layout"] != before
    assert arranged(figure, 900).to_plotly_json()["layout"] == before


def test_headings_are_broken_anew_and_have_their_room() -> None:
    figure = new_figure("a title of several words that is long " * 2, ["what is left out " * 9])
    wide = figure.layout.title.text, figure.layout.margin.t
    arranged(figure, 340)
    assert max(map(len, figure.layout.title.text.split("<br>"))) <= 38
    assert figure.layout.title.text.replace("<br>", "") == wide[0].replace("<br>", "")
    assert figure.layout.margin.t > wide[1]


def test_what_somebody_has_changed_stays() -> None:
    figure = grid(4).update_layout(title_text="mine", height=333)
    arranged(figure, 300)
    assert (figure.layout.title.text, figure.layout.height) == ("mine", 333)
    assert len(columns(figure)) == 1


def test_a_column_of_print_has_the_room_of_its_small_letters() -> None:
    figure = grid(4)
    width = figures.COLUMN_PX
    assert len(columns(arranged(figures.themed(figure, "print"), width))) == 2
    assert len(columns(arranged(figures.themed(figure, "light"), width))) == 1


def test_a_foreign_figure_is_left_alone() -> None:
    figure = go.Figure(go.Scatter(y=[1]), layout={"template": figures.template("light")})
    assert arranged(figure, 100).layout.height is None


def test_the_script_fetches_and_evaluates_nothing() -> None:
    for word in ("eval(", "Function(", "fetch(", "XMLHttpRequest", "import(", "http:", "https:"):
        assert word not in script().replace("http://www.w3.org/2000/svg", "")
    assert "</script" not in script()

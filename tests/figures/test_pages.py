"""Figures in a browser: laid out for the window, themed, sound, and with brushes that work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from browsing import Browser, Page
from drawn_sweeps import trials_of

from tuner import figures
from tuner.figures.grids import panels
from tuner.figures.layouts import arranged
from tuner.objectives import Objective

TAG = "<script>alert(1)</script>"
LOSS = Objective("loss", "min")
DRAWN = "document.querySelector('#figure .plot-container')"
SETTLED = "new Promise(done => setTimeout(() => done(true), 250))"


def paneled() -> go.Figure:
    figure, places = panels(TAG, ["a", "b", TAG, "d"], [f"notes {TAG}"], colour_bar=True)
    for panel in places:
        figure.add_trace(
            go.Scatter(x=[1, 2], y=[1, 2], mode="markers",
                       marker={"color": [1, 2], "coloraxis": "coloraxis"}),
            **panel.where,
        )  # fmt: skip
    return figure


def opened(browser: Browser, figure: go.Figure, folder: Path, width: int = 900) -> Page:
    page = browser.open(figures.write_figure(figure, folder / "page.html"), width=width)
    page.wait_until(DRAWN)
    return page


def drawn_columns(page: Page) -> int:
    axes = "Object.entries(document.getElementById('figure').layout)"
    found = page.evaluate(f"{axes}.filter(e => /^xaxis/.test(e[0])).map(e => e[1].domain[0])")
    return len({round(left, 6) for left in found})


def test_a_page_is_laid_out_for_its_window_and_again_when_that_changes(
    browser: Browser, tmp_path: Path
) -> None:
    page = opened(browser, paneled(), tmp_path, width=375)
    assert drawn_columns(page) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    # What the script does with a layout is what Python does with it.
    height = page.evaluate("document.getElementById('figure').layout.height")
    assert height == arranged(paneled(), 375).layout.height
    page.resize(900, 700)
    page.wait_until("document.getElementById('figure').layout.xaxis3.domain[0] > 0.5")
    assert drawn_columns(page) == 3
    page.evaluate("Plotly.relayout('figure', {'title.text': 'mine'}).then(() => true)")
    page.resize(500, 700)
    page.wait_until("document.getElementById('figure').layout.xaxis3.domain[0] === 0")
    assert drawn_columns(page) == 2
    assert page.evaluate("document.getElementById('figure').layout.title.text") == "mine"
    page.check_sound()
    assert "alert(1)" in page.evaluate("document.getElementById('figure').textContent")
    page.close()


@pytest.fixture
def parallel() -> go.Figure:
    lr = np.linspace(0, 1, 11)
    trials = trials_of(
        (1 - lr).tolist(),
        **{"config/lr": lr, "config/units": lr[::-1] * 64,
           "config/kind": ["a", "b"] * 5 + [None]},
    )  # fmt: skip
    return figures.parallel(trials, objective=LOSS)


def spot(page: Page, axis: float, height: float) -> tuple[float, float]:
    """Return where in the window a height of an axis is."""
    x, y = page.evaluate(
        "(() => { const f = document.getElementById('figure'), l = f._fullLayout,"
        " r = f.getBoundingClientRect();"
        f" return [r.left + l.xaxis._offset + l.xaxis.l2p({axis}),"
        f" r.top + l.yaxis._offset + l.yaxis.l2p({height})]; }})()"
    )
    return x, y


def kept(page: Page) -> int | None:
    page.evaluate(SETTLED)
    found = page.evaluate("document.getElementById('figure').dataset.kept ?? null")
    return None if found is None else int(found)


def test_brushes_keep_the_trials_that_pass_and_are_taken_back(
    browser: Browser, parallel: go.Figure, tmp_path: Path
) -> None:
    page = opened(browser, parallel, tmp_path)
    page.drag(spot(page, 0, 0.45), spot(page, 0, 1.05))
    assert kept(page) == 6  # from 0.5 to 1
    page.drag(spot(page, 1, 0.25), spot(page, 1, 1.05))
    assert kept(page) == 3  # of which units are a quarter or more: 0.5, 0.6 and 0.7
    assert page.evaluate("document.getElementById('figure').layout.shapes.length") == 2
    shown = page.evaluate(
        "document.getElementById('figure').data.filter(t => t.meta.role === 'lines')"
        ".flatMap(t => t.text.filter(e => /^<b>/.test(e))).length"
    )
    assert shown == 3  # the best trial, which had a line of its own, is not among them
    page.drag(spot(page, 1, 0.5), spot(page, 1, 0.502))
    assert kept(page) == 6  # a click takes an axis's brush away
    page.check_sound()
    page.close()


def test_an_axis_is_moved_by_its_name_and_keeps_its_brush(
    browser: Browser, parallel: go.Figure, tmp_path: Path
) -> None:
    page = opened(browser, parallel, tmp_path)
    page.drag(spot(page, 0, 0.45), spot(page, 0, 1.05))
    assert kept(page) == 6
    first = "document.querySelectorAll('#figure g.annotation')[0].getBoundingClientRect()"
    x, y = page.evaluate(f"(() => {{ const r = {first}; return [r.x + r.width / 2, r.y + 5]; }})()")
    step = spot(page, 1, 0)[0] - spot(page, 0, 0)[0]
    page.drag((x, y), (x + 2 * step, y))
    assert kept(page) == 6
    titles = "document.getElementById('figure').layout.annotations.filter(a => a.name === 'title')"
    places = page.evaluate(f"{titles}.map(a => [a.text, a.x])")
    assert dict(places)["<b>lr</b>"] == 2
    assert sorted(place for _, place in places) == [0, 1, 2, 3]
    shape = page.evaluate("document.getElementById('figure').layout.shapes[0]")
    assert shape["x0"] < 2 < shape["x1"]
    page.check_sound()
    page.close()


def test_on_a_phone_the_axes_lie_and_can_be_brushed(
    browser: Browser, parallel: go.Figure, tmp_path: Path
) -> None:
    page = opened(browser, parallel, tmp_path, width=375)
    page.wait_until("document.getElementById('figure').layout.yaxis.range[1] < 1")
    page.drag(spot(page, 0.45, 0), spot(page, 1.05, 0))
    assert kept(page) == 6
    page.resize(900, 800)
    page.wait_until("document.getElementById('figure').layout.yaxis.range[1] > 1")
    assert kept(page) == 6
    page.check_sound()
    page.close()


def test_no_button_of_a_page_sends_its_data_anywhere(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, paneled(), tmp_path)
    titles = page.evaluate(
        "[...document.querySelectorAll('.modebar-btn')].map(e => e.dataset.title)"
    )
    assert any("Download" in title for title in titles)
    assert not any("share" in title.lower() or "cloud" in title.lower() for title in titles)

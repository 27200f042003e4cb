"""Files: pages that need no network, data that reads back, pictures, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import plotly.graph_objects as go
import pytest

from tuner import figures
from tuner.errors import MissingDependencyError, SpecError
from tuner.figures.labels import new_figure

NAME = "</script><script>alert(1)</script>"


@pytest.fixture
def figure() -> go.Figure:
    drawn = new_figure(NAME, height=200)
    drawn.add_trace(go.Scatter(x=[1, 2], y=[2, 1], name=NAME))
    return drawn


def test_a_page_fetches_nothing_and_runs_no_script_of_a_name(
    figure: go.Figure, tmp_path: Path
) -> None:
    page = figures.write_figure(figure, tmp_path / "page.html", theme="dark").read_text()
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=", page)
    assert "<script>alert" not in page
    assert "#14171B" in page
    assert len(page) < 2_500_000  # plotly.js is packed
    assert figures.write_figure(figure, tmp_path / "again.html", theme="dark").read_text() == page


def test_data_reads_back(figure: go.Figure, tmp_path: Path) -> None:
    path = figures.write_figure(figure, tmp_path / "data.json")
    assert go.Figure(json.loads(path.read_text())).data[0].x == (1, 2)


def test_figures_are_named_by_what_they_are(figure: go.Figure, tmp_path: Path) -> None:
    paths = figures.save_figures({"a": figure, "b": figure}, tmp_path / "new", ["json", "html"])
    assert [path.name for path in paths] == ["a.json", "a.html", "b.json", "b.html"]
    assert all(path.stat().st_size for path in paths)


def test_the_figure_itself_keeps_its_theme(figure: go.Figure, tmp_path: Path) -> None:
    before = figure.to_json()
    figures.write_figure(figure, tmp_path / "dark.json", theme="dark")
    assert figure.to_json() == before


def test_an_unknown_format_writes_nothing(figure: go.Figure, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="unknown format of figures 'gif'"):
        figures.save_figures({"a": figure}, tmp_path, ["html", "gif"])
    with pytest.raises(SpecError, match="unknown format of figures 'pnng'; did you mean 'png'"):
        figures.write_figure(figure, tmp_path / "a.pnng")
    assert not list(tmp_path.iterdir())


def test_without_a_browser_a_picture_is_refused_with_the_remedy(
    figure: go.Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    with pytest.raises(MissingDependencyError, match=r"install one .*, set BROWSER_PATH .*HTML"):
        figures.save_figures({"a": figure}, tmp_path / "new", ["html", "png"])
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "google-chrome", "chrome"))),
    reason="needs a Chrome or Chromium",
)
def test_pictures_are_drawn_by_a_browser(figure: go.Figure, tmp_path: Path) -> None:
    png, svg = figures.save_figures({"a": figure}, tmp_path, ["png", "svg"], width=300)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert int.from_bytes(png.read_bytes()[16:20], "big") == 900  # three dots a pixel
    text = svg.read_text()
    assert "alert(1)" in text
    assert "<script" not in text

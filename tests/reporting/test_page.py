"""From parts to one file: whole, the same every time, and nothing in it is fetched."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re

import plotly.graph_objects as go
import pytest

from tuner.figures.labels import new_figure
from tuner.reporting.page import render_page
from tuner.reporting.parts import (
    Code,
    Column,
    Facts,
    Figures,
    Fold,
    Line,
    Lines,
    Live,
    Page,
    Plot,
    Prose,
    Records,
    Section,
    Table,
)

TAG = "<script>alert(1)</script>"
TABLE = Table(TAG, [Column(TAG), Column("n", numeric=True)], [[TAG, "1"]], ["bad"])
RECORDS = Records(TAG, [Column(TAG)], [[TAG], [None]])


def drawn(values: list[float] | None = None) -> go.Figure:
    figure = new_figure("a figure", height=300)
    figure.add_trace(go.Scatter(x=[1, 2], y=values or [1.0, 2.0], name="&lt;b"))
    return figure


def page_of(*parts: object, **more: object) -> str:
    section = Section(TAG, parts, told=TAG)  # type: ignore[arg-type]
    return render_page(Page(TAG, TAG, [section], TAG, **more))  # type: ignore[arg-type]


def test_a_title_is_seen_where_the_figure_has_another_one() -> None:
    page = page_of(Plot("told", drawn()), Plot("shown", drawn(), headed=True))
    assert '<h3 id="told" class="unseen">told</h3>' in page
    assert '<h3 id="shown">shown</h3>' in page


EVERY_PART = (
    Line(TAG, "bad"),
    Lines([TAG], "faint"),
    Facts([(TAG, TAG)]),
    Figures([(TAG, TAG, TAG)]),
    TABLE,
    RECORDS,
    Plot(TAG, drawn(), TAG),
    Plot("none", None, TAG),
    Code(TAG),
    Prose(f"{TAG}\n\n| a |\n|---|\n| {TAG} |\n\n[x](javascript:alert(1)) ![y](https://a.b/c.png)"),
    Fold(TAG, [Line(TAG)]),
)


def packs(page: str) -> dict[str, str]:
    """Return what is packed into a page, by identifier."""
    found = re.findall(r'<script type="text/plain" id="([\w-]+)">([\w+/=]+)</script>', page)
    return {name: gzip.decompress(base64.b64decode(text)).decode() for name, text in found}


def test_every_part_is_shown_and_escaped() -> None:
    page = page_of(*EVERY_PART)
    assert TAG not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 15
    assert "javascript:alert" not in re.sub(r"<p>.*?</p>", "", page, flags=re.DOTALL)
    assert 'href="javascript' not in page
    assert "<img" not in page


def test_a_page_fetches_nothing_and_forbids_it() -> None:
    page = page_of(*EVERY_PART)
    policy = html.unescape(re.search(r'Security-Policy" content="([^"]*)"', page)[1])  # type: ignore[index]
    assert "default-src 'none'; script-src 'unsafe-inline';" in policy
    assert "connect-src 'none'" in policy
    assert "http" not in policy
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=", page)
    links = re.findall(r'\shref="([^"]*)"', page.partition('class="prose"')[0])
    assert links
    assert all(each.startswith("#") for each in links)


def test_the_same_page_is_the_same_bytes() -> None:
    assert page_of(*EVERY_PART) == page_of(*EVERY_PART)


def test_headings_are_in_the_contents_and_each_has_a_name_of_its_own() -> None:
    sections = [Section("Same", [Plot("Same", drawn())], [Section("Same")]), Section("größe €")]
    page = render_page(Page("t", "", sections, ""))
    names = re.findall(r'<h[2-6] id="([^"]+)"', page)
    assert len(names) == len(set(names)) == 4
    assert re.findall(r'<li><a href="#([^"]+)"', page) == names


def test_figures_are_packed_once_without_their_theme() -> None:
    page = page_of(Plot("a", drawn()), Plot("b", drawn()), Plot("c", drawn([3.0, 4.0])))
    assert page.count('data-pack="pack-0"') == 2
    found = packs(page)
    assert found.keys() == {"pack-0", "pack-1", "plotly"}
    assert "template" not in json.loads(found["pack-0"])["layout"]
    assert found["plotly"].startswith("/**\n* plotly.js")
    assert json.loads(re.search(r'id="templates">(.*?)</script>', page)[1]).keys() == {
        "light", "dark",
    }  # type: ignore[index]  # fmt: skip


def test_a_page_without_figures_has_no_plotly() -> None:
    page = page_of(Line("a"), Plot("b", None, "there is nothing to draw"))
    assert "plotly" not in packs(page)
    assert "there is nothing to draw" in page


def test_records_are_data() -> None:
    content = json.loads(packs(page_of(RECORDS))["pack-0"])
    assert content == {"columns": [{"name": TAG, "numeric": False}], "rows": [[TAG], [None]]}


def test_only_a_live_page_says_so_and_loads_itself_again() -> None:
    assert 'id="live"' not in page_of(Line("a"))
    page = page_of(Line("a"), live=Live(f"live {TAG}", 5.0, 1e9))
    assert 'id="live"' in page
    assert '{"at":1000000000.0,"every_s":5.0}' in page
    assert TAG not in page


def test_what_is_no_part_is_refused() -> None:
    with pytest.raises(TypeError, match="no way to show a int"):
        page_of(1)

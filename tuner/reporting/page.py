"""A report as one HTML file that fetches nothing. Pure: the same page gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tuner.figures.packing import library, packed
from tuner.reporting.embedding import asset, figure_json, templates
from tuner.reporting.markup import Content, Markup, data_block, element, joined, json_text
from tuner.reporting.parts import (
    Code,
    Facts,
    Figures,
    Fold,
    Line,
    Lines,
    Live,
    Page,
    Part,
    Plot,
    Prose,
    Records,
    Section,
    Table,
)
from tuner.reporting.prose import from_markdown

__all__ = ["render_page"]

# Nothing is fetched, sent or embedded, whatever a name or a figure might ask for. Plotly writes
# style rules, and makes its pictures for download out of data.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src 'none'; base-uri 'none'; form-action 'none'"
)
_NO_SCRIPT = (
    "Figures and long tables are drawn by this page's own JavaScript, which is switched off here; "
    "all else can be read without it."
)
_SCRIPTS = ("unpacking.js", "print.js", "report.js")
_DEEPEST = 3  # heading level in the table of contents


def render_page(page: Page) -> str:
    """Return the HTML of a page."""
    body = _Body()
    sections = [body.section(each, 2) for each in page.sections]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", page.title),
        element("style", Markup(asset("report.css"))),
        element("script", Markup(asset("theme.js"))),
    )
    html = element(
        "html",
        head,
        element(
            "body",
            element("a", "Skip to the report", class_="skip", href="#report"),
            _header(page),
            element("nav", body.contents(), class_="contents", aria_label="Contents"),
            element(
                "main",
                element("noscript", element("p", _NO_SCRIPT, class_="warn")),
                *sections,
                element("footer", page.made),
                id="report",
            ),
            body.data,
            data_block("templates", templates()),
            _scripts(has_figures=body.has_figures, live=page.live),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{html}\n"


def _header(page: Page) -> Markup:
    mark = None
    if page.live is not None:
        mark = element("p", page.live.told, class_="live", id="live", role="status")
    switch = element(
        "button", "Dark", type="button", id="theme", class_="switch", aria_pressed="false",
        hidden=True,
    )  # fmt: skip
    told = element("p", page.told, class_="told") if page.told else None
    return element("header", element("div", element("h1", page.title), told, mark), switch)


def _scripts(*, has_figures: bool, live: Live | None) -> Markup:
    parts: list[Markup] = []
    if has_figures:
        parts.append(element("script", Markup(library()), type="text/plain", id="plotly"))
        parts.append(element("script", Markup(asset("figures.js"))))
    parts += [element("script", Markup(asset(name))) for name in _SCRIPTS]
    if live is not None:
        parts.append(data_block("live-clock", {"at": live.at, "every_s": live.every_s}))
        parts.append(element("script", Markup(asset("live.js"))))
    return joined(parts)


class _Body:
    """Turns sections into HTML, and keeps what comes after them.

    Attributes:
        data: What the page's script reads.
        has_figures: Whether there is any.
    """

    def __init__(self) -> None:
        self.data: list[Markup] = []
        self.has_figures = False
        self._names: set[str] = set()
        self._contents: list[tuple[int, str, str]] = []
        self._packs: dict[str, str] = {}

    def section(self, section: Section, level: int) -> Markup:
        """Return a section whose heading is of a level from 2."""
        name = self._heading_id(section.title)
        self._contents.append((level, section.title, name))
        return element(
            "section",
            _heading(level, section.title, name),
            element("p", section.told, class_="told") if section.told else None,
            [self._part(each, level + 1) for each in section.parts],
            [self.section(each, level + 1) for each in section.sections],
            aria_labelledby=name,
        )

    def contents(self) -> Markup:
        """Return the table of contents of all sections so far."""
        entries = [each for each in self._contents if each[0] <= _DEEPEST]
        return element(
            "details",
            element("summary", "Contents"),
            element("ul", list(_entries(entries))),
            open=True,
            id="contents",
        )

    def _heading_id(self, title: str) -> str:
        """Return an identifier for a heading."""
        plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"
        name, number = plain, 1
        while name in self._names:
            number += 1
            name = f"{plain}-{number}"
        self._names.add(name)
        return name

    def _part(self, part: Part, level: int, *, listed: bool = True) -> Content:
        """Return a part; a figure that is ``listed`` is in the table of contents."""
        if isinstance(part, Plot):
            name = self._heading_id(part.title)
            if listed:
                self._contents.append((level, part.title, name))
            return self._plot(part, level, name)
        if isinstance(part, Records):
            return self._records(part)
        if isinstance(part, Fold):
            inside = [self._part(each, level, listed=False) for each in part.parts]
            return element("details", element("summary", part.summary), inside)
        return _simple(part)

    def _plot(self, plot: Plot, level: int, name: str) -> Markup:
        if plot.figure is None:
            told = element("p", plot.told, class_="faint")
            return joined(_heading(level, plot.title, name), told)
        self.has_figures = True
        height = int(plot.figure.layout.height or 420)
        return element(
            "figure",
            # The figure has a title of its own, which goes with it where it is saved.
            _heading(level, plot.title, name, unseen=not plot.headed),
            element(
                "div",
                class_="plot",
                id=f"{name}-plot",
                data_pack=self._pack(figure_json(plot.figure)),
                role="img",
                aria_label=f"{plot.title}. {plot.told}",
                style=f"min-height:{height}px",
            ),
            element("figcaption", plot.told) if plot.told else None,
        )

    def _records(self, records: Records) -> Markup:
        columns = [{"name": each.name, "numeric": each.numeric} for each in records.columns]
        pack = self._pack(json_text({"columns": columns, "rows": records.rows}))
        told = f"{len(records.rows):,} rows"
        return element("div", told, class_="records", data_pack=pack, data_caption=records.caption)

    def _pack(self, text: str) -> str:
        """Return the identifier of a block that holds a text; one for all that are the same."""
        if text not in self._packs:
            self._packs[text] = name = f"pack-{len(self._packs)}"
            inside = Markup(packed(text))
            self.data.append(element("script", inside, type="text/plain", id=name))
        return self._packs[text]


def _entries(entries: Sequence[tuple[int, str, str]]) -> Iterator[Markup]:
    """Yield list items, those of deeper levels in lists of their own."""
    for place, (level, title, name) in enumerate(entries):
        if level > entries[0][0]:
            continue
        rest = entries[place + 1 :]
        ends = next((at for at, each in enumerate(rest) if each[0] <= level), len(rest))
        inner = element("ul", list(_entries(rest[:ends]))) if ends else None
        yield element("li", element("a", title, href=f"#{name}"), inner)


def _heading(level: int, title: str, name: str, *, unseen: bool = False) -> Markup:
    return element(f"h{min(level, 6)}", title, id=name, class_="unseen" if unseen else None)


def _simple(part: Part) -> Markup:
    if isinstance(part, Line):
        return element("p", part.text, class_=None if part.tone == "plain" else part.tone)
    if isinstance(part, Lines):
        items = [element("li", each) for each in part.items]
        return element("ul", items, class_=None if part.tone == "plain" else part.tone)
    if isinstance(part, Facts):
        return element(
            "dl", [(element("dt", name), element("dd", told)) for name, told in part.rows]
        )
    if isinstance(part, Figures):
        return element("dl", [_figure(*each) for each in part.items], class_="figures")
    if isinstance(part, Table):
        return _table(part)
    if isinstance(part, Code):
        return element("pre", element("code", part.text), tabindex="0")
    if isinstance(part, Prose):
        return element("div", from_markdown(part.markdown), class_="prose")
    raise TypeError(f"a page has no way to show a {type(part).__name__}")


def _figure(name: str, number: str, told: str) -> Markup:
    inside = element("dd", number), element("dd", told, class_="faint") if told else None
    return element("div", element("dt", name), inside)


def _breakable(name: str) -> Markup:
    """Return a name that breaks where its words end."""
    first, *rest = re.split(r"(?<=[_/])", name)
    return joined(first, [(element("wbr"), each) for each in rest])


def _table(table: Table) -> Markup:
    heads = [
        element("th", _breakable(each.name), scope="col", class_="number" if each.numeric else None)
        for each in table.columns
    ]
    tones = table.tones or ["plain"] * len(table.rows)
    rows = [
        element(
            "tr",
            [
                element("td", cell, class_="number" if column.numeric else None)
                for cell, column in zip(row, table.columns, strict=True)
            ],
            class_=None if tone == "plain" else tone,
        )
        for row, tone in zip(table.rows, tones, strict=True)
    ]
    inside = element(
        "table",
        element("caption", table.caption),
        element("thead", element("tr", heads)),
        element("tbody", rows),
        class_="sortable",
    )
    return element(
        "div", inside, class_="scroll", role="region", aria_label=table.caption, tabindex="0"
    )

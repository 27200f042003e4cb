"""Reports as a browser has them: drawn, silent, themed, searchable, and harmless."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from browsing import Browser, Page
from ray import tune
from stored_sweeps import configs, curve, level, planted, stored

import tuner
from tuner.reporting.page import render_page
from tuner.reporting.parts import Facts, Line, Lines, Prose, Section
from tuner.reporting.parts import Page as Report
from tuner.store import SweepLayout
from tuner.store.notes import add_note

TAG = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(2)>"
NAMES = ("lr", TAG)
TRIALS = 60
DRAWN = "Number(document.documentElement.dataset.drawn || 0)"
PLOTS = "[...document.querySelectorAll('.plot')]"
WATCH_PRINT = f"""addEventListener('beforeprint', () => {{
    const {{ paper_bgcolor, width }} = {PLOTS}[0]._fullLayout;
    window.printed = [paper_bgcolor, width];
}})"""
OPEN_ALL = "document.querySelectorAll('main details').forEach((each) => { each.open = true })"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a sweep of which every name and value is meant to do harm."""
    folder = tmp_path_factory.mktemp("report")
    trials = [
        planted(
            {"lr": c["y"], TAG: c["x"], "</script>": f"\"'{IMAGE}{n % 2}"},
            *curve(level(c)), outcome="stopped" if n % 3 else "completed",
        )
        for n, c in enumerate(configs(9))
    ]  # fmt: skip
    trials += [planted({"lr": 0.5, TAG: n}, outcome="failed") for n in range(TRIALS - 9)]
    sweep = stored(
        folder, trials,
        space={"lr": tune.loguniform(1e-4, 1), TAG: tune.uniform(0, 1),
               "</script>": tune.choice([f"\"'{IMAGE}0", f"\"'{IMAGE}1"])},
        notes=IMAGE,
    )  # fmt: skip
    add_note(SweepLayout(sweep.path), f"{TAG} {IMAGE}", tags=["<b>"])
    return tuner.report(sweep, title=f"{TAG} & co")


@pytest.fixture
def see(browser: Browser, report: Path) -> Iterator[Callable[..., Page]]:
    """Open the report; no page may have complained by the end."""
    pages: list[Page] = []

    def open_it(**options: object) -> Page:
        pages.append(browser.open(report, **options))  # type: ignore[arg-type]
        return pages[-1]

    yield open_it
    for page in pages:
        page.check_sound()
        page.close()


@pytest.fixture(scope="module")
def drawn(browser: Browser, report: Path) -> Iterator[Page]:
    """The report when everything in it has been opened and has been in view."""
    page = browser.open(report)
    assert page.evaluate(DRAWN) < 5  # those in view
    page.evaluate(OPEN_ALL)
    page.scroll_through()
    page.wait_until(f"{DRAWN} === {PLOTS}.length")
    yield page
    page.check_sound()
    page.close()


def test_every_figure_is_drawn_and_no_text_does_anything(drawn: Page) -> None:
    assert drawn.evaluate(f"{PLOTS}.length") >= 13
    assert drawn.evaluate(f"{PLOTS}.filter((each) => !each.querySelector('svg')).length") == 0
    assert drawn.evaluate("document.title") == f"{TAG} & co"
    assert drawn.evaluate("document.querySelectorAll('main img, main script').length") == 0
    shown = drawn.evaluate("document.querySelector('main').innerText")
    assert TAG in shown
    assert IMAGE in shown
    buttons = drawn.evaluate(
        "[...document.querySelectorAll('.modebar-btn')].map((each) => each.dataset.title)"
    )
    assert buttons
    assert not [each for each in buttons if "hare" in each or "loud" in each]


def test_on_a_phone_only_boxes_scroll_sideways(drawn: Page) -> None:
    drawn.resize(375, 700)
    drawn.wait_until(f"{PLOTS}.every((each) => each._fullLayout.width <= 375)")
    assert drawn.evaluate("document.documentElement.scrollWidth") <= 375
    loose = """[...document.querySelectorAll('main *')].filter((each) =>
        each.getBoundingClientRect().right > 376 && !each.closest('.scroll, pre, .plot')).length"""
    assert drawn.evaluate(loose) == 0
    drawn.resize(1200, 900)


def test_a_long_word_widens_no_page(browser: Browser, tmp_path: Path) -> None:
    word = "0123456789abcdef" * 9  # a commit, a path
    parts = [Line(word), Lines([word]), Prose(f"- {word}\n\n{word}"), Facts([(word, word)])]
    page = render_page(Report("words", "", [Section("Words", parts)], ""))
    file = tmp_path / "words.html"
    file.write_text(page)
    seen = browser.open(file, width=375)
    assert seen.evaluate("document.documentElement.scrollWidth") <= 375
    seen.close()


def test_all_of_it_is_printed_in_the_light_theme(drawn: Page, tmp_path: Path) -> None:
    paper = f"{PLOTS}[0]._fullLayout.paper_bgcolor"
    drawn.prefer(dark=True)
    drawn.wait_until(f"{paper} === '#14171B'")
    drawn.evaluate(WATCH_PRINT)
    assert drawn.print_to(tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert drawn.evaluate("printed") == ["#FFFFFF", 680]
    drawn.wait_until(f"{paper} === '#14171B'")  # it is the system's again
    assert drawn.evaluate(f"{PLOTS}[0]._fullLayout.width") != 680
    drawn.prefer(dark=False)


def test_what_was_never_in_view_is_printed_too(see: Callable[..., Page], tmp_path: Path) -> None:
    page = see()
    page.wait_until("'unpacked' in document.documentElement.dataset")
    before = page.evaluate(DRAWN)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert before < page.evaluate(DRAWN) == page.evaluate(f"{PLOTS}.length")
    assert page.evaluate("document.querySelector('main details:has(figure)').open")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.evaluate("document.querySelector('main details:has(figure)').open")


def test_nothing_is_wider_or_taller_than_a_printed_page(see: Callable[..., Page]) -> None:
    page = see()
    page.wait_until("'unpacked' in document.documentElement.dataset")
    table = "document.querySelector('.scroll table')"
    page.evaluate(f"{table}.style.minWidth = '3000px'")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(f"{table}.style.zoom") == "0.45"
    assert page.evaluate(f"{table}.classList.contains('tight')")
    assert page.evaluate(f"{table}.closest('section').classList.contains('across')")
    tallest = f"Math.max(...{PLOTS}.map((each) => each.layout.height * (each.style.zoom || 1)))"
    assert page.evaluate(tallest) <= 861
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(f"[{table}, ...{PLOTS}].every((each) => each.style.zoom === '')")
    assert page.evaluate("document.querySelector('.across, .printed, .tight')") is None


@pytest.mark.parametrize(("more", "paper_px"), [(4, 680), (12, 940)])
def test_a_printed_table_is_as_small_as_its_numbers_take(
    see: Callable[..., Page], more: int, paper_px: int
) -> None:
    page = see()
    table = "document.querySelector('table.sortable')"
    page.evaluate(f"""for (const row of {table}.rows) {{
        for (let n = 0; n < {more}; n += 1) {{
            const cell = row.cells[1].cloneNode(true);
            cell.textContent = '1.2345e-06';
            row.append(cell);
        }}
    }}""")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.prefer(printing=True)
    page.resize(paper_px, 900)
    assert page.evaluate(f"getComputedStyle({table}.rows[1].cells[1]).whiteSpace") == "nowrap"
    assert page.evaluate(f"{table}.closest('.across') !== null") == (paper_px > 680)
    assert 0.45 <= float(page.evaluate(f"{table}.style.zoom")) < 1
    box = f"{table}.closest('.scroll')"
    assert page.evaluate(f"{box}.scrollWidth - {box}.clientWidth") <= 1


def test_all_rows_of_a_long_table_are_printed(see: Callable[..., Page]) -> None:
    page = see()
    rows = "document.querySelectorAll('.records tbody tr').length"
    page.wait_until(f"{rows} === 25")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(rows) == TRIALS
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(rows) == 25


def test_where_a_table_goes_on_its_edge_is_shaded(see: Callable[..., Page]) -> None:
    page = see(width=375)
    behind = "getComputedStyle(document.querySelector('.scroll')).backgroundAttachment"
    assert page.evaluate(behind) == "local, local, scroll, scroll"


def test_themes_are_the_system_s_until_one_is_chosen(see: Callable[..., Page]) -> None:
    page = see(dark=True)
    page.evaluate("document.querySelector('.plot').scrollIntoView()")
    page.wait_until(f"{DRAWN} > 0")
    background = "getComputedStyle(document.body).backgroundColor"
    paper = "document.querySelector('.plot')._fullLayout.paper_bgcolor"
    assert (page.evaluate(background), page.evaluate(paper)) == ("rgb(20, 23, 27)", "#14171B")
    page.prefer(dark=False)
    page.wait_until(f"{paper} === '#FFFFFF'")
    page.evaluate("document.getElementById('theme').click()")
    page.wait_until(f"{paper} === '#14171B'")
    page.reload()  # what was chosen holds
    assert page.evaluate(background) == "rgb(20, 23, 27)"
    assert page.evaluate("document.getElementById('theme').textContent") == "Light"


def test_the_table_of_trials_is_searched_sorted_and_turned(see: Callable[..., Page]) -> None:
    page = see()
    cells = """[...document.querySelectorAll('.records tbody tr')].map((row) =>
        row.cells[%d].textContent)"""
    page.wait_until("document.querySelector('.records tbody tr') !== null")
    status = "document.querySelector('.records output').textContent"
    assert page.evaluate(status) == f"1 to 25 of {TRIALS}"
    assert len(page.evaluate(cells % 0)) == 25
    page.evaluate("document.querySelectorAll('.tools button')[1].click()")
    assert page.evaluate(cells % 0)[0] == "t000025"
    search = """((text) => { const box = document.querySelector('.tools input');
        box.value = text; box.dispatchEvent(new Event('input')) })"""
    page.evaluate(f"{search}('STOPPED 1e')")
    assert "nothing found" in page.evaluate(status)
    page.evaluate(f"{search}('Completed')")
    assert page.evaluate(status) == f"1 to 3 of 3 (of {TRIALS})"
    page.evaluate(f"{search}('')")
    heads = "[...document.querySelectorAll('.records th button')]"
    page.evaluate(f"{heads}.find((each) => each.textContent === 'best loss').click()")
    values = [float(each) for each in page.evaluate(cells % 2) if each]
    assert values == sorted(values)
    assert len(values) == 9  # those without a value come last
    page.evaluate(f"{heads}.find((each) => each.textContent === 'best loss').click()")
    values = [float(each) for each in page.evaluate(cells % 2) if each]
    assert values == sorted(values, reverse=True)
    assert page.evaluate("document.querySelector('.records th[aria-sort]').textContent") == (
        "best loss"
    )


def test_it_is_for_those_too_who_do_not_see_it_or_have_no_mouse(
    see: Callable[..., Page],
) -> None:
    page = see()
    nameless = """[...document.querySelectorAll('[role=img], [role=region], nav, button, input')]
        .filter((each) => !each.hidden && !each.getAttribute('aria-label') && !each.textContent
                && !each.closest('.plot')).map((each) => each.outerHTML)"""
    assert page.evaluate(nameless) == []
    headings = "[...document.querySelectorAll('h1, h2, h3, h4')].map((each) => +each.tagName[1])"
    levels = page.evaluate(headings)
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    links = "[...document.querySelectorAll('.contents a')].map((each) => each.hash.slice(1))"
    targets = page.evaluate(links)
    found = page.evaluate(f"{json.dumps(targets)}.filter((id) => document.getElementById(id))")
    assert found == targets
    page.evaluate("document.querySelectorAll('table.sortable th button')[5].focus()")
    page.press("Enter")
    table = "document.querySelector('table.sortable')"
    values = page.evaluate(f"[...{table}.tBodies[0].rows].map((r) => Number(r.cells[5].innerText))")
    assert values == sorted(values)
    assert len(values) == 9


def test_without_javascript_facts_and_tables_are_there(browser: Browser, report: Path) -> None:
    bare = report.with_name("bare.html")
    policy = "script-src &#x27;unsafe-inline&#x27;"
    bare.write_text(report.read_text().replace(policy, "script-src &#x27;none&#x27;"))
    page = browser.open(bare)
    assert page.evaluate("document.querySelectorAll('tbody tr').length") > 9
    assert page.evaluate("document.documentElement.dataset.drawn") is None
    page.close()

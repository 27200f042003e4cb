"""A report that follows what runs: when it is written, when it ends, and how the page behaves."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from devtools import ProtocolError
from running_sweeps import RunningSweep

from tuner.errors import SpecError, StorageError, SweepFailedError
from tuner.reporting import live
from tuner.reporting.live import follow_report, live_mark
from tuner.reporting.page import render_page
from tuner.reporting.parts import Line, Live, Page, Section
from tuner.reporting.serving import PageServer
from tuner.reporting.writing import gather, render


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningSweep]:
    sweep = RunningSweep(tmp_path)
    yield sweep
    sweep.lock.release()


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return how each page was asked for; a page is its number."""
    asked: list[dict[str, Any]] = []

    def page(found: Sequence[Any], **options: Any) -> str:
        asked.append({"reports": [len(each.sweep.reports()) for each in found], **options})
        return f"page {len(asked)}"

    monkeypatch.setattr(live, "render", page)
    return asked


def between_looks(*steps: Callable[[], Any]) -> Callable[[float], None]:
    """Return a sleep in which one step after the other happens, and then Ctrl-C."""
    left = list(steps)

    def sleep(seconds: float) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    return sleep


def follow(running: RunningSweep, *steps: Callable[[], Any], **options: Any) -> Path:
    file = running.path / "report.html"
    given = {"effort": lambda: 0.0, "clock": lambda: 1000.0, **options}
    return follow_report([running.path], file, sleep=between_looks(*steps), **given)


def nothing() -> None:
    pass


class TestFollowing:
    def test_it_is_written_when_something_changed_and_whole_at_the_end(
        self, running: RunningSweep, pages: list[dict[str, Any]]
    ) -> None:
        file = follow(running, nothing, lambda: running.report("n", 1, 0.5), nothing, running.end)
        assert [page["reports"] for page in pages] == [[24], [25], [25]]
        assert [page.get("costly", True) for page in pages] == [False, False, True]
        assert [page.get("live") is None for page in pages] == [False, False, True]
        assert file.read_text() == "page 3"

    def test_what_has_ended_is_written_once(
        self, running: RunningSweep, pages: list[dict[str, Any]]
    ) -> None:
        running.end()
        follow(running)
        assert len(pages) == 1
        assert pages[0].get("live") is None

    def test_ctrl_c_ends_the_watching_only(
        self, running: RunningSweep, pages: list[dict[str, Any]]
    ) -> None:
        with pytest.raises(KeyboardInterrupt):
            follow(running, nothing)
        assert gather([running.path])[0].runs

    def test_a_dead_driver_is_told_of_with_the_remedy(
        self, running: RunningSweep, pages: list[dict[str, Any]]
    ) -> None:
        with pytest.raises(SweepFailedError, match="its driver is gone; go on with: tuner resume"):
            follow(running, running.die)
        assert pages[-1].get("live") is None

    def test_a_page_that_took_long_is_followed_by_a_rest_and_the_end_is_not_missed(
        self, running: RunningSweep, pages: list[dict[str, Any]]
    ) -> None:
        clock, effort = itertools.count(1000, 1.0), itertools.count(0.0, 2.0)  # 2 s of a core each
        steps = [lambda n=n: running.report("n", n, 0.5) for n in range(1, 10)]
        follow(
            running, *steps, running.end, clock=lambda: next(clock), effort=lambda: next(effort)
        )  # fmt: skip
        # 8 s after the first page and a look a second: the second page has missed several reports.
        assert [page["reports"] for page in pages[:2]] == [[24], [32]]
        assert pages[-1]["reports"] == [33]
        assert len(pages) == 3

    def test_it_is_served_as_it_is_written(
        self, running: RunningSweep, pages: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        published: list[str] = []
        monkeypatch.setattr(PageServer, "publish", lambda _, page: published.append(page))
        with PageServer() as server:
            follow(running, running.end, server=server)
        assert published == ["page 1", "page 2"]

    def test_a_folder_that_cannot_be_written(
        self, running: RunningSweep, pages: list[dict[str, Any]], tmp_path: Path
    ) -> None:
        (tmp_path / "taken").touch()
        with pytest.raises(StorageError, match="name another one"):
            follow_report([running.path], tmp_path / "taken" / "report.html")

    def test_an_interval_is_positive(self, running: RunningSweep) -> None:
        with pytest.raises(SpecError, match="above 0, got 0"):
            follow_report([running.path], running.path / "report.html", every_s=0)

    def test_a_study_between_two_steps_runs_for_a_while(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "study"
        (folder / "steps").mkdir(parents=True)
        (folder / "study.json").write_text("{}")
        step = folder / "steps" / "explore.json"
        step.write_text("{}")
        for file in (step, folder / "study.json"):
            os.utime(file, (5000, 5000))
        monkeypatch.setattr(live, "render", lambda found, **options: str(options.get("live")))
        now, seen = [5001.0], list[str]()
        file = folder / "report.html"

        def pass_to(moment: float) -> Callable[[], None]:
            return lambda: (seen.append(file.read_text()), now.__setitem__(0, moment))[0]

        steps = [pass_to(5100.0), pass_to(5200.0)]
        follow_report([folder], file, clock=lambda: now[0], sleep=between_looks(*steps))
        assert all("Live, as of" in page for page in seen)
        assert len(seen) == 2
        assert file.read_text() == "None"


class TestPage:
    """What a browser makes of it."""

    def test_it_stays_where_it_was(
        self, running: RunningSweep, browser: Any, tmp_path: Path
    ) -> None:
        file = tmp_path / "report.html"
        mark = live_mark(2_000_000_000.0, 3600)
        file.write_text(render(gather([running.path]), costly=False, live=mark))
        page = browser.open(file, width=900, height=700)
        assert page.evaluate("document.getElementById('live').textContent").startswith("Live, as")
        top = "Math.round(document.querySelectorAll('h2')[3].getBoundingClientRect().top)"
        page.evaluate(
            """(() => {
              document.getElementById("theme").click();
              document.getElementById("contents").open = false;
              const heading = document.querySelectorAll("h2")[3];
              const top = heading.getBoundingClientRect().top + scrollY - 4;
              scrollTo({top, behavior: "instant"});
            })()"""
        )
        page.wait_until("history.state?.tuner?.folds.some(([, open]) => !open)")
        kept = page.evaluate(top)
        running.report("n", 1, 0.0001234)
        file.write_text(render(gather([running.path]), costly=False, live=mark))
        page.reload()
        page.wait_until(f"Math.abs({top} - {kept}) <= 2")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert page.evaluate("document.getElementById('contents').open") is False
        assert "0.0001234" in page.evaluate("document.body.textContent")
        page.check_sound()
        page.close()

    def test_it_loads_itself_again_but_not_under_somebody_who_types(
        self, browser: Any, tmp_path: Path
    ) -> None:
        file = tmp_path / "report.html"
        file.write_text(small_page(live_mark(2_000_000_000.0, 0.1)))
        page = browser.open(file)
        patiently(page, "performance.getEntriesByType('navigation')[0].type === 'reload'")
        patiently(
            page,
            "document.body.prepend(document.createElement('input')),"
            " document.body.firstChild.focus(), window.mine = true",
        )
        page.evaluate("new Promise(done => setTimeout(done, 600))")
        assert page.evaluate("window.mine") is True
        page.evaluate("document.activeElement.blur()")
        patiently(page, "window.mine === undefined")
        page.close()

    def test_a_page_that_nobody_writes_any_more_says_since_when(
        self, browser: Any, tmp_path: Path
    ) -> None:
        file = tmp_path / "report.html"
        file.write_text(small_page(live_mark(0.0, 30)))
        page = browser.open(file)
        page.wait_until("document.getElementById('live').textContent.includes('nothing new for')")
        page.check_sound()
        file.write_text(small_page(None))
        page.reload()
        assert page.evaluate("document.getElementById('live')") is None
        page.close()

    def test_it_is_the_same_when_it_is_served(self, browser: Any) -> None:
        with PageServer() as server:
            server.publish(small_page(live_mark(2_000_000_000.0, 0.1)))
            page = browser.open(server.url)
            server.publish(small_page(None))
            patiently(page, "document.getElementById('live') === null")
            assert page.evaluate("document.title") == "small"
            page.close()


def small_page(live: Live | None) -> str:
    sections = [Section(f"Part {n}", [Line("words")] * 9) for n in range(5)]
    return render_page(Page("small", "", sections, "made by hand", live))


def patiently(page: Any, expression: str) -> None:
    """Wait until an expression is true, over the moments in which a page is loaded again."""
    for _ in range(200):
        try:
            if page.wait_until(expression, patience=0.2):
                return
        except ProtocolError:
            pass
    raise AssertionError(f"{expression} never was")

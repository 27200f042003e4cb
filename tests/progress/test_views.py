"""The views: which one is picked, what they write and how often."""

from __future__ import annotations

import io
import itertools
import math
import os
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from clocks import Clock
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from tuner.errors import SpecError
from tuner.progress import (
    CurveSample,
    Gauge,
    Member,
    Rung,
    SilentView,
    Snapshot,
    live,
    make_view,
    panel_svg,
)
from tuner.progress.lines import LineView
from tuner.progress.live import LiveView
from tuner.progress.panel import render
from tuner.progress.panel_parts import apportion

ESCAPE = "\x1b"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def snapshot(elapsed_s: float = 0.0, **changes: object) -> Snapshot:
    values = {
        "name": "digits", "path": "results/digits", "arm": "asha+hyperopt", "metric": "error",
        "mode": "min", "time_attr": "epoch", "max_t": 9, "elapsed_s": elapsed_s,
        "counts": {"RUNNING": 2, "TERMINATED": 3, "ERROR": 1}, "num_samples": 8, "reports": 40,
        "outcomes": {"completed": 1, "stopped": 2, "failed": 1},
    }  # fmt: skip
    return Snapshot(**(values | changes))


def best(value: float, trial: str = "t1") -> dict[str, object]:
    return {"best_value": value, "best_trial": trial, "best_iteration": 3,
            "best_config": {"lr": 0.1}}  # fmt: skip


def everything(*, long: bool = False, **changes: object) -> Snapshot:
    """Return a sweep of which all is known; with names as long as they come."""
    curves = {f"t{n}": [(1, 1.0), (2, 0.5 + n / 20), (9, 0.25 + n / 20)] for n in range(12)}
    numbers = {trial: n for n, trial in enumerate(curves, 1)}
    gauges = [
        Gauge(name=name, used=3, total=4, mean=0.75, recent=[0, 0.5, 1], recent_s=90)
        for name in ("workers", "CPU", "GPU")
    ]
    names = {"name": "n" * 60, "arm": "asha:" + "a" * 60, "path": "results/" + "p" * 60}
    config = {f"hyperparameter_{n}" + "x" * 40: 0.123456 for n in range(30)}
    given = {
        "rungs": [
            Rung(label=f"{3**n}", trials=60 - n, passed=20, waiting=2, cutoff=0.5, best=0.25)
            for n in range(4)
        ],
        "gauges": gauges,
        "curves": CurveSample(curves, frozenset({"t3"}), numbers, trials=300, finite=300),
        **best(0.25),
        **({**names, "best_config": config, "metric": "m" * 60} if long else {}),
    }
    return snapshot(95.0, **(given | changes))


def drawn(view: Snapshot, width: int = 100, height: int = 40) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(render(view, 2.5, width=width, height=height))
    return console.file.getvalue()


@pytest.fixture(autouse=True)
def capable_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return


def test_auto_redraws_in_a_terminal_and_writes_lines_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(make_view("auto", Terminal()), LiveView)
    assert isinstance(make_view("auto", io.StringIO()), LineView)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert isinstance(make_view("auto", io.StringIO()), LineView)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(make_view("auto", Terminal()), LineView)


def test_a_kind_can_be_asked_for() -> None:
    assert isinstance(make_view("live", io.StringIO()), LiveView)
    assert isinstance(make_view("lines", Terminal()), LineView)
    assert isinstance(make_view("none", Terminal()), SilentView)
    with pytest.raises(SpecError, match="got 'line'; did you mean 'lines'"):
        make_view("line", io.StringIO())


def test_the_silent_view_writes_nothing() -> None:
    stream = Terminal()
    view = make_view("none", stream)
    view.update(snapshot())
    view.message("hello")
    view.close(snapshot())
    assert stream.getvalue() == ""


class TestLines:
    def test_status_comes_every_ten_seconds(self) -> None:
        stream = io.StringIO()
        view = LineView(stream)
        for tenth in range(251):
            view.update(snapshot(tenth / 10))
        starts = [line.split("]")[0] for line in stream.getvalue().splitlines()]
        assert starts == ["[0s", "[10s", "[20s"]

    def test_a_status_line_says_it_all(self) -> None:
        stream = io.StringIO()
        view = LineView(stream)
        view.update(snapshot(0, reports=0))
        gauge = Gauge(name="workers", used=3, total=4, mean=0.75)
        seen = {"resources": {"CPU": (2, 4)}, "gauges": [gauge], "note": "waiting"}
        view.update(snapshot(20, **seen, **best(0.25)))
        assert stream.getvalue().splitlines()[-1] == (
            "[20s] 4 of 8 trials ended (2 running, 1 completed, 2 stopped, 1 failed); "
            "40 reports (2/s); best error=0.25 (t1, iteration 3); 3 of 4 workers busy, mean 75%; "
            "CPU 2/4; about 20s left; waiting"
        )

    def test_each_new_best_is_told_once_and_at_most_once_a_second(self) -> None:
        stream = io.StringIO()
        view = LineView(stream)
        values = [0.9, 0.8, 0.7, 0.7, 0.7]
        for step, value in enumerate(values):
            view.update(snapshot(0.4 * step, **best(value)))
        told = re.findall(r"\[(\d)s\] new best error=([\d.]+)", stream.getvalue())
        assert told == [("0", "0.9"), ("1", "0.7")]
        assert "lr=0.1" in stream.getvalue()

    def test_a_note_that_appears_is_told_at_once(self) -> None:
        stream = io.StringIO()
        view = LineView(stream)
        view.update(snapshot(0))
        for second in (1, 2, 3):
            view.update(snapshot(second, note=f"waiting ({second} s)"))
        assert stream.getvalue().count("waiting") == 1

    def test_the_end_is_told_once(self) -> None:
        stream = io.StringIO()
        view = LineView(stream)
        view.update(snapshot(0, **best(0.9)))
        view.close(snapshot(0.5, **best(0.8)))
        view.close(snapshot(0.6, **best(0.7)))
        lines = stream.getvalue().splitlines()
        assert [("new best" in line, "0.8" in line) for line in lines[2:]] == [
            (True, True), (False, True),
        ]  # fmt: skip

    def test_no_escape_codes_and_plain_ascii(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        view = LineView(stream)
        view.update(snapshot(5, rungs=[Rung(label="1", trials=2)], **best(0.5)))
        view.close(snapshot(6))
        stream.seek(0)
        assert ESCAPE not in stream.read()

    def test_a_reader_that_goes_away_does_not_end_the_sweep(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        stream = os.fdopen(writing, "w", buffering=1)
        view = LineView(stream)
        view.update(snapshot(0))
        view.close(snapshot(100))
        with pytest.raises(BrokenPipeError):
            stream.close()


class TestLive:
    def test_at_most_four_frames_a_second(self) -> None:
        stream, clock = Terminal(), Clock()
        view = LiveView(stream, clock=clock)
        for step in range(100):  # two seconds
            clock.now = step / 50
            view.update(snapshot(clock.now, name=f"frame{step}"))
        frames = sorted(map(int, set(re.findall(r"frame(\d+)", stream.getvalue()))))
        view.close()
        assert 2 <= len(frames) <= 9
        assert all(later - earlier >= 12 for earlier, later in itertools.pairwise(frames))

    def test_the_last_state_stays_and_the_cursor_comes_back(self) -> None:
        stream = Terminal()
        view = LiveView(stream, clock=Clock())
        view.update(snapshot(name="first"))
        view.update(snapshot(name="skipped"))
        view.message("a line [red]not markup[/red]")
        view.close(snapshot(name="last"))
        written = stream.getvalue()
        view.close(snapshot(name="again"))
        view.update(snapshot(name="again"))
        assert stream.getvalue() == written
        assert "last" in written
        assert "skipped" not in written
        assert "a line [red]not markup[/red]" in written
        assert written.rindex(f"{ESCAPE}[?25h") > written.rindex(f"{ESCAPE}[?25l")

    def test_closing_an_unused_view_writes_nothing(self) -> None:
        stream = Terminal()
        LiveView(stream).close()
        assert stream.getvalue() == ""


class TestPanel:
    def test_it_shows_states_best_rungs_and_resources(self) -> None:
        rungs = [Rung(label="s=1: 3", trials=6, cutoff=0.5, best=0.25)]
        resources = {"CPU": (2.0, 2.0), "GPU": (0.5, 1.0)}
        text = drawn(snapshot(20, rungs=rungs, resources=resources, note="waiting", **best(0.25)))
        for part in (
            "digits", "asha+hyperopt", "4 of 8 trials ended", "2 running", "1 failed",
            "error=0.25 (min)", "t1 at iteration 3", "lr=0.1", "s=1: 3", "0.5", "2.5/s",
            "about 20s left", "GPU 0.5/1", "waiting", "results/digits",
        ):  # fmt: skip
            assert part in text

    def test_text_of_the_user_is_not_markup(self) -> None:
        text = drawn(snapshot(name="[bold]x", arm="asha:a=[1,2]", **best(1.0, "[/]")))
        assert "[bold]x" in text
        assert "a=[1,2]" in text
        assert "[/] at" in text

    @pytest.mark.parametrize(("mode", "order"), [("min", "cbda"), ("max", "dbca")])
    def test_the_population_is_sorted_best_first_and_nan_is_last(
        self, mode: str, order: str
    ) -> None:
        values = {"a": math.nan, "b": 0.5, "c": 0.25, "d": 0.75}
        members = [
            Member(trial_id=f"trial_{name}", value=value, iteration=1)
            for name, value in values.items()
        ]
        text = drawn(snapshot(mode=mode, population=members))
        assert "".join(re.findall(r"trial_(\w)", text)) == order

    def test_long_tables_are_cut_to_the_screen(self) -> None:
        rungs = [Rung(label=f"rung{i}", trials=i) for i in range(50)]
        text = drawn(snapshot(rungs=rungs, **best(0.5)), height=24)
        assert len(text.splitlines()) <= 24
        assert "+ 35 more" in text

    @pytest.mark.parametrize("width", [1, 5, 20, 40, 200])
    def test_narrow_terminals_are_respected(self, width: int) -> None:
        members = [Member(trial_id="t1", value=0.5, iteration=3, config={"lr": 0.1, "n": 64})]
        text = drawn(snapshot(population=members, **best(0.5)), width=width)
        assert all(len(line) <= width for line in text.splitlines())

    def test_ids_stay_readable_when_the_configuration_does_not_fit(self) -> None:
        members = [Member(trial_id="trial_0001", value=0.5, iteration=3, config={"x": "y" * 200})]
        text = drawn(snapshot(population=members), width=60)
        assert "trial_0001" in text
        assert "…" in text

    @pytest.mark.parametrize("size", [(80, 24), (200, 60), (120, 12), (40, 15), (30, 8)])
    @pytest.mark.parametrize("long", [False, True])
    def test_it_fits_the_screen_with_all_there_is(self, size: tuple[int, int], long: bool) -> None:
        width, height = size
        text = drawn(everything(long=long), width, height)
        lines = text.splitlines()
        assert len(lines) <= max(height - 1, 9)
        assert all(len(line) <= width for line in lines)
        assert "trials ended" in lines[2]

    def test_a_usual_terminal_shows_all_of_it(self) -> None:
        text = drawn(everything(), 80, 24)
        for part in (
            "digits", "4 of 8 trials ended", "error=0.25 (min)", "lr=0.1", "workers busy  3/4",
            "mean 75%", "▁▅█", "reached", "passed", "waiting", "error (min)", "◆ best 0.25",
            "12 of 300 trials", "40 reports",
        ):  # fmt: skip
            assert part in text

    def test_what_matters_least_goes_first(self) -> None:
        high, low = drawn(everything(), 80, 24), drawn(everything(), 80, 15)
        assert "◆" in high
        assert "◆" not in low
        for part in ("reached", "workers busy", "error=0.25", "4 of 8 trials ended"):
            assert part in low

    def test_curves_stand_beside_the_rungs_where_there_is_room(self) -> None:
        lines = drawn(everything(), 160, 40).splitlines()
        assert any("reached" in line and "error (min)" in line for line in lines)

    def test_a_gauge_of_which_nobody_knows_of_how_much(self) -> None:
        gauge = Gauge(name="workers", used=3, total=None, mean=2.5, recent=[1, 3], recent_s=2)
        text = drawn(snapshot(gauges=[gauge]))
        assert "workers busy  3  mean 2.5" in text
        assert "%" not in text

    def test_a_sweep_in_which_all_has_failed(self) -> None:
        curves = CurveSample({"a": [(1, math.nan)]}, frozenset(), {"a": 1}, trials=1, finite=0)
        text = drawn(snapshot(counts={"ERROR": 8}, outcomes={"failed": 8}, curves=curves))
        assert "8 of 8 trials ended   ● 8 failed" in text
        assert "◆" not in text

    def test_curves_are_drawn_once_a_second_and_at_the_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawings: list[float] = []
        clock = Clock()

        def draw(shown: Snapshot, width: int, height: int) -> Text:
            drawings.append(clock.now)
            return Text("curves")

        monkeypatch.setattr(live, "draw_sample", draw)
        console = Console(file=Terminal(), width=80, height=40)
        view = LiveView(Terminal(), clock=clock, console=console)
        for step in range(9):
            clock.now = step / 4
            view.update(everything())
        view.close(everything())
        assert drawings == [0, 1, 2, 2]

    def test_a_terminal_of_another_size_is_wiped(self) -> None:
        terminal, clock = Terminal(), Clock()
        console = Console(file=terminal, width=80, height=30, force_terminal=True)
        view = LiveView(terminal, clock=clock, console=console)
        view.update(everything())
        assert f"{ESCAPE}[2J" not in terminal.getvalue()
        console.size = (60, 20)
        clock.now = 1
        view.update(everything())
        view.close()
        assert f"{ESCAPE}[2J" in terminal.getvalue()

    def test_a_picture_for_a_page(self) -> None:
        svg = panel_svg(everything(name="<script>alert(1)</script>"), title="<b>", height=30)
        root = ElementTree.fromstring(svg)
        assert root.tag.endswith("svg")
        assert "url(http" not in svg
        assert "font-face" not in svg
        assert "<script" not in svg
        assert "".join(root.itertext()).count("alert") == 1

    def test_nothing_is_known_yet(self) -> None:
        text = drawn(snapshot(counts={}, outcomes={}, num_samples=None, reports=0))
        assert "0 trials ended" in text


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.integers(8, 300))
def test_apportioned_cells_fill_the_bar_and_forget_nobody(counts: list[int], width: int) -> None:
    cells = apportion(counts, width)
    assert sum(cells) == (width if sum(counts) else 0)
    assert all((count > 0) == (cell > 0) for count, cell in zip(counts, cells, strict=True))

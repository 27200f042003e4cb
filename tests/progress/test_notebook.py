"""The panel below a cell of a notebook: drawn in place, now and then, and escaped."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from clocks import Clock

from tuner.progress import Snapshot, make_view
from tuner.progress.lines import LineView
from tuner.progress.notebook import NotebookView


class Cell:
    """Stands in for IPython's display: notes what is shown, and where it is replaced."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []
        self.places = 0

    def __call__(self, bundle: dict[str, str], *, raw: bool, display_id: bool) -> Cell:
        assert raw
        assert display_id
        self.places += 1
        self.shown.append(bundle)
        return self

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(bundle)


@pytest.fixture
def cell() -> Cell:
    return Cell()


@pytest.fixture
def view(cell: Cell, clock: Clock) -> NotebookView:
    return NotebookView(display=cell, clock=clock)


def snapshot(reports: int = 40, **changes: Any) -> Snapshot:
    given: dict[str, Any] = {
        "name": "first", "path": "results/first", "arm": "asha+random", "metric": "loss",
        "mode": "min", "time_attr": "epoch", "max_t": 9, "elapsed_s": 1.0 + reports,
        "counts": {"RUNNING": 2, "TERMINATED": 3}, "num_samples": 8, "reports": reports,
    }  # fmt: skip
    return Snapshot(**(given | changes))


def test_it_draws_in_one_place_and_at_most_once_a_second(
    view: NotebookView, cell: Cell, clock: Clock
) -> None:
    for clock.now in (0.0, 0.5, 0.9, 1.0, 1.5):
        view.update(snapshot(reports=int(clock.now * 10)))

    assert (cell.places, len(cell.shown)) == (1, 2)
    assert "10 reports" in cell.shown[-1]["text/plain"]


def test_the_last_state_is_drawn_and_nothing_after_it(
    view: NotebookView, cell: Cell, clock: Clock
) -> None:
    view.update(snapshot(1))
    view.close(snapshot(7))
    clock.now = 9.0
    view.update(snapshot(8))
    view.close(snapshot(9))

    assert "7 reports" in cell.shown[-1]["text/plain"]


def test_what_is_said_stays_above_the_panel(view: NotebookView, cell: Cell) -> None:
    view.message("starting a local Ray")
    view.update(snapshot())
    view.message("later")

    lines = cell.shown[-1]["text/plain"].splitlines()
    assert lines[:2] == ["starting a local Ray", "later"]
    assert any("first" in line for line in lines[2:])
    assert cell.places == 1


def test_text_is_escaped(view: NotebookView, cell: Cell) -> None:
    evil = "<script>alert(1)</script>"
    view.message(evil)
    view.update(snapshot(name=evil, note=evil))

    assert "<script" not in cell.shown[-1]["text/html"]
    assert "&lt;script&gt;" in cell.shown[-1]["text/html"]
    assert evil in cell.shown[-1]["text/plain"]


def test_a_sweep_that_never_began_leaves_nothing(view: NotebookView, cell: Cell) -> None:
    view.close()

    assert cell.shown == []


@pytest.mark.parametrize(("kind", "view"), [("auto", NotebookView), ("lines", LineView)])
def test_a_kernel_gets_it_unless_lines_are_asked_for(
    kind: str, view: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", kernel)

    assert type(make_view(kind, io.StringIO())) is view


def test_ipython_in_a_terminal_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = SimpleNamespace(get_ipython=lambda: SimpleNamespace())
    monkeypatch.setitem(sys.modules, "IPython", terminal)

    assert type(make_view("auto", io.StringIO())) is LineView

"""Figures: what they show, that nothing is cut off or overlaps, and files that never change."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from comparisons import drawn_outcomes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from tuner import analysis, figures
from tuner.analysis import ALL_TASKS, Bootstrap, Outcomes
from tuner.errors import NoResultError, SpecError

QUICK = Bootstrap(resamples=100)
LONG = "asha_promotion:reduction_factor=4,brackets=2+optuna:sampler=tpe"
ARMS: dict[str, Mapping[str, float]] = {
    "one": {"fifo+random": 1},
    "long": {"fifo+random": 1, LONG: 3, "fast$cheap$": 9, "x" * 60: 20},
    "twelve": {"fifo+random": 1, **{f"asha:reduction_factor={n}+random": n for n in range(2, 13)}},
}
TASKS = 6
SHOWN = ("task-0", "task-1", "task-2")  # a panel each

Draw = Callable[[Outcomes, float], Figure]


def draw_curves(outcomes: Outcomes, width: float) -> Figure:
    curves = analysis.best_so_far(outcomes, points=20, scale="log", bootstrap=QUICK)
    curves = curves[curves["task"].isin(SHOWN)]
    return figures.draw_best_so_far(
        curves, unit="epochs", metric="validation error", scale="log", value_scale="log",
        width=width,
    )  # fmt: skip


def draw_regret(outcomes: Outcomes, width: float) -> Figure:
    return figures.draw_regret(analysis.mean_regret(outcomes, bootstrap=QUICK), width=width)


def draw_heat(outcomes: Outcomes, width: float) -> Figure:
    return figures.draw_regret_heat(analysis.mean_regret(outcomes, bootstrap=QUICK), width=width)


def draw_waiting(outcomes: Outcomes, width: float) -> Figure:
    targets = analysis.final_targets(outcomes, "fifo+random")
    targets = targets[targets["task"].isin(SHOWN)]
    times = analysis.waiting_times(outcomes, targets, bootstrap=QUICK)
    return figures.draw_waiting_times(times, budget=outcomes.budget, width=width)


def draw_speedups(outcomes: Outcomes, width: float) -> Figure:
    targets = analysis.final_targets(outcomes, "fifo+random")
    frame = analysis.speedups(outcomes, targets, "fifo+random", bootstrap=QUICK)
    return figures.draw_speedups(frame, width=width)


def draw_ranks(outcomes: Outcomes, width: float) -> Figure:
    comparison = analysis.compare_ranks(analysis.task_scores(outcomes))
    return figures.draw_critical_differences(comparison, width=width)


def draw_usage(outcomes: Outcomes, width: float) -> Figure:
    return figures.draw_usage(analysis.mean_usage(outcomes), width=width)


ALONE: list[Draw] = [draw_curves, draw_regret, draw_heat, draw_waiting, draw_usage]
DRAWS: list[Draw] = [*ALONE, draw_speedups, draw_ranks]


@pytest.fixture(scope="module")
def outcomes_by_arms() -> dict[str, Outcomes]:
    return {name: drawn_outcomes(arms, tasks=TASKS, seeds=3) for name, arms in ARMS.items()}


CASES = [(draw, "long", figures.COLUMN_IN) for draw in DRAWS]
CASES += [(draw, "one", figures.COLUMN_IN) for draw in ALONE]
CASES += [(draw, "twelve", figures.PAGE_IN) for draw in DRAWS]


@pytest.mark.parametrize(("draw", "arms", "width"), CASES)
def test_no_text_is_cut_off_or_covers_another(
    outcomes_by_arms: dict[str, Outcomes],
    monkeypatch: pytest.MonkeyPatch,
    draw: Draw,
    arms: str,
    width: float,
) -> None:
    figure = draw(outcomes_by_arms[arms], width)
    assert figure.get_figwidth() == width
    boxes = boxes_of_texts(figure, monkeypatch)
    assert boxes
    for text, box in boxes.items():
        assert min(box.x0, box.y0) >= -1, text
        assert box.x1 <= figure.bbox.x1 + 1, text
        assert box.y1 <= figure.bbox.y1 + 1, text
    for (text, box), (other, other_box) in combinations(boxes.items(), 2):
        across = min(box.x1, other_box.x1) - max(box.x0, other_box.x0)
        down = min(box.y1, other_box.y1) - max(box.y0, other_box.y0)
        assert min(across, down) < 2, (text, other)  # dots


def boxes_of_texts(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> dict[Text, Bbox]:
    """Return where the texts are that are really drawn, unlike ticks beyond an axis."""
    drawn: dict[Text, Bbox] = {}
    draw = Text.draw

    def record(text: Text, renderer: Any) -> None:
        draw(text, renderer)
        if text.get_visible() and text.get_text().strip():
            drawn[text] = text.get_window_extent()

    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", record)
        figure.draw_without_rendering()
    return drawn


def test_the_same_figure_gives_the_same_bytes(
    outcomes_by_arms: dict[str, Outcomes], tmp_path: Path
) -> None:
    first, second = (
        figures.save_figure(draw_usage(outcomes_by_arms["one"], 3.4), tmp_path / name, "usage")
        for name in "ab"
    )
    assert first == [tmp_path / "a" / f"usage.{kind}" for kind in ("pdf", "svg", "png")]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_text_stays_text(outcomes_by_arms: dict[str, Outcomes], tmp_path: Path) -> None:
    figure = draw_usage(outcomes_by_arms["one"], figures.COLUMN_IN)
    pdf, svg = figures.save_figure(figure, tmp_path, "usage", ["pdf", "svg"])
    assert "fifo+random</text>" in svg.read_text()
    assert b"/CIDFontType2" in pdf.read_bytes()  # TrueType
    assert b"/Type3" not in pdf.read_bytes()
    assert b"CreationDate" not in pdf.read_bytes()


def test_an_unknown_format_writes_nothing(
    outcomes_by_arms: dict[str, Outcomes], tmp_path: Path
) -> None:
    figure = draw_usage(outcomes_by_arms["one"], figures.COLUMN_IN)
    with pytest.raises(SpecError, match="unknown format of figures 'gif'"):
        figures.save_figure(figure, tmp_path, "usage", ["png", "gif"])  # type: ignore[list-item]
    assert not list(tmp_path.iterdir())


def test_curves_are_the_values_of_the_frame_in_the_units_of_the_axis() -> None:
    spends = [1800.0, 7200.0]
    frame = pd.DataFrame(
        {"task": "t", "arm": "a", "spend": spends, "value": [math.nan, 0.5], "low": [math.nan, 0.4],
         "high": [math.nan, 0.7], "seeds": 3}
    )  # fmt: skip
    figure = figures.draw_best_so_far(frame, unit="gpu_seconds", metric="loss")
    (axis,) = figure.axes
    (line,) = axis.lines
    assert np.array_equal(line.get_xydata(), [[0.5, math.nan], [2, 0.5]], equal_nan=True)
    assert line.get_drawstyle() == "steps-post"
    (band,) = axis.collections
    assert {0.4, 0.7} <= set(band.get_paths()[0].vertices[:, 1])
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("GPU time (h)", "loss")


def test_a_log_axis_stays_linear_where_values_reach_0() -> None:
    frame = pd.DataFrame(
        {"task": ["t", "u"], "arm": "a", "spend": 1.0, "value": [0.5, 0.0], "low": math.nan,
         "high": math.nan, "seeds": 1}
    )  # fmt: skip
    figure = figures.draw_best_so_far(frame, unit="epochs", metric="loss", value_scale="log")
    assert [axis.get_yscale() for axis in figure.axes] == ["log", "linear"]


def test_tasks_may_differ_in_their_metric() -> None:
    frame = pd.DataFrame(
        {"task": ["t", "u"], "arm": "a", "spend": 1.0, "value": 0.5, "low": 0.4, "high": 0.6,
         "seeds": 2}
    )  # fmt: skip
    for metric, labels in (
        ({"t": "loss", "u": "error"}, ["loss", "error"]),
        ("loss", ["loss", ""]),
    ):
        figure = figures.draw_best_so_far(frame, unit="epochs", metric=metric)
        assert [axis.get_ylabel() for axis in figure.axes] == labels


def test_a_diagram_says_when_tasks_are_too_few_to_tell_arms_apart() -> None:
    levels = np.arange(6.0)
    for tasks, said in ((6, "no difference found"), (5, "too few tasks")):
        scores = pd.DataFrame({"a": levels, "b": levels + 1})[:tasks]
        figure = figures.draw_critical_differences(analysis.compare_ranks(scores))
        assert said in figure.get_supxlabel()


def test_bounds_are_open_and_point_where_the_truth_lies() -> None:
    arms = ["exact", "at least", "at most", "restricted"]
    frame = pd.DataFrame(
        {"task": ALL_TASKS, "arm": arms, "baseline": "base", "speedup": [1.0, 2.0, 4.0, 8.0],
         "low": 1.0, "high": 9.0, "bound": arms}
    )  # fmt: skip
    (axis,) = figures.draw_speedups(frame).axes
    points = [line for line in axis.lines if line.get_marker() in "o><D"]
    assert [line.get_marker() for line in points] == ["o", ">", "<", "D"]
    assert [float(line.get_xdata()[0]) for line in points] == [1, 2, 4, 8]
    assert [line.get_markerfacecolor() == "white" for line in points] == [False, True, True, True]
    assert {"1x", "≥ 2x", "≤ 4x", "~ 8x"} <= {text.get_text() for text in axis.texts}


def test_the_workers_time_is_divided_without_rest() -> None:
    frame = pd.DataFrame(
        {"task": ALL_TASKS, "arm": ["a", "b", "c"], "utilisation": [0.7, 1.0, math.nan],
         "start_s": [1.0, 0.0, math.nan], "save_s": [2.0, 0.0, math.nan], "load_s": 0.0,
         "lost_s": 0.0, "wait_s": [3.0, 0.0, math.nan]}
    )  # fmt: skip
    (axis,) = figures.draw_usage(frame).axes
    widths = np.array([bar.get_width() for bar in axis.patches]).reshape(6, 3)
    assert widths[:, 0] == pytest.approx([0.7, 0.05, 0.1, 0, 0, 0.15])
    assert widths[:, 1] == pytest.approx([1, 0, 0, 0, 0, 0])
    assert [text.get_text() for text in axis.texts] == ["70%", "100%", "no finished run"]


def test_a_bar_joins_each_clique_and_dots_mark_its_members() -> None:
    steady = np.arange(20) / 100
    wild = steady + np.where(np.arange(20) < 5, -9.0, 3.0)
    scores = pd.DataFrame({"steady": steady, "worse": steady + 0.05, "wild": wild})
    (axis,) = figures.draw_critical_differences(analysis.compare_ranks(scores)).axes
    dots = [line.get_xdata() for line in axis.lines if line.get_marker() == "o"]
    assert [list(map(float, each)) for each in dots] == [[1.25, 2.5], [2.25, 2.5]]


@pytest.mark.parametrize(
    "draw",
    [
        lambda frame: figures.draw_best_so_far(frame, unit="epochs", metric="loss"),
        figures.draw_regret,
        figures.draw_regret_heat,
        figures.draw_speedups,
        figures.draw_usage,
    ],
)
def test_an_empty_frame_is_refused(draw: Callable[[pd.DataFrame], Figure]) -> None:
    with pytest.raises(NoResultError, match="nothing to draw"):
        draw(pd.DataFrame(columns=["task", "arm"]))


def test_what_the_frame_lacks_is_refused(outcomes_by_arms: dict[str, Outcomes]) -> None:
    regret = analysis.mean_regret(outcomes_by_arms["one"], bootstrap=QUICK)
    with pytest.raises(SpecError, match="no rows of the task 'task-7'; did you mean"):
        figures.draw_regret(regret, task="task-7")
    with pytest.raises(SpecError, match=r"no regret at 0\.3 of the budget; known: 0\.1, 0\.25"):
        figures.draw_regret_heat(regret, fraction=0.3)
    curves = analysis.best_so_far(outcomes_by_arms["one"], points=2, bootstrap=QUICK)
    with pytest.raises(NoResultError, match="no arm has a value in every run"):
        figures.draw_best_so_far(curves.assign(value=math.nan), unit="epochs", metric="loss")


def test_settings_of_matplotlib_stay_as_they_were(
    outcomes_by_arms: dict[str, Outcomes], tmp_path: Path
) -> None:
    before = dict(matplotlib.rcParams)
    figures.save_figure(draw_usage(outcomes_by_arms["one"], 3.4), tmp_path, "usage", ["png"])
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_not_imported() -> None:
    for path in Path(figures.__file__).parent.glob("*.py"):
        assert not re.search("import .*pyplot", path.read_text()), path

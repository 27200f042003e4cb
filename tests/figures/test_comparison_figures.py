"""Figures of comparisons: what they show of the frames, and what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from comparisons import drawn_outcomes

from tuner import analysis, figures
from tuner.analysis import ALL_TASKS, Bootstrap, Outcomes
from tuner.errors import NoResultError, SpecError

QUICK = Bootstrap(resamples=100)


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return drawn_outcomes({"fifo+random": 1, "<b>$asha$": 3}, tasks=6, seeds=2)


def texts(figure: go.Figure) -> str:
    return figure.to_json()


def test_every_figure_is_drawn_and_no_name_is_a_tag(outcomes: Outcomes) -> None:
    targets = analysis.final_targets(outcomes, "fifo+random")
    regret = analysis.mean_regret(outcomes, bootstrap=QUICK)
    times = analysis.waiting_times(outcomes, targets, bootstrap=QUICK)
    drawn = [
        figures.best_so_far(
            analysis.best_so_far(outcomes, points=5, bootstrap=QUICK), unit="epochs", metric="<i>"
        ),
        figures.regret(regret),
        figures.regret_heat(regret),
        figures.waiting_times(times, budget=outcomes.budget),
        figures.speedups(analysis.speedups(outcomes, targets, "fifo+random", bootstrap=QUICK)),
        figures.critical_differences(analysis.compare_ranks(analysis.task_scores(outcomes))),
        figures.win_rates(analysis.win_rates(outcomes)),
        figures.usage(analysis.mean_usage(outcomes)),
    ]
    for figure in drawn:
        shown = texts(figure)
        assert "\\u003cb\\u003e$" not in shown
        assert "&lt;b&gt;&#36;" in shown or "&lt;b&gt;" in shown
        assert figure.layout.title.text
        assert figure.layout.height > 100


def test_curves_are_the_values_of_the_frame_in_the_units_of_the_axis() -> None:
    frame = pd.DataFrame(
        {"task": "t", "arm": "a", "spend": [1800.0, 7200.0], "value": [math.nan, 0.5],
         "low": [math.nan, 0.4], "high": [math.nan, 0.7], "seeds": 3}
    )  # fmt: skip
    figure = figures.best_so_far(frame, unit="gpu_seconds", metric="loss")
    band, line = figure.data
    assert line.x.tolist() == [0.5, 2]
    assert np.array_equal(line.y, [math.nan, 0.5], equal_nan=True)
    assert line.line.shape == "hv"
    assert set(band.y.tolist()) == {0.4, 0.7}
    assert figure.layout.xaxis.title.text == "GPU time (h)"
    assert figure.layout.yaxis.title.text == "loss"


def test_a_log_axis_stays_linear_where_values_reach_0() -> None:
    frame = pd.DataFrame(
        {"task": ["t", "u"], "arm": "a", "spend": 1.0, "value": [0.5, 0.0], "low": math.nan,
         "high": math.nan, "seeds": 1}
    )  # fmt: skip
    figure = figures.best_so_far(frame, unit="epochs", metric="loss", value_scale="log")
    assert (figure.layout.yaxis.type, figure.layout.yaxis2.type) == ("log", "linear")


@pytest.mark.parametrize(
    ("metric", "labels"),
    [
        ({"t": "loss", "u": "error"}, ["loss", "error"]),
        ({"t": "loss", "u": "loss"}, ["loss", None]),
        ("loss", ["loss", None]),
    ],
)
def test_tasks_may_differ_in_their_metric(
    metric: str | dict[str, str], labels: list[str | None]
) -> None:
    frame = pd.DataFrame(
        {"task": ["t", "u"], "arm": "a", "spend": 1.0, "value": 0.5, "low": 0.4, "high": 0.6,
         "seeds": 2}
    )  # fmt: skip
    layout = figures.best_so_far(frame, unit="epochs", metric=metric).layout
    assert [layout.yaxis.title.text, layout.yaxis2.title.text] == labels


def test_a_diagram_says_when_tasks_are_too_few_to_tell_arms_apart() -> None:
    levels = np.arange(6.0)
    for tasks, said in ((6, "no difference found"), (5, "too few tasks")):
        scores = pd.DataFrame({"a": levels, "b": levels + 1})[:tasks]
        figure = figures.critical_differences(analysis.compare_ranks(scores))
        assert said in figure.layout.title.subtitle.text.replace("<br>", "")


def test_bounds_are_open_and_point_where_the_truth_lies() -> None:
    arms = ["exact", "at least", "at most", "restricted"]
    frame = pd.DataFrame(
        {"task": ALL_TASKS, "arm": arms, "baseline": "base", "speedup": [1.0, 2.0, 4.0, 8.0],
         "low": 1.0, "high": 9.0, "bound": arms}
    )  # fmt: skip
    (points,) = figures.speedups(frame).data
    assert points.marker.symbol == (
        "circle", "triangle-right-open", "triangle-left-open", "diamond-open",
    )  # fmt: skip
    assert points.x.tolist() == [1, 2, 4, 8]
    assert points.text == ("1x", "≥ 2x", "≤ 4x", "~ 8x")
    assert points.error_x.array.tolist() == [8, 7, 5, 1]


def test_the_workers_time_is_divided_without_rest() -> None:
    frame = pd.DataFrame(
        {"task": ALL_TASKS, "arm": ["a", "b", "c"], "utilisation": [0.7, 1.0, math.nan],
         "start_s": [1.0, 0.0, math.nan], "save_s": [2.0, 0.0, math.nan], "load_s": 0.0,
         "lost_s": 0.0, "wait_s": [3.0, 0.0, math.nan]}
    )  # fmt: skip
    figure = figures.usage(frame)
    widths = np.array([bar.x for bar in figure.data])
    assert widths[:, 0] == pytest.approx([0.7, 0.05, 0.1, 0, 0, 0.15])
    assert widths[:, 1] == pytest.approx([1, 0, 0, 0, 0, 0])
    assert [each.text for each in figure.layout.annotations] == ["70%", "100%", "no finished run"]


def test_a_bar_joins_each_clique_and_dots_mark_its_members() -> None:
    steady = np.arange(20) / 100
    wild = steady + np.where(np.arange(20) < 5, -9.0, 3.0)
    scores = pd.DataFrame({"steady": steady, "worse": steady + 0.05, "wild": wild})
    bars = figures.critical_differences(analysis.compare_ranks(scores)).data[-1]
    assert np.array_equal(bars.x, [1.25, 2.5, np.nan, 2.25, 2.5, np.nan], equal_nan=True)
    assert len({height for height in bars.y.tolist() if not math.isnan(height)}) == 2


@pytest.mark.parametrize(
    "draw",
    [
        lambda frame: figures.best_so_far(frame, unit="epochs", metric="loss"),
        figures.regret,
        figures.regret_heat,
        figures.speedups,
        figures.usage,
        figures.win_rates,
    ],
)
def test_an_empty_frame_is_refused(draw: Callable[[pd.DataFrame], go.Figure]) -> None:
    with pytest.raises(NoResultError, match="nothing to draw"):
        draw(pd.DataFrame(columns=["task", "arm"]))


def test_what_the_frame_lacks_is_refused(outcomes: Outcomes) -> None:
    regret = analysis.mean_regret(outcomes, bootstrap=QUICK)
    with pytest.raises(SpecError, match="no rows of the task 'task-7'; did you mean"):
        figures.regret(regret, task="task-7")
    with pytest.raises(SpecError, match=r"no regret at 0\.3 of the budget; known: 0\.1, 0\.25"):
        figures.regret_heat(regret, fraction=0.3)
    curves = analysis.best_so_far(outcomes, points=2, bootstrap=QUICK)
    with pytest.raises(NoResultError, match="no arm has a value in every run"):
        figures.best_so_far(curves.assign(value=math.nan), unit="epochs", metric="loss")

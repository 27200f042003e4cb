"""Several sweeps in one figure: by hand, told apart, and merged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drawn_sweeps import reports_of, trials_of

from tuner import figures
from tuner.errors import NoResultError
from tuner.objectives import Objective

LOSS = Objective("loss", "min")
SCORE = Objective("loss", "max")
SWEEPS = {"a": trials_of([3.0, 1.0, 2.0]), "<b>": trials_of([4.0, math.nan, 0.5, 0.7])}


def test_each_sweep_has_its_points_and_its_best_so_far() -> None:
    figure = figures.history(SWEEPS, objective=LOSS)
    lines = {trace.legendgroup: trace for trace in figure.data if trace.mode == "lines"}
    assert lines["a"].x.tolist() == [1, 2, 3]
    assert lines["a"].y.tolist() == [3, 1, 1]
    assert lines["<b>"].x.tolist() == [1, 3, 4]
    assert lines["<b>"].y.tolist() == [4, 0.5, 0.5]
    assert lines["<b>"].name == "&lt;b&gt;"
    assert lines["a"].line.color != lines["<b>"].line.color
    assert lines["a"].line.dash != lines["<b>"].line.dash  # also without colours
    assert "1 trial without a value" in figure.layout.title.subtitle.text
    up = figures.history(SWEEPS, objective=SCORE)
    assert [t.y.tolist() for t in up.data if t.mode == "lines"] == [[3, 3], [4, 4]]


def test_merged_sweeps_are_a_mean_with_its_deviation() -> None:
    figure = figures.history(SWEEPS, objective=LOSS, merged=True)
    band, line = figure.data
    assert line.x.tolist() == [1, 2, 3]  # as many trials as the shortest has
    assert line.y.tolist() == [3.5, 2.5, 0.75]  # of 3 and 4, 1 and 4, 1 and 0.5
    deviations = [math.sqrt(0.5), math.sqrt(4.5), math.sqrt(0.125)]
    assert line.customdata.tolist() == pytest.approx(deviations)
    assert max(band.y) == pytest.approx(2.5 + deviations[1])
    assert "2 sweeps" in figure.layout.title.subtitle.text
    alone = figures.history({"a": SWEEPS["a"]}, objective=LOSS, merged=True)
    assert alone.data[1].customdata.tolist() == [0, 0, 0]


def test_a_sweep_without_values_cannot_be_merged_and_is_left_out_of_others() -> None:
    sweeps = {**SWEEPS, "none": trials_of([math.nan, math.inf])}
    with pytest.raises(NoResultError, match="no trial has a finite value of 'loss of none'"):
        figures.history(sweeps, objective=LOSS, merged=True)
    shown = {trace.legendgroup for trace in figures.history(sweeps, objective=LOSS).data}
    assert shown == {"a", "<b>"}
    late = {"a": trials_of([1.0]), "b": trials_of([math.nan, 1.0])}
    with pytest.raises(NoResultError, match="among the first 1 trials of a sweep none"):
        figures.history(late, objective=LOSS, merged=True)


def test_curves_of_several_sweeps_are_medians_and_the_best_trial() -> None:
    sweeps = {"a": reports_of([[5, 4], [3, 2, 1], [9]]), "b": reports_of([[7, 7]])}
    figure = figures.curves(sweeps, objective=LOSS)
    of_a = [trace for trace in figure.data if trace.legendgroup == "a"]
    band, median, best = of_a
    assert median.x.tolist() == [1, 2, 3]
    assert median.y.tolist() == [5, 3, 1]  # of 3, 5 and 9; of 2 and 4; of 1
    assert (min(band.y), max(band.y)) == (1, 7)
    assert best.y.tolist() == [3, 2, 1]
    up = figures.curves(sweeps, objective=SCORE)
    assert [t.y.tolist() for t in up.data if t.legendgroup == "a"][2] == [9]


def test_the_best_trial_goes_by_the_objective_whatever_is_drawn() -> None:
    reports = reports_of([[5, 4], [3, 2]]).assign(other=[1.0, 2.0, 8.0, 9.0])
    single = figures.curves(reports, objective=LOSS, metric="other")
    assert single.data[-1].y.tolist()[:2] == [8, 9]
    assert single.layout.yaxis.title.text == "other"  # of which no direction is known
    several = figures.curves({"a": reports}, objective=LOSS, metric="other")
    assert several.data[-1].y.tolist() == [8, 9]


def test_many_times_become_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuner.figures.overlays._MOST_TIMES", 5)
    figure = figures.curves({"a": reports_of([range(100, 0, -1)])}, objective=LOSS)
    assert len(figure.data[1].x) <= 5
    assert figure.data[1].y[-1] == 1  # the last report of the last stretch


def test_durations_of_several_are_shares_on_common_bars() -> None:
    sweeps = {"a": reports_of([[1, 1]] * 4), "b": reports_of([[1, 1, 1]])}
    figure = figures.durations(sweeps)
    traces = [trace for trace in figure.data if trace.xaxis == "x2"]
    assert {trace.legendgroup for trace in traces} == {"a", "b"}
    assert all(max(trace.y) == 1 for trace in traces)
    assert traces[0].x.tolist() == traces[1].x.tolist()


def test_durations_of_several_rise_to_the_share_that_took_no_longer() -> None:
    figure = figures.durations({"a": reports_of([[1], [1, 1, 1, 1]]), "b": reports_of([[1, 1]])})
    a, b = (trace for trace in figure.data if trace.xaxis == "x2")
    assert (a.y[0], a.y[-1], b.y[0], b.y[-1]) == (0.5, 1, 0, 1)  # 1 s and 4 s; 2 s
    assert all((np.diff(trace.y) >= 0).all() for trace in (a, b))
    assert a.x[np.argmax(a.y == 1)] == pytest.approx(4, rel=0.02)
    assert {line.y0 for line in figure.layout.shapes} == {0.5}


def test_no_sweep_with_values_is_refused() -> None:
    empty = {"a": trials_of([math.nan])}
    with pytest.raises(NoResultError, match="nothing to draw"):
        figures.history(empty, objective=LOSS)
    with pytest.raises(NoResultError, match="nothing to draw"):
        figures.curves({"a": reports_of([[math.nan]])}, objective=LOSS)
    with pytest.raises(NoResultError, match="nothing to draw"):
        figures.durations({"a": reports_of([])})

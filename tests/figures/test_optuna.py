"""Beside Optuna: every figure of theirs has a counterpart, and what theirs tell ours tell, too."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import optuna.visualization
import pandas as pd
import pytest
from drawn_sweeps import trials_of

from tuner import figures
from tuner.analysis.importance import forest_importance
from tuner.errors import NoResultError, SpecError
from tuner.objectives import Objective
from tuner.reporting.sweeps import KINDS

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "figures-beside-optuna.md"
LOSS, SIZE = Objective("loss", "min"), Objective("size", "min")


def table() -> dict[str, str]:
    """Return what the page says is the counterpart of each figure."""
    return dict(re.findall(r"^\| `(plot_\w+)` \| `([\w-]+)` \|", PAGE.read_text(), re.MULTILINE))


def test_every_figure_of_optuna_has_a_counterpart_that_exists() -> None:
    public = {name for name in dir(optuna.visualization) if name.startswith("plot_")}
    assert public == set(table()), "docs/guides/figures-beside-optuna.md names the counterparts"
    assert set(table().values()) <= set(KINDS)
    assert len(set(table().values())) == len(public)


def two(**columns: object) -> pd.DataFrame:
    sizes = {f"{at}/size": [4.0, 1.0, 3.0, 5.0] for at in ("best", "last")}
    return trials_of([1.0, 4.0, 2.0, 5.0], **sizes, **columns)


def test_dominated_trials_are_shaded_by_when_they_came_and_can_be_hidden() -> None:
    figure = figures.pareto(two(), objectives=[LOSS, SIZE])
    dominated = next(t for t in figure.data if t.legendgroup == "dominated" and t.text)
    assert dominated.marker.color.tolist() == [4]  # the fourth trial
    entries = [trace for trace in figure.data if trace.showlegend is not False]
    assert {trace.legendgroup for trace in entries} == {"dominated", "Pareto front"}


def test_a_pointer_is_told_the_value_at_which_a_point_is() -> None:
    trials = two().assign(**{"best/loss": [0.5, 0.5, 0.5, 0.5]})
    front = figures.pareto(trials, objectives=[LOSS, SIZE])
    texts = [text for trace in front.data for text in trace.text or ()]
    assert len(texts) == 4
    assert not any("loss: 0.5" in text for text in texts)  # points are at the last reports
    for last in (figures.history(trials, objective=LOSS, at="last"),
                 figures.history({"a": trials}, objective=LOSS, at="last")):  # fmt: skip
        assert "loss: 4<br>" in f"{last.data[0].text[1]}<br>"


def test_outliers_do_not_squash_a_front() -> None:
    losses = [*np.linspace(1, 2, 30), 1e12]
    trials = trials_of(losses, **{f"{at}/size": losses[::-1] for at in ("best", "last")})
    figure = figures.pareto(trials, objectives=[LOSS, SIZE])
    assert figure.layout.xaxis.range[1] < 10
    assert "loss: 1 trial above" in figure.layout.title.subtitle.text


def test_a_volume_is_measured_from_a_point_of_ones_own() -> None:
    figure = figures.hypervolume(two(), objectives=[LOSS, SIZE], reference=[5.0, 5.0])
    # By hand: 4 x 1; and below (4, 1) 1 x 3 more; and by (2, 3) another 2 x 1.
    assert figure.data[0].customdata.tolist() == [4, 7, 9, 9]
    up = [Objective("loss", "max"), SIZE]
    worse = figures.hypervolume(two(), objectives=up, reference=[0.0, 6.0])
    assert worse.data[0].customdata[0] == 2  # 1 above 0, and 2 below 6
    with pytest.raises(SpecError, match="a value per objective, 2; received 1"):
        figures.hypervolume(two(), objectives=[LOSS, SIZE], reference=[1.0])
    with pytest.raises(NoResultError, match="no trial is better than the reference"):
        figures.hypervolume(two(), objectives=[LOSS, SIZE], reference=[1.0, 1.0])


def test_importance_of_several_objectives_is_a_panel_each() -> None:
    random = np.random.default_rng(0)
    inputs = pd.DataFrame({"a": random.random(40), "b": random.random(40)})
    found = {
        "loss": forest_importance(inputs, inputs["a"].to_numpy(float), trees=32),
        "size": forest_importance(inputs, inputs["b"].to_numpy(float), trees=32),
    }
    figure = figures.importance(found)
    assert [note.text for note in figure.layout.annotations[:2]] == ["loss", "size"]
    totals = [bar for bar in figure.data if bar.name == "with another one"]
    assert [bar.y[int(np.argmax(bar.x))] for bar in totals] == ["a", "b"]
    assert sum(bar.showlegend for bar in figure.data) == 2
    only = figures.importance(found["loss"], names=["b"])
    assert set(only.data[0].y) == {"b"}


def test_ranks_say_which_values_they_are() -> None:
    random = np.random.default_rng(0)
    trials = trials_of(
        random.random(20).tolist(),
        **{"config/x": random.random(20), "config/y": random.random(20)},
    )
    bar = figures.contours(trials, objective=LOSS, shade="rank").layout.coloraxis.colorbar
    best = trials["best/loss"].min()
    assert bar.ticktext[0] == f"1: {best:.3g}"
    assert bar.tickvals[0] == 1


def test_a_pointer_is_told_how_long_a_trial_took() -> None:
    trials = two(iterations=[3, 1, None, 2], seconds=[2.5, 1.0, math.nan, 1.0])
    points = figures.history(trials, objective=LOSS).data[0].text
    assert "3 iterations, 2.5 s" in points[0]
    assert "1 iteration, 1 s" in points[1]
    assert "iteration" not in points[2]


def test_the_bound_of_what_is_left_falls_where_a_sweep_has_learned() -> None:
    x = np.random.default_rng(0).random(60)
    trials = trials_of(((x - 0.4) ** 2).tolist(), **{"config/x": x})
    figure = figures.improvement(trials, objective=LOSS)
    left = figure.data[0].y
    assert left[-1] < 0.5 * left[0]
    assert (left >= 0).all()
    assert figure.data[0].x[-1] == 60
    assert "may lie below" in figure.layout.yaxis.title.text
    up = trials.assign(**{"best/loss": -trials["best/loss"]})
    same = figures.improvement(up, objective=Objective("loss", "max")).data[0].y
    assert same == pytest.approx(left)
    figures.improvement(trials, objective=LOSS, falling=True)


def test_a_bound_that_does_not_fall_is_drawn_with_that_or_refused() -> None:
    chance = np.random.default_rng(0)
    places = {f"config/x{at}": chance.random(16) for at in range(12)}
    trials = trials_of(chance.random(16).tolist(), **places)
    told = figures.improvement(trials, objective=LOSS).layout.title.subtitle.text
    assert "it hardly falls: too few trials for 12" in told.replace("<br>", "")
    with pytest.raises(NoResultError, match="hardly falls: too few trials for 12 hyperparam"):
        figures.improvement(trials, objective=LOSS, falling=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0] * 20, "all have the same value"),
        ([*range(9), math.nan, math.inf], "takes 10 trials with a finite value, and there are 9"),
    ],
)
def test_what_no_bound_can_be_told_of_is_refused(values: list[float], message: str) -> None:
    trials = trials_of(values, **{"config/x": np.arange(len(values)) / len(values)})
    with pytest.raises(NoResultError, match=message):
        figures.improvement(trials, objective=LOSS)

"""Figures of 10,000 trials: small, of few traces, and honest about what they leave out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tuner import figures
from tuner.objectives import Mode, Objective

TRIALS, EPOCHS = 10_000, 9
LOSS = Objective("loss", "min")
OBJECTIVES = [LOSS, Objective("size", "min")]


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    random = np.random.default_rng(0)
    lr, units = 10 ** random.uniform(-5, 0, TRIALS), 2 ** random.integers(3, 9, TRIALS)
    loss = np.log10(lr) ** 2 + random.random(TRIALS)
    ids = [f"t{number:06d}" for number in range(TRIALS)]
    return pd.DataFrame(
        {
            "trial_id": ids,
            "outcome": np.where(random.random(TRIALS) < 0.9, "stopped", "completed"),
            "best/loss": np.where(random.random(TRIALS) < 0.02, np.nan, loss),
            "last/loss": loss,
            "last/size": units * random.random(TRIALS),
            "config/lr": lr,
            "config/units": units,
            "config": [{"lr": a, "units": int(b)} for a, b in zip(lr, units, strict=True)],
        }
    )


@pytest.fixture(scope="module")
def reports(trials: pd.DataFrame) -> pd.DataFrame:
    random = np.random.default_rng(1)
    epochs = np.tile(np.arange(1, EPOCHS + 1), TRIALS)
    final = np.repeat(trials["last/loss"].to_numpy(), EPOCHS)
    return pd.DataFrame(
        {
            "trial_id": np.repeat(trials["trial_id"].to_numpy(object), EPOCHS),
            "attempt": 1,
            "training_iteration": epochs,
            "time_total_s": epochs * 2.5,
            "loss": final + random.random(len(epochs)) / epochs,
        }
    )


KINDS = ["curves", "history", "edf", "prospects", "parallel", "slices", "contours", "pareto",
         "hypervolume", "durations"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_stays_small_and_says_what_it_leaves_out(
    trials: pd.DataFrame, reports: pd.DataFrame, kind: str
) -> None:
    draw = getattr(figures, kind)
    if kind in ("curves", "durations"):
        given = {"objective": LOSS, "trials": trials} if kind == "curves" else {}
        figure = draw(reports, **given)
    elif kind in ("pareto", "hypervolume"):
        figure = draw(trials, objectives=OBJECTIVES)
    else:
        figure = draw(trials, objective=LOSS)
    assert len(figure.to_json()) < 1_200_000
    assert len(figure.data) < 20
    if kind in ("curves", "history", "parallel", "slices", "contours", "pareto"):
        said = figure.layout.title.subtitle.text.replace("<br>", "")
        assert "drawn: the best and an even sample of the rest" in said


def test_an_audit_draws_each_trial_it_marks_and_a_sample_of_the_others() -> None:
    found = pd.DataFrame({"lr": np.linspace(0, 1, TRIALS)}, index=[f"t{n}" for n in range(TRIALS)])
    figure = figures.positions(found, marked=["t7", "t9998"], label="good trials")
    others, marked = figure.data
    assert (len(others.x), marked.x.tolist()) == (1000, [found["lr"]["t7"], found["lr"]["t9998"]])
    assert "8,998 of 10,000 trials left out evenly" in figure.layout.title.subtitle.text


@pytest.mark.parametrize(("mode", "kind"), [("min", "log"), ("max", "linear")])
def test_an_axis_is_logarithmic_only_where_that_spreads_the_better_values(
    trials: pd.DataFrame, mode: Mode, kind: str
) -> None:
    spread = trials.assign(**{"best/loss": np.geomspace(1e-3, 90, TRIALS)})
    figure = figures.history(spread, objective=Objective("loss", mode))
    assert figure.layout.yaxis.type == kind


def test_the_line_of_the_best_is_of_all_trials(trials: pd.DataFrame) -> None:
    figure = figures.history(trials, objective=LOSS)
    (best,) = (trace for trace in figure.data if trace.name == "best so far")
    assert best.y[-1] == trials["best/loss"].min()


def test_the_best_curve_is_drawn_whole(trials: pd.DataFrame, reports: pd.DataFrame) -> None:
    figure = figures.curves(reports, objective=LOSS, trials=trials)
    best = figure.data[-1]
    winner = reports.loc[reports["loss"].idxmin(), "trial_id"]
    own = reports.loc[reports["trial_id"] == winner, "loss"]
    assert best.name == f"best: {winner}"
    assert best.y[:-1].tolist() == own.tolist()


def test_workers_of_a_large_cluster_are_thinned_and_it_is_said(trials: pd.DataFrame) -> None:
    begin = np.repeat(np.arange(100) * 10.0, 100)
    rows = {"trial_id": trials["trial_id"], "attempt": 1}
    events = pd.concat(
        [
            pd.DataFrame({**rows, "event": "started", "timestamp": begin, "seq": range(TRIALS)}),
            pd.DataFrame({**rows, "event": "ended", "timestamp": begin + 9, "seq": range(TRIALS)}),
        ]
    )
    decisions = events.iloc[:0].rename(columns={"event": "decision"})
    figure = figures.timeline(events, decisions, trials)
    said = figure.layout.title.subtitle.text.replace("<br>", "")
    assert said == "90% of 100 workers busy on average; 34 of 100 workers drawn"
    assert len(figure.to_json()) < 600_000

"""Panels over hyperparameters: both axes have names, ticks fit, and choices look like choices."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
from drawn_sweeps import trials_of

from tuner import figures
from tuner.figures.layouts import arranged
from tuner.objectives import Objective

LOSS = Objective("loss", "min")
KINDS = ["sgd_with_nesterov_momentum", "adamw_decoupled_weight_decay"]
RANDOM = np.random.default_rng(0)
TRIALS = trials_of(
    [*RANDOM.random(38).tolist(), math.nan, math.nan],
    **{
        "config/lr": RANDOM.random(40),
        "config/depth": RANDOM.integers(1, 4, 40),
        "config/kind": RANDOM.choice(KINDS, 40),
    },
)


def headings(figure: go.Figure) -> list[str]:
    return [note.text.replace("<br>", "") for note in figure.layout.annotations]


def test_a_heading_of_a_contour_names_both_hyperparameters() -> None:
    figure = figures.contours(TRIALS, objective=LOSS)
    assert headings(figure) == ["depth against lr", "kind against lr", "kind against depth"]
    titles = [axis.title.text for axis in figure.select_xaxes() if axis.title.text]
    assert titles == ["lr", "lr", "depth"]
    assert figures.slices(TRIALS, objective=LOSS).layout.xaxis3.title.text == "kind"


def test_ticks_of_choices_are_short_enough_for_their_panels() -> None:
    figure = figures.contours(TRIALS, objective=LOSS)
    for width, most in ((900, 12), (540, 8), (375, 12), (900, 12)):
        texts = arranged(figure, width).layout.yaxis2.ticktext
        assert len(set(texts)) == len(KINDS)
        assert max(len(line) for text in texts for line in text.split("<br>")) <= most
    assert figure.layout.yaxis2.ticktext[1] == "sgd_with_nes<br>…ov_momentum"


def test_one_panel_has_room_for_its_options_at_every_width() -> None:
    figure = figures.contours(TRIALS, objective=LOSS, names=["lr", "kind"])
    for width in (375, 620, 900):
        assert arranged(figure, width).layout.yaxis.ticktext[1] == "sgd_with_nes<br>…ov_momentum"


def test_options_of_two_panels_side_by_side_are_short_on_a_tablet() -> None:
    figure = arranged(figures.contours(TRIALS, objective=LOSS), 640)
    assert figure.layout.yaxis2.ticktext[1] == "sgd_with<br>…omentum"


def test_points_of_a_choice_are_near_its_tick_and_a_pointer_is_told_the_choice() -> None:
    figure = figures.slices(TRIALS, objective=LOSS)
    places = next(trace.x for trace in figure.data if trace.xaxis == "x3")
    assert np.abs(places - places.round()).max() <= 0.1
    assert "side by side" in figure.layout.title.subtitle.text
    lost = next(trace for trace in figure.data if trace.xaxis == "x3" and trace.legendgroup)
    assert set(lost.text) <= set(KINDS)
    assert "%{x}" not in lost.hovertemplate
    plain = figures.slices(TRIALS.drop(columns=["config/kind", "config/depth"]), objective=LOSS)
    assert "side by side" not in (plain.layout.title.subtitle.text or "")


def test_ranks_name_what_is_ranked() -> None:
    bar = figures.contours(TRIALS, objective=LOSS, shade="rank").layout.coloraxis.colorbar
    assert bar.title.text == "rank: loss (lower ranks are better)"

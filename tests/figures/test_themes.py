"""Looks: colours that are told apart on every background, styles that differ, themes that apply."""

from __future__ import annotations

from itertools import pairwise

import plotly.graph_objects as go
import pytest
from drawn_sweeps import reports_of

from tuner import figures
from tuner.errors import SpecError
from tuner.figures import template, themed
from tuner.figures.themes import ILL, MAIN, MARKED, OTHERS, PALETTE, faded, styles
from tuner.objectives import Objective

LOSS = Objective("loss", "min")


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def laid(colour: str, paper: str) -> str:
    """Return how a colour that lets something through looks on paper."""
    *ink, opacity = map(float, colour.removeprefix("rgba(").removesuffix(")").split(","))
    below = [int(paper[at : at + 2], 16) for at in (1, 3, 5)]
    seen = [round(opacity * i + (1 - opacity) * b) for i, b in zip(ink, below, strict=True)]
    return "#" + "".join(f"{part:02X}" for part in seen)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_what_matters_stands_out_on_every_background(theme: str) -> None:
    layout = template(theme).layout  # type: ignore[arg-type]
    assert contrast(layout.font.color, layout.paper_bgcolor) > 12
    assert contrast(layout.title.subtitle.font.color, layout.paper_bgcolor) > 5
    assert min(contrast(colour, layout.paper_bgcolor) for colour in (MAIN, MARKED, ILL)) > 3
    assert min(contrast(colour, layout.paper_bgcolor) for colour in PALETTE) > 2


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_what_is_for_comparison_is_found_and_stays_behind(theme: str) -> None:
    paper = template(theme).layout.paper_bgcolor  # type: ignore[arg-type]
    assert 2.5 < contrast(laid(OTHERS, paper), paper) < 3.3


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_many_curves_stand_out_and_the_best_one_among_them(theme: str) -> None:
    figure = figures.curves(reports_of([[n + 2, n + 1] for n in range(30)]), objective=LOSS)
    *many, best = figure.data
    paper = template(theme).layout.paper_bgcolor  # type: ignore[arg-type]
    for line in many:
        assert contrast(laid(line.line.color, paper), paper) >= 3
    assert best.line.color == MARKED
    assert best.line.width >= 2 * many[0].line.width


def test_styles_differ_as_lines_and_neighbours_without_colour() -> None:
    looks = list(styles(f"arm-{n}" for n in range(30)).values())
    assert len(set(looks)) == 30
    for look, following in pairwise(looks):
        assert look.dash != following.dash


def test_an_arm_has_one_style_however_often_it_is_named() -> None:
    assert styles(["a", "a", "b"]) == styles(["a", "b"])


def test_a_figure_changes_its_theme_and_nothing_else() -> None:
    figure = go.Figure(go.Scatter(x=[1], y=[2]))
    before = figure.to_dict()["data"]
    assert themed(figure, "dark").layout.template.layout.paper_bgcolor == "#14171B"
    assert themed(figure, "light").layout.template.layout.paper_bgcolor == "#FFFFFF"
    assert figure.to_dict()["data"] == before


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(SpecError, match="unknown theme 'drak'; did you mean 'dark'"):
        template("drak")  # type: ignore[arg-type]


def test_a_faded_colour_keeps_its_hue() -> None:
    assert faded("#0072B2", 0.25) == "rgba(0,114,178,0.25)"

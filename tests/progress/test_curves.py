"""Learning curves in the terminal: what is drawn where, and the awkward inputs."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.progress import curves_of, draw_curves
from tuner.progress.canvas import Canvas

BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}
CURVE = [(1, 1.0), (2, 0.5), (3, 0.25)]


def lines(curves: dict[str, list[tuple[float, float]]], **options: object) -> list[str]:
    settings = {"metric": "error", "mode": "min", "width": 40, "height": 8} | options
    return draw_curves(curves, **settings).plain.splitlines()


def dots(drawing: list[str]) -> int:
    return sum(character in BRAILLE for line in drawing for character in line)


def test_a_falling_curve_ends_at_the_lower_right() -> None:
    drawing = lines({"t1": CURVE})
    assert drawing[0] == "error (min)"
    assert drawing[1][12] in BRAILLE  # the first point is in the upper left corner
    assert drawing[8][39] == "◆"
    assert drawing[1].startswith("          1┤")
    assert drawing[8].startswith("       0.25┤")
    assert drawing[10].split() == ["1", "training_iteration", "3"]
    assert drawing[11] == "◆ best 0.25, t1 at 3  trials: 1"


def test_the_best_depends_on_the_mode() -> None:
    curves = {"low": [(1, 0.1), (2, 0.2)], "high": [(1, 0.8), (2, 0.9)]}
    assert "best 0.1, low at 1" in lines(curves, mode="min")[-1]
    assert "best 0.9, high at 2" in lines(curves, mode="max")[-1]


def test_the_best_is_bright_and_the_others_are_faint() -> None:
    drawing = draw_curves({"a": CURVE, "b": [(1, 0.9), (3, 0.9)]}, metric="error", mode="min")
    styles = {
        str(span.style)
        for span in drawing.spans
        if set(drawing.plain[span.start : span.end]) & BRAILLE
    }
    assert styles == {"bold green", "dim"}


def test_stopped_trials_are_marked_where_they_end() -> None:
    curves = {"t1": CURVE, "t2": [(1, 0.9), (2, 0.25)], "t3": [(1, 1.0)]}
    drawing = lines(curves, stopped={"t2", "t3", "unknown"})
    assert sum(line.count("✕") for line in drawing[1:9]) == 2
    assert drawing[1][12] == "✕"
    assert "✕ stopped" in drawing[-1]
    assert "✕" not in "".join(lines(curves))


def test_no_points() -> None:
    for curves in ({}, {"t1": []}, {"t1": [(1, math.nan)], "t2": [(1, math.inf)]}):
        assert lines(curves) == ["no finite value of error to draw"]


def test_a_single_point() -> None:
    drawing = lines({"t1": [(5, 0.5)]})
    assert sum("◆" in line for line in drawing[1:9]) == 1
    assert any(line.startswith("        0.5┤◆") for line in drawing)


def test_values_that_are_not_finite_leave_a_gap() -> None:
    whole = [(t, 0.5) for t in range(1, 12)]
    broken = [(t, math.nan if 4 <= t <= 8 else v) for t, v in whole]
    assert 0 < dots(lines({"t1": broken})) < dots(lines({"t1": whole}))


def test_trials_without_a_finite_value_are_counted() -> None:
    assert lines({"t1": CURVE, "t2": [(1, math.nan)]})[-1].endswith(
        "trials: 1, 1 without a finite value"
    )


def test_orders_of_magnitude_get_a_logarithmic_axis() -> None:
    drawing = lines({"t1": [(t, 10.0**-t) for t in range(1, 6)]})
    assert drawing[0] == "error (min, log scale)"
    rows = [next((n for n, line in enumerate(drawing[1:9]) if line[column] in BRAILLE), None)
            for column in (12, 19, 26)]  # fmt: skip
    assert rows == sorted(rows)
    assert rows[0] == 0
    assert 3 <= rows[2] <= 4
    assert "log" not in lines({"t1": [(1, -1e-9), (2, 1e6)]})[0]


def test_a_diverged_trial_does_not_flatten_the_others() -> None:
    curves = {f"t{i}": [(1, 0.5 + i / 100), (2, 0.4 + i / 100)] for i in range(20)}
    drawing = lines(curves | {"bad": [(1, 0.6), (2, 1e30)]})
    assert drawing[1].split("┤")[0].strip().startswith("≥0.6")
    assert "log" not in drawing[0]
    upward = lines({t: [(x, -y) for x, y in c] for t, c in curves.items()}
                   | {"bad": [(1, -0.6), (2, -1e30)]}, mode="max")  # fmt: skip
    assert upward[8].split("┤")[0].strip().startswith("≤-0.6")


def test_many_trials_are_thinned_out_and_the_best_stays() -> None:
    curves = {f"t{i}": [(1, 1.0 + i), (2, 1.0 + i)] for i in range(2000)}
    curves["t1003"] = [(1, 0.5), (2, 0.5)]
    caption = lines(curves)[-1]
    assert "t1003" in caption
    assert "400 of 2,000" in caption or "401 of 2,000" in caption


@pytest.mark.parametrize(("column", "characters"), [(0, "⠁⠂⠄⡀"), (1, "⠈⠐⠠⢀")])
def test_a_canvas_numbers_its_dots_as_unicode_does(column: int, characters: str) -> None:
    for row, character in enumerate(characters):
        canvas = Canvas(2, 2)
        canvas.dot(2 + column, 4 + row)
        cells = [canvas.character(cell, line) for line in (0, 1) for cell in (0, 1)]
        assert cells == ["", "", "", character]


@pytest.mark.parametrize(
    ("start", "end", "character"),
    [
        ((0, 0), (0, 3), "⡇"),
        ((0, 3), (1, 0), "⡜"),
        ((1, 0), (0, 3), "⡜"),
        ((0, 0), (1, 3), "⢣"),
        ((1, 2), (1, 2), "⠠"),
    ],
)
def test_a_line_joins_its_ends(
    start: tuple[int, int], end: tuple[int, int], character: str
) -> None:
    canvas = Canvas(1, 1)
    canvas.line(start, end)
    assert canvas.character(0, 0) == character


def test_curves_of_a_frame_skip_missing_values_and_keep_the_later_attempt() -> None:
    frame = pd.DataFrame(
        {
            "trial_id": ["b", "a", "b", "b", "c"],
            "epoch": [2, 1, 1, 2, 1],
            "error": [0.9, 0.5, 0.8, 0.7, math.nan],
        }
    )
    curves = curves_of(frame, "error", "epoch")
    assert curves["b"] == [(1.0, 0.8), (2.0, 0.7)]
    assert curves["a"] == [(1.0, 0.5)]
    assert math.isnan(curves["c"][0][1])
    texts = pd.DataFrame({"trial_id": ["a"], "epoch": [1], "error": ["n/a"]})
    assert curves_of(texts, "error", "epoch") == {}


values = st.floats(allow_nan=True, allow_infinity=True)
points = st.lists(st.tuples(st.floats(0, 1e9) | st.integers(0, 100), values), max_size=12)


@given(
    st.dictionaries(st.sampled_from("abcdef"), points, max_size=5),
    st.sampled_from(["min", "max"]),
    st.integers(1, 90),
    st.integers(1, 12),
)
def test_every_drawing_has_the_size_asked_for(
    curves: dict[str, list[tuple[float, float]]], mode: str, width: int, height: int
) -> None:
    sorted_curves = {trial: sorted(curve, key=lambda p: p[0]) for trial, curve in curves.items()}
    drawing = lines(sorted_curves, mode=mode, width=width, height=height, stopped=set("ab"))
    if not any(math.isfinite(v) for curve in curves.values() for _, v in curve):
        assert len(drawing) == 1
        return
    assert len(drawing) == max(height, 4) + 4
    assert all(len(line) <= max(width, 24) for line in drawing[1:-2])
    assert sum("◆" in line for line in drawing[1:-3]) == 1


@pytest.mark.parametrize("extreme", [1e308, -1e308, 5e-324])
def test_extreme_values(extreme: float) -> None:
    assert len(lines({"t1": [(1, 1.0), (2, extreme), (3, -extreme)]})) == 12

"""Trials that report once: their values side by side, and the best so far."""

from __future__ import annotations

import math

import pytest

from tuner.progress import draw_curves

BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}
FIRST = 12  # column of the picture


def draw(values: list[float], **options: object) -> list[str]:
    curves = {f"t{number}": [(1, value)] for number, value in enumerate(values, 1)}
    settings = {"metric": "error", "mode": "min", "width": 40, "height": 8} | options
    return draw_curves(curves, **settings).plain.splitlines()


def columns_of(mark: str, drawing: list[str]) -> list[int]:
    return sorted(
        column - FIRST
        for line in drawing[1:9]
        for column, character in enumerate(line)
        if character == mark
    )


def test_a_mark_per_trial_from_left_to_right() -> None:
    drawing = draw([0.9, 0.5, 0.7, 0.1, 0.3])
    assert drawing[0] == "error (min), one report per trial"
    assert columns_of("•", drawing) == [0, 7, 14, 27]  # dots 0, 14, 28 and 55, two to a cell
    assert columns_of("◆", drawing) == [20]  # dot 41
    assert drawing[1][FIRST] == "•"  # the worst, above all
    assert drawing[8][FIRST + 20] == "◆"
    assert drawing[10].split() == ["1", "trial", "5"]
    assert drawing[11] == "◆ best 0.1, t4  ─ best so far  trials: 5"


@pytest.mark.parametrize(("mode", "sign"), [("min", 1), ("max", -1)])
def test_the_best_so_far_never_gets_worse(mode: str, sign: int) -> None:
    drawing = draw([sign * v for v in (0.9, 0.5, 0.7, 0.1, 0.3)], mode=mode)
    picture = drawing[1:9] if mode == "min" else drawing[8:0:-1]
    lows = []
    for column in range(FIRST, 40):
        rows = [row for row, line in enumerate(picture) if line[column] in BRAILLE | {"◆"}]
        lows.append(max(rows, default=-1))
    drawn = [row for row in lows if row >= 0]
    assert drawn == sorted(drawn)
    assert drawn[0] < drawn[-1] == 7
    assert len(drawn) >= 25  # of 28: a line, not single points; marks hide the rest


def test_a_worse_trial_leaves_the_line_level() -> None:
    drawing = draw([0.1, 0.9, 0.5])
    assert columns_of("◆", drawing) == [0]
    assert set(drawing[8][FIRST + 1 : 40]) <= BRAILLE
    assert not BRAILLE & set("".join(drawing[1:8]))


def test_trials_without_a_value_have_no_place_but_are_counted() -> None:
    drawing = draw([0.5, math.nan, 0.25])
    assert drawing[10].split() == ["1", "trial", "2"]
    assert drawing[11].endswith("trials: 2, 1 without a finite value")


def test_stopped_trials_are_marked() -> None:
    drawing = draw([0.9, 0.5, 0.7], stopped={"t1", "t3"})
    assert columns_of("✕", drawing) == [0, 27]
    assert "✕ stopped" in drawing[11]


def test_many_trials_become_dots() -> None:
    drawing = draw([1 + (n * 7) % 100 for n in range(100)])
    assert not columns_of("•", drawing)
    assert sum(character in BRAILLE for line in drawing[1:9] for character in line) > 60


def test_orders_of_magnitude_get_a_logarithmic_axis() -> None:
    assert draw([1e-6, 1.0])[0] == "error (min, log scale), one report per trial"


def test_a_second_report_makes_curves_of_them() -> None:
    curves = {"t1": [(1, 0.5)], "t2": [(1, 0.9), (2, 0.4)]}
    drawing = draw_curves(curves, metric="error", mode="min").plain
    assert "one report per trial" not in drawing
    assert "best 0.4, t2 at 2" in drawing

"""Names in lines, styles that differ, and the units of an axis."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.budgets import Unit
from tuner.figures.panels import spend_axis
from tuner.figures.style import arm_styles, wrapped


@given(st.text(alphabet="ab:,+/ _", max_size=120), st.integers(3, 40))
def test_names_are_broken_into_lines_and_lose_nothing(name: str, width: int) -> None:
    lines = wrapped(name, width).split("\n")
    assert "".join(lines) == name
    assert all(len(line) <= width for line in lines)


def test_names_are_broken_after_punctuation() -> None:
    assert wrapped("asha:reduction_factor=3+hyperopt", 26) == "asha:reduction_factor=3+\nhyperopt"
    assert wrapped("short", 26) == "short"
    assert wrapped("cost$per$run") == r"cost\$per\$run"


def test_styles_differ_as_lines_and_neighbours_without_colour() -> None:
    styles = list(arm_styles(f"arm-{n}" for n in range(28)).values())
    assert len({(style.colour, str(style.dashes)) for style in styles}) == 28
    for style, following in pairwise(styles):
        assert style.dashes != following.dashes


def test_an_arm_has_one_style_however_often_it_is_named() -> None:
    assert arm_styles(["a", "a", "b"]) == arm_styles(["a", "b"])


@pytest.mark.parametrize(
    ("unit", "most", "label", "worth"),
    [
        ("trials", 1e6, "trials", 1),
        ("epochs", 500, "epochs", 1),
        ("seconds", 100, "wall time (s)", 1),
        ("seconds", 120, "wall time (min)", 60),
        ("gpu_seconds", 7200, "GPU time (h)", 3600),
    ],
)
def test_times_are_in_units_that_fit(unit: Unit, most: float, label: str, worth: float) -> None:
    assert spend_axis(unit, most) == (label, worth)

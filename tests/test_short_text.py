"""Short texts for durations, values and configurations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.short_text import config_leaves, config_text, duration_text, value_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (-3, "0s"), (59.4, "59s"), (59.6, "1m 00s"), (125, "2m 05s"),
        (3600, "1h 00m"), (86_399, "23h 59m"), (90_000, "1d 01h"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"), (0.000123456, "0.0001235"), (1e300, "1e+300"), (math.nan, "nan"),
        (-math.inf, "-inf"), (True, "True"), (123456789, "123456789"), (np.float64(0.25), "0.25"),
        ([64, 0.1], "[64, 0.1]"), ("two\nlines", "two lines"), ("x" * 90, "x" * 37 + "..."),
    ],
)  # fmt: skip
def test_values(value: object, text: str) -> None:
    assert value_text(value) == text


def test_a_configuration_is_flat_and_names_a_chosen_none() -> None:
    config = {"lr": 0.1, "model": {"units": [8, 8], "norm": None, "extra": {}}}
    assert config_text(config) == "lr=0.1 model/units=[8, 8] model/norm=None model/extra={}"


def test_the_leaves_of_a_configuration_keep_their_values() -> None:
    config = {"net": {"units": 64, "extra": {}}, "drop": None}
    assert dict(config_leaves(config)) == {"net/units": 64, "net/extra": {}, "drop": None}


@given(st.recursive(st.none() | st.floats() | st.text() | st.booleans(), st.lists))
def test_every_value_fits_on_a_short_line(value: object) -> None:
    text = value_text(value)
    assert len(text) <= 40
    assert "\n" not in text

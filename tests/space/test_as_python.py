"""A space as Python: evaluating the text gives the space back."""

from __future__ import annotations

import math
from typing import Any

import pytest
from ray import tune

from tuner.space import python_text, to_json

NESTED: dict[str, Any] = {
    "lr": tune.loguniform(1e-4, 1.0),
    "q": tune.quniform(0, 1, 0.25),
    "n": tune.randint(1, 9),
    "lq": tune.qlograndint(2, 64, 2),
    "normal": tune.randn(0, 2),
    "it's": 'a "quoted" one',
    "group": {"widths": (8,), "list": [1, None, True], "empty": {}},
    "grid": {"grid_search": [1, 2]},
    "choice": tune.choice(
        [
            {"kind": "a long name that takes much of a line", "x": tune.uniform(0, 1)},
            {"kind": "another long name that takes much of a line", "y": tune.choice(["b", 'c"'])},
        ]
    ),
}


@pytest.mark.parametrize("width", [1, 40, 88, 10_000])
def test_evaluating_it_gives_the_space(width: int) -> None:
    text = python_text(NESTED, width=width)
    assert to_json(eval(text, {"tune": tune})) == to_json(NESTED)


def test_lines_are_short_and_strings_in_double_quotes() -> None:
    lines = python_text(NESTED).splitlines()
    assert max(map(len, lines)) <= 100
    assert '    "lr": tune.loguniform(0.0001, 1.0),' in lines
    assert python_text({"a": 1}) == '{"a": 1}'


def test_numbers_that_have_no_literal() -> None:
    text = python_text([math.inf, -math.inf, math.nan])
    assert text == '[float("inf"), float("-inf"), float("nan")]'


def test_a_function_is_left_out() -> None:
    assert python_text(tune.sample_from(lambda _: 1)) == "tune.sample_from(...)"

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.budgets import Budget, budget_text, parse_budget
from tuner.errors import SpecError


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("200trials", Budget(200, "trials")),
        ("1trial", Budget(1, "trials")),
        ("500epochs", Budget(500, "epochs")),
        (" 2.5 h ", Budget(9000, "seconds")),
        ("90m", Budget(5400, "seconds")),
        ("1e3s", Budget(1000, "seconds")),
        ("8gpuh", Budget(28800, "gpu_seconds")),
        (".5gpud", Budget(43200, "gpu_seconds")),
    ],
)
def test_a_budget_is_spelled_as_a_number_and_a_unit(text: str, budget: Budget) -> None:
    assert parse_budget(text) == budget


@given(
    st.builds(
        Budget,
        st.floats(1e-3, 1e12).map(lambda amount: float(f"{amount:.15g}")),
        st.sampled_from(["epochs", "seconds", "gpu_seconds"]),
    )
)
def test_the_text_of_a_budget_spells_it(budget: Budget) -> None:
    assert parse_budget(str(budget)) == budget


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("500", "a number and a unit"),
        (500, "a number and a unit.* got 500"),
        ("epochs", "a number and a unit"),
        ("5 epcohs", "unknown unit 'epcohs'.*epochs"),
        ("-3h", "a number and a unit"),
        ("0h", "above 0"),
        ("1e999h", "finite"),
        ("1.5trials", "whole number of trials"),
        ("2H", "unknown unit 'H'"),
    ],
)
def test_what_is_no_budget_is_refused(text: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_budget(text)


@pytest.mark.parametrize(
    ("budget", "text"),
    [("1000epochs", "1,000 epochs"), ("20trials", "20 trials"), ("90m", "1h 30m"),
     ("40gpuh", "40 GPU-hours"), ("90gpus", "90 GPU-seconds")],
)  # fmt: skip
def test_a_budget_in_words(budget: str, text: str) -> None:
    assert budget_text(parse_budget(budget)) == text

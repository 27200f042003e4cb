"""How a table shows its rows."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

import tuner
from tuner.objectives import Objective
from tuner.playbook.tables.judging import Judgement

ROW = {"repeats": 4, "missing": 0, "error": 0.25, "error_low": 0.2, "error_high": 0.3,
       "parameters": 12345.0, "behind": 0.0, "p": math.nan, "time_to_target": 3.0,
       "reached": 4}  # fmt: skip


def table(*rows: dict[str, Any]) -> tuner.Table:
    frame = pd.DataFrame([ROW | {"value": str(place)} | row for place, row in enumerate(rows)])
    pairs = pd.DataFrame(columns=["better", "worse", "gap", "p"])
    return tuner.Table(
        name="width",
        question="How wide?",
        factor="width",
        objective=Objective("error", "min"),
        metrics=("parameters",),
        time_attr="epoch",
        target=0.2,
        held={"lr": 0.1},
        measured="two folds",
        judgement=Judgement("error", 0.95, frame, pairs, ()),
        remarks=("a remark",),
        place="results/width",
    )


def test_numbers_are_short_and_what_is_not_there_is_empty() -> None:
    whole, small, single = table(
        {}, {"p": 0.0001, "behind": 0.0123456}, {"error_low": math.nan, "error_high": math.nan}
    ).cells()[1:]

    assert whole == ["0", "4", "0.25", "0.2 to 0.3", "12,345", "3", "0", ""]
    assert small[-2:] == ["0.01235", "< 0.001"]
    assert single[3] == ""


def test_repeats_that_failed_and_targets_that_were_not_reached_are_counted() -> None:
    cells = table(
        {"repeats": 3, "missing": 1},
        {"reached": 3},
        {"reached": 1, "time_to_target": math.inf},
        {"reached": 0, "time_to_target": math.inf},
    ).cells()[1:]

    assert cells[0][1] == "3 of 4"
    assert [line[5] for line in cells[1:]] == [
        "3 (3 of 4)", "not reached (1 of 4)", "not reached"
    ]  # fmt: skip


def test_the_notes_are_the_conclusion_and_what_it_rests_on() -> None:
    assert list(table({}, {}).notes()) == [
        "Nothing to compare: no two values have two repeats in common.",
        "Measured: two folds.",
        "Held where a value does not say otherwise: lr 0.1.",
        "Note: a remark.",
    ]

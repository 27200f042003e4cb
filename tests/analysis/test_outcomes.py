"""What a comparison found: who is paired, what counts, what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparisons import outcomes_of

from tuner.analysis import Outcomes
from tuner.budgets import Budget
from tuner.errors import SpecError

TWO = {("t", "a", 0): [(10.0, 0.5)], ("t", "b", 0): [(20.0, 0.4)]}


def test_the_best_so_far_is_undefined_before_the_first_report_and_holds_after_each() -> None:
    outcomes = outcomes_of({("t", "a", 0): [(10, 0.5), (30, 0.2)]})
    assert outcomes.costs("t", "a", [0, 9.9, 10, 29.9, 30, 100]).tolist() == [
        [math.inf, math.inf, 0.5, 0.5, 0.2, 0.2]
    ]


def test_costs_of_a_maximised_metric_have_the_other_sign() -> None:
    outcomes = outcomes_of({("t", "a", 0): [(10, 0.5), (30, 0.9)]}, modes={"t": "max"})
    assert outcomes.costs("t", "a", [10, 30]).tolist() == [[-0.5, -0.9]]
    assert (outcomes.extremes("t").best, outcomes.extremes("t").worst) == (0.9, 0.5)


def test_what_comes_after_the_budget_is_not_looked_at() -> None:
    outcomes = outcomes_of({("t", "a", 0): [(10, 0.5), (100, 0.4), (100.1, 0.1)]}, budget=100)
    assert outcomes.costs("t", "a", [100, 1000]).tolist() == [[0.4, 0.4]]


def test_the_order_of_rows_says_nothing_and_a_worse_row_is_no_improvement() -> None:
    outcomes = outcomes_of({("t", "a", 0): [(30, 0.2), (10, 0.5), (20, 0.7)]})
    assert outcomes.costs("t", "a", [10, 20, 30]).tolist() == [[0.5, 0.5, 0.2]]


def test_a_failed_run_found_nothing_whatever_it_reported() -> None:
    outcomes = outcomes_of(TWO, failed=[("t", "b", 0)])
    assert outcomes.costs("t", "b", [100]).tolist() == [[math.inf]]
    assert outcomes.failures().to_numpy().tolist() == [["t", "b", 0, "failed"]]
    assert outcomes.extremes("t").best == 0.4  # though its reports are among those of the task


def test_a_run_without_a_finite_value_is_named_too() -> None:
    outcomes = outcomes_of({("t", "a", 0): [(10, math.nan)], ("t", "b", 0): [(101, 0.1)]})
    assert outcomes.failures()["reason"].tolist() == ["no finite value within the budget"] * 2
    assert outcomes.extremes("t").best == 0.1


def test_nothing_finite_on_a_task_leaves_its_extremes_undefined() -> None:
    outcomes = outcomes_of({("t", "a", 0): []})
    assert math.isnan(outcomes.extremes("t").best)
    assert math.isnan(outcomes.extremes("t").worst)


def test_arms_are_compared_on_the_seeds_that_all_have_run() -> None:
    cells = {("t", "a", seed): [(1.0, 1.0)] for seed in (2, 0, 1)}
    cells |= {("t", "b", seed): [(1.0, 2.0)] for seed in (1, 2)}
    cells |= {("u", "a", 0): [(1.0, 1.0)]}
    outcomes = outcomes_of(cells)

    assert outcomes.seeds("t") == (1, 2)
    assert outcomes.costs("t", "a", [1]).shape == (2, 1)
    assert outcomes.tasks == ("t",)
    assert outcomes.seeds("u") == ()
    assert outcomes.missing().to_numpy().tolist() == [
        ["t", "b", 0], ["u", "a", 1], ["u", "a", 2], ["u", "b", 0], ["u", "b", 1], ["u", "b", 2]
    ]  # fmt: skip


def test_arms_and_tasks_stay_in_the_order_of_the_runs() -> None:
    outcomes = outcomes_of({(task, arm, 0): [(1.0, 1.0)] for task in "zy" for arm in "cab"})
    assert outcomes.arms == ("c", "a", "b")
    assert outcomes.tasks == ("z", "y")


def test_runs_that_all_failed_at_once_are_no_error() -> None:
    outcomes = outcomes_of({cell: [] for cell in TWO}, failed=list(TWO))
    runs = outcomes.runs.assign(epochs=0, trials=0)
    assert len(Outcomes(runs, outcomes.incumbents, outcomes.budget).failures()) == 2


def test_no_runs_are_no_error() -> None:
    whole = outcomes_of(TWO)
    outcomes = Outcomes(whole.runs.iloc[:0], whole.incumbents.iloc[:0], whole.budget)
    assert (outcomes.arms, outcomes.tasks, outcomes.all_seeds) == ((), (), ())
    assert len(outcomes.missing()) == len(outcomes.failures()) == 0


def changed(**columns: Any) -> pd.DataFrame:
    return outcomes_of(TWO).runs.assign(**columns)


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (changed().drop(columns=["mode", "best"]), "it lacks mode, best"),
        (changed(status="done"), "unknown status 'done'"),
        (changed(mode="minimum"), "unknown mode 'minimum'; did you mean 'min'?"),
        (changed(mode=["min", "max"]), "one mode, got two for 't'"),
        (changed(arm="a"), "got several of 'a' on 't', seed 0"),
        (changed(epochs=0), "no run spent any epochs.*choose another unit"),
        (changed(epochs=np.nan), "no run spent any epochs"),
    ],
)
def test_frames_that_are_none_are_refused(runs: pd.DataFrame, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Outcomes(runs, outcomes_of(TWO).incumbents, Budget(100, "epochs"))


def test_incumbents_without_a_unit_are_refused() -> None:
    outcomes = outcomes_of(TWO)
    with pytest.raises(SpecError, match=r"frame of incumbents.*lacks seconds"):
        Outcomes(outcomes.runs, outcomes.incumbents.drop(columns="seconds"), outcomes.budget)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(SpecError, match="unknown task 'tt'; did you mean 't'"):
        outcomes_of(TWO).costs("tt", "a", [1])
    with pytest.raises(SpecError, match="unknown arm 'c'; known: a, b"):
        outcomes_of(TWO).costs("t", "c", [1])


def test_frames_of_parquet_are_read_as_well() -> None:
    """Where runs failed, whole numbers come as ``Int64`` with missing values."""
    outcomes = outcomes_of(TWO, failed=[("t", "b", 0)])
    runs = outcomes.runs.convert_dtypes()
    runs.loc[1, ["trials", "epochs", "best", "worst"]] = pd.NA
    again = Outcomes(runs, outcomes.incumbents.convert_dtypes(), outcomes.budget)
    assert again.costs("t", "a", [100]).tolist() == [[0.5]]
    assert again.extremes("t").worst == 0.5

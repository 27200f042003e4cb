"""Times to a target, censored where it is never reached, with the arithmetic by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from comparisons import drawn_outcomes, outcomes_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.analysis import (
    ALL_TASKS,
    Outcomes,
    final_targets,
    fixed_targets,
    speedups,
    time_to_target,
    waiting_times,
)
from tuner.errors import SpecError

CELLS = {
    ("t", "base", 0): [(10.0, 5.0), (80.0, 2.0)],
    ("t", "base", 1): [(10.0, 4.0), (60.0, 1.0)],
    ("t", "base", 2): [(10.0, 3.0)],
    ("t", "arm", 0): [(20.0, 2.0)],
    ("t", "arm", 1): [(15.0, 1.5)],
    ("t", "arm", 2): [(50.0, 2.5), (70.0, 0.5)],
}
OUTCOMES = outcomes_of(CELLS)


def test_the_target_is_the_median_of_the_baselines_final_values_or_those_of_each_seed() -> None:
    assert final_targets(OUTCOMES, "base")["target"].tolist() == [2.0] * 3
    assert final_targets(OUTCOMES, "base", per_seed=True)["target"].tolist() == [2.0, 1.0, 3.0]


def test_a_baseline_that_found_nothing_sets_the_worst_value_as_the_target() -> None:
    failed = outcomes_of(CELLS, failed=[("t", "base", 1)])
    assert final_targets(failed, "base", per_seed=True)["target"].tolist() == [2.0, 5.0, 3.0]


def test_targets_of_a_maximised_metric_are_reached_from_below() -> None:
    cells = {("t", "base", 0): [(10.0, 0.5)], ("t", "arm", 0): [(5.0, 0.4), (7.0, 0.5)]}
    outcomes = outcomes_of(cells, modes={"t": "max"})
    times = time_to_target(outcomes, final_targets(outcomes, "base"))
    assert times["epochs"].tolist() == [10, 7]


def test_a_run_that_never_gets_there_has_the_horizon_in_its_place() -> None:
    times = time_to_target(OUTCOMES, final_targets(OUTCOMES, "base"))
    found = times.set_index(["arm", "seed"])
    assert found["epochs"].to_dict() == {
        ("base", 0): 80, ("base", 1): 60, ("base", 2): 100,
        ("arm", 0): 20, ("arm", 1): 15, ("arm", 2): 70,
    }  # fmt: skip
    assert found.index[~found["reached"]].tolist() == [("base", 2)]
    assert found.loc[("arm", 2)][["trials", "seconds", "gpu_seconds"]].tolist() == [7, 140, 70]
    assert found.loc[("base", 2)][["trials", "seconds", "gpu_seconds"]].tolist() == [10, 200, 100]


def test_the_horizon_is_the_budget_even_if_nobody_spent_it_all() -> None:
    runs = OUTCOMES.runs.assign(epochs=95.0, seconds=[190.0, 180.0] * 3)
    outcomes = Outcomes(runs, OUTCOMES.incumbents, OUTCOMES.budget)
    times = time_to_target(outcomes, fixed_targets(outcomes, {"t": 0.1}))
    assert times["epochs"].tolist() == [100.0] * 6
    assert times["seconds"].tolist() == [190.0] * 6


def test_a_failed_run_never_gets_there_even_if_it_had() -> None:
    failed = outcomes_of(CELLS, failed=[("t", "arm", 1)])
    times = time_to_target(failed, fixed_targets(failed, {"t": 2.0}))
    row = times[(times["arm"] == "arm") & (times["seed"] == 1)].iloc[0]
    assert not row["reached"]
    assert row["epochs"] == 100


def test_waiting_times_tell_the_share_that_got_there() -> None:
    found = waiting_times(OUTCOMES, final_targets(OUTCOMES, "base")).set_index("arm")
    assert found["reached"].to_dict() == pytest.approx({"base": 2 / 3, "arm": 1.0})
    assert found["mean"].to_dict() == pytest.approx({"base": 80, "arm": 35})
    assert found["median"].to_dict() == {"base": 80, "arm": 20}
    assert found.loc["arm", "reached_low"] == pytest.approx(0.43850, abs=1e-5)  # Wilson, 3 of 3


def test_the_median_is_endless_where_half_never_get_there() -> None:
    cells = {("t", "arm", seed): [(10.0, float(seed))] for seed in range(4)}
    outcomes = outcomes_of(cells)
    for target, median in [(0.0, math.inf), (1.0, math.inf), (2.0, 10.0)]:
        found = waiting_times(outcomes, fixed_targets(outcomes, {"t": target}))
        assert found["median"].tolist() == [median]


def test_the_median_of_an_even_number_lies_between_the_middle_two() -> None:
    outcomes = outcomes_of({("t", "arm", n): [(10.0 * (n + 1), 1.0)] for n in range(4)})
    found = waiting_times(outcomes, fixed_targets(outcomes, {"t": 1.0}))
    assert found["median"].tolist() == [25.0]


def test_a_speedup_is_the_ratio_of_restricted_means() -> None:
    (row,) = speedups(OUTCOMES, final_targets(OUTCOMES, "base"), "base").iloc[:1].itertuples()
    assert row.speedup == pytest.approx(80 / 35)
    assert row.saved == pytest.approx(45)
    assert row.low < row.speedup < row.high
    assert (row.reached, row.baseline_reached) == (1.0, pytest.approx(2 / 3))


def test_a_speedup_is_read_in_any_unit() -> None:
    found = speedups(OUTCOMES, final_targets(OUTCOMES, "base"), "base", unit="seconds")
    assert found["saved"].iloc[0] == pytest.approx(90)
    assert found["speedup"].iloc[0] == pytest.approx(80 / 35)


def test_speedups_are_paired_by_seed() -> None:
    """Twice as quick on every seed: no doubt about that, however far seeds lie apart."""
    cells = {("t", "base", n): [(8.0 * (n + 1), 1.0)] for n in range(8)}
    cells |= {("t", "arm", n): [(4.0 * (n + 1), 1.0)] for n in range(8)}
    outcomes = outcomes_of(cells)
    found = speedups(outcomes, final_targets(outcomes, "base"), "base")
    for name in ("speedup", "low", "high"):
        assert found[name].tolist() == pytest.approx([2, 2])


def test_over_tasks_it_is_the_geometric_mean() -> None:
    cells = {
        ("t", "base", 0): [(80.0, 1.0)], ("t", "arm", 0): [(10.0, 1.0)],
        ("u", "base", 0): [(20.0, 1.0)], ("u", "arm", 0): [(40.0, 1.0)],
    }  # fmt: skip
    outcomes = outcomes_of(cells)
    found = speedups(outcomes, final_targets(outcomes, "base"), "base").set_index("task")
    assert found["speedup"].to_dict() == pytest.approx({"t": 8, "u": 0.5, ALL_TASKS: 2})
    assert found["saved"].to_dict() == pytest.approx({"t": 70, "u": -20, ALL_TASKS: 25})


@pytest.mark.parametrize(
    ("base", "arm", "bound"),
    [
        ((1.0, 1.0), (1.0, 1.0), "exact"),
        ((1.0, 9.0), (1.0, 1.0), "at least"),
        ((1.0, 1.0), (1.0, 9.0), "at most"),
        ((9.0, 1.0), (1.0, 9.0), "restricted"),
    ],
)
def test_censoring_makes_a_speedup_a_bound(
    base: tuple[float, ...], arm: tuple[float, ...], bound: str
) -> None:
    cells = {("t", "base", n): [(10.0, value)] for n, value in enumerate(base)}
    cells |= {("t", "arm", n): [(10.0, value)] for n, value in enumerate(arm)}
    outcomes = outcomes_of(cells)
    found = speedups(outcomes, fixed_targets(outcomes, {"t": 1.0}), "base")
    assert found["bound"].tolist() == [bound, bound]


@settings(max_examples=30)
@given(
    st.lists(st.floats(1, 300), min_size=3, max_size=3),
    st.lists(st.floats(1, 300), min_size=3, max_size=3),
)
def test_a_bound_is_one_of_the_speedup_of_endless_runs(base: list[float], arm: list[float]) -> None:
    cells = {("t", "base", n): [(at, 1.0)] for n, at in enumerate(base)}
    cells |= {("t", "arm", n): [(at, 1.0)] for n, at in enumerate(arm)}
    endless = outcomes_of(cells, budget=300)
    cut = outcomes_of(cells, budget=100)
    (truth, seen) = (
        speedups(each, fixed_targets(each, {"t": 1.0}), "base").iloc[0] for each in (endless, cut)
    )
    slack = 1 + 1e-9
    assert truth["bound"] == "exact"
    if seen["bound"] in ("exact", "at least"):
        assert seen["speedup"] <= truth["speedup"] * slack
    if seen["bound"] in ("exact", "at most"):
        assert seen["speedup"] * slack >= truth["speedup"]


def test_a_harder_target_takes_no_less_time() -> None:
    outcomes = drawn_outcomes({"a": 1, "b": 3}, tasks=1, seeds=6)
    means = [
        waiting_times(outcomes, fixed_targets(outcomes, {"task-0": target}))["mean"].to_numpy()
        for target in (0.5, 0.1, 0.01, 0.001)
    ]
    for easier, harder in pairwise(means):
        assert (easier <= harder).all()


def test_targets_of_some_tasks_leave_the_others_out() -> None:
    outcomes = drawn_outcomes({"a": 1, "b": 3}, tasks=3, seeds=3)
    found = speedups(outcomes, fixed_targets(outcomes, {"task-1": 0.1}), "a")
    assert found["task"].tolist() == ["task-1", ALL_TASKS]


def test_seeds_that_lack_a_run_are_left_out() -> None:
    cells = {cell: steps for cell, steps in CELLS.items() if cell != ("t", "arm", 1)}
    outcomes = outcomes_of(cells)
    found = speedups(outcomes, fixed_targets(outcomes, {"t": 2.0}), "base")
    assert found["seeds"].tolist() == [2, 2]
    assert found["speedup"].iloc[0] == pytest.approx(90 / 45)


def test_no_targets_give_empty_frames() -> None:
    nothing = fixed_targets(OUTCOMES, {})
    assert len(time_to_target(OUTCOMES, nothing)) == 0
    assert len(waiting_times(OUTCOMES, nothing)) == len(speedups(OUTCOMES, nothing, "base")) == 0


def test_what_is_unknown_or_not_finite_is_refused() -> None:
    with pytest.raises(SpecError, match="unknown task 'T'"):
        fixed_targets(OUTCOMES, {"T": 1.0})
    with pytest.raises(SpecError, match="finite value, got nan on 't'"):
        fixed_targets(OUTCOMES, {"t": math.nan})
    with pytest.raises(SpecError, match="no run of the arm 'bse'; did you mean 'base'"):
        final_targets(OUTCOMES, "bse")

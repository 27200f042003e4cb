"""Normalised regret and paired differences, with the arithmetic by hand."""

from __future__ import annotations

import math

import pytest
from comparisons import drawn_outcomes, outcomes_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.analysis import ALL_TASKS, mean_regret, paired_differences, regrets, task_scores
from tuner.errors import SpecError

# Task t: best 1, worst 5. Task u is maximised: best 0.9, worst 0.1.
CELLS = {
    ("t", "a", 0): [(10.0, 5.0), (50.0, 2.0)],
    ("t", "a", 1): [(10.0, 3.0), (90.0, 1.0)],
    ("t", "b", 0): [(30.0, 4.0)],
    ("t", "b", 1): [(30.0, 3.0)],
    ("u", "a", 0): [(10.0, 0.1), (20.0, 0.9)],
    ("u", "a", 1): [(10.0, 0.5)],
    ("u", "b", 0): [(10.0, 0.5)],
    ("u", "b", 1): [(10.0, 0.5)],
}
OUTCOMES = outcomes_of(CELLS, modes={"u": "max"})


def test_regret_lies_between_the_best_and_the_worst_of_all_arms() -> None:
    found = regrets(OUTCOMES, (0.25, 1.0)).set_index(["task", "arm", "seed", "fraction"])["regret"]
    expected = {
        ("t", "a", 0): (1.0, 0.25),  # 5, then 2
        ("t", "a", 1): (0.5, 0.0),  # 3, then 1
        ("t", "b", 0): (1.0, 0.75),  # nothing yet, then 4
        ("t", "b", 1): (1.0, 0.5),
        ("u", "a", 0): (0.0, 0.0),
        ("u", "a", 1): (0.5, 0.5),
        ("u", "b", 0): (0.5, 0.5),
        ("u", "b", 1): (0.5, 0.5),
    }
    for cell, (quarter, whole) in expected.items():
        assert found[*cell, 0.25] == pytest.approx(quarter)
        assert found[*cell, 1.0] == pytest.approx(whole)
    assert len(found) == 16


def test_means_are_over_seeds_and_then_over_tasks() -> None:
    means = mean_regret(OUTCOMES, (1.0,)).set_index(["task", "arm"])["regret"]
    assert means.to_dict() == pytest.approx(
        {
            ("t", "a"): 0.125, ("t", "b"): 0.625, ("u", "a"): 0.25, ("u", "b"): 0.5,
            (ALL_TASKS, "a"): 0.1875, (ALL_TASKS, "b"): 0.5625,
        }
    )  # fmt: skip


def test_an_interval_over_all_tasks_is_of_the_means_of_seeds() -> None:
    """Of two seeds it is their range: arm a has 0.25 and 0 on t, 0 and 0.5 on u."""
    found = mean_regret(OUTCOMES, (1.0,)).set_index(["task", "arm"]).loc[(ALL_TASKS, "a")]
    assert found[["low", "high"]].tolist() == pytest.approx([0.125, 0.25])


def test_a_task_weighs_the_same_however_many_seeds_it_has() -> None:
    cells = dict(CELLS)
    del cells["u", "b", 1]
    means = mean_regret(outcomes_of(cells, modes={"u": "max"}), (1.0,))
    means = means.set_index(["task", "arm"])
    assert means.loc[("u", "a"), "regret"] == pytest.approx(0.0)
    assert means.loc[(ALL_TASKS, "a"), "regret"] == pytest.approx((0.125 + 0.0) / 2)
    assert means.loc[("u", "a"), "seeds"] == 1
    assert means.loc[(ALL_TASKS, "a"), "seeds"] == 2


def test_a_known_optimum_takes_the_place_of_the_best_unless_that_is_better() -> None:
    known = regrets(OUTCOMES, (1.0,), optima={"t": 0.0, "u": 0.8})
    found = known.set_index(["task", "arm", "seed"])["regret"]
    assert found["t", "a", 1] == pytest.approx(1 / 5)
    assert found["u", "a", 0] == 0.0
    assert found["u", "a", 1] == pytest.approx(0.4 / 0.8)


def test_a_failed_run_has_a_regret_of_one() -> None:
    means = mean_regret(outcomes_of(CELLS, modes={"u": "max"}, failed=[("t", "a", 1)]), (1.0,))
    assert means["regret"].iloc[0] == pytest.approx((0.25 + 1) / 2)


def test_where_all_values_are_equal_there_is_no_regret_but_for_finding_nothing() -> None:
    outcomes = outcomes_of({("t", "a", 0): [(1.0, 3.0)], ("t", "b", 0): []})
    assert regrets(outcomes, (1.0,))["regret"].tolist() == [0.0, 1.0]


def test_where_nobody_found_anything_all_regret() -> None:
    outcomes = outcomes_of({("t", "a", 0): [], ("t", "b", 0): []})
    assert regrets(outcomes, (1.0,))["regret"].tolist() == [1.0, 1.0]


def test_differences_are_paired_by_seed() -> None:
    """Arm b is worse by one on every seed: no doubt about that, however far seeds lie apart."""
    cells = {("t", "a", seed): [(1.0, 10.0 * seed)] for seed in range(6)}
    cells |= {("t", "b", seed): [(1.0, 10.0 * seed + 1)] for seed in range(6)}
    found = paired_differences(outcomes_of(cells), "a")
    assert found["arm"].tolist() == ["b", "b"]
    for name in ("difference", "low", "high"):
        assert found[name].tolist() == pytest.approx([1 / 51] * 2)


def test_seeds_that_act_alike_on_several_tasks_are_not_counted_twice() -> None:
    """Copies of a task say nothing new: the interval over all is that of one."""
    one = drawn_outcomes({"a": 1, "b": 2}, tasks=1, seeds=8)
    found = one.incumbents[["arm", "seed", "epochs", "value"]].itertuples(index=False)
    steps: dict[tuple[str, str, int], list[tuple[float, float]]] = {}
    for arm, seed, spent, value in found:
        for task in ("u", "v", "w"):
            steps.setdefault((task, arm, seed), []).append((spent, value))
    means = mean_regret(outcomes_of(steps, budget=1000), (1.0,)).set_index(["task", "arm"])
    for arm in one.arms:
        for name in ("regret", "low", "high"):
            assert means.loc[(ALL_TASKS, arm), name] == pytest.approx(means.loc[("u", arm), name])


def test_scores_are_mean_regrets_by_task_and_arm() -> None:
    scores = task_scores(OUTCOMES)
    assert list(scores.columns) == ["a", "b"]
    assert scores.loc["t"].tolist() == pytest.approx([0.125, 0.625])
    assert scores.loc["u"].tolist() == pytest.approx([0.25, 0.5])


steps = st.lists(st.tuples(st.floats(1, 100), st.floats(-1e3, 1e3)), max_size=4)


@settings(max_examples=40)
@given(st.lists(steps, min_size=4, max_size=4), st.sampled_from(["min", "max"]))
def test_regret_is_between_0_and_1_and_never_grows(
    runs: list[list[tuple[float, float]]], mode: str
) -> None:
    cells = {("t", arm, seed): runs[2 * seed + n] for n, arm in enumerate("ab") for seed in (0, 1)}
    frame = regrets(outcomes_of(cells, modes={"t": mode}), (0.25, 0.5, 1.0))
    assert frame["regret"].between(0, 1).all()
    for _, run in frame.groupby(["arm", "seed"]):
        assert run["regret"].is_monotonic_decreasing


def test_no_runs_give_empty_frames() -> None:
    nothing = outcomes_of({("t", "a", 0): [], ("u", "b", 0): []})  # no seed in common
    assert len(regrets(nothing)) == len(mean_regret(nothing)) == 0
    assert len(paired_differences(nothing, "a")) == len(task_scores(nothing)) == 0


def test_what_is_unknown_or_out_of_range_is_refused() -> None:
    with pytest.raises(SpecError, match=r"above 0 and at most 1, got 1\.5"):
        regrets(OUTCOMES, (1.5,))
    with pytest.raises(SpecError, match="unknown task 'v'"):
        regrets(OUTCOMES, optima={"v": math.pi})
    with pytest.raises(SpecError, match="no run of the arm 'c'; known: a, b"):
        paired_differences(OUTCOMES, "c")

"""Win rates and Wilson's interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from comparisons import drawn_outcomes, outcomes_of
from hypothesis import given
from hypothesis import strategies as st

from tuner.analysis import wilson_interval, win_rates
from tuner.errors import SpecError


@pytest.mark.parametrize(
    ("successes", "n", "expected"),
    [
        (0, 10, (0.0, 0.2775)),
        (5, 10, (0.2366, 0.7634)),
        (10, 10, (0.7225, 1.0)),
        (81, 263, (0.2553, 0.3662)),  # Newcombe (1998), Table I
    ],
)
def test_wilsons_interval(successes: int, n: int, expected: tuple[float, float]) -> None:
    assert wilson_interval(successes, n) == pytest.approx(expected, abs=5e-5)


def test_of_none_there_is_no_interval() -> None:
    assert all(map(math.isnan, wilson_interval(0, 0)))
    with pytest.raises(SpecError, match="between 0 and 3, got 4"):
        wilson_interval(4, 3)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_around_the_share_and_turns_with_it(pair: tuple[int, int]) -> None:
    successes, n = pair
    low, high = wilson_interval(successes, n)
    assert 0 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1
    assert wilson_interval(n - successes, n) == pytest.approx((1 - high, 1 - low))


CELLS = {
    ("t", "a", 0): [(10.0, 1.0)], ("t", "b", 0): [(10.0, 2.0)],
    ("t", "a", 1): [(10.0, 3.0)], ("t", "b", 1): [(10.0, 3.0)],
    ("u", "a", 0): [(10.0, 1.0)], ("u", "b", 0): [(10.0, 2.0)],  # maximised
    ("u", "a", 1): [(90.0, 5.0)], ("u", "b", 1): [(10.0, 2.0)],
}  # fmt: skip


def test_ties_count_half_and_finding_nothing_loses() -> None:
    outcomes = outcomes_of(CELLS, modes={"u": "max"})
    for fraction, wins, ties, losses in [(1.0, 2, 1, 1), (0.5, 1, 1, 2), (0.05, 0, 4, 0)]:
        row = win_rates(outcomes, fraction=fraction).iloc[0]
        assert row[["arm", "other", "wins", "ties", "losses"]].tolist() == [
            "a", "b", wins, ties, losses
        ]  # fmt: skip
        assert row["rate"] == (wins + ties / 2) / 4
        assert row["low"] < row["rate"] < row["high"]


def test_a_failed_run_loses() -> None:
    outcomes = outcomes_of(CELLS, modes={"u": "max"}, failed=[("t", "a", 0), ("u", "a", 1)])
    assert win_rates(outcomes).iloc[0][["wins", "ties", "losses"]].tolist() == [0, 1, 3]


def test_one_wins_what_the_other_loses() -> None:
    rates = win_rates(drawn_outcomes({"a": 1, "b": 2, "c": 3}, tasks=2, seeds=5))
    table = rates.set_index(["arm", "other"])
    assert len(table) == 6
    for arm, other in table.index:
        there, back = table.loc[(arm, other)], table.loc[(other, arm)]
        assert there["wins"] == back["losses"]
        assert there["rate"] == pytest.approx(1 - back["rate"])
        assert there["low"] == pytest.approx(1 - back["high"])


def test_copies_of_a_task_make_nothing_surer() -> None:
    random = np.random.default_rng(0)
    values = random.random((2, 12))
    cells = {
        (task, arm, seed): [(1.0, values[n, seed])]
        for task in ("t", "u", "v", "w")
        for n, arm in enumerate("ab")
        for seed in range(12)
    }
    alone = {cell: steps for cell, steps in cells.items() if cell[0] == "t"}
    four, one = (win_rates(outcomes_of(each)).iloc[0] for each in (cells, alone))
    assert four["rate"] == one["rate"]
    assert four["high"] - four["low"] == pytest.approx(one["high"] - one["low"], rel=0.05)


def test_intervals_cover_when_seeds_act_alike_on_all_tasks() -> None:
    random = np.random.default_rng(0)
    covered = []
    for _ in range(60):
        seeds, noise = random.standard_normal(12), random.standard_normal((3, 12))
        cells = {
            (f"{task}", arm, seed): [(1.0, (seeds[seed] + 0.3 * noise[task, seed]) * (arm == "a"))]
            for task in range(3)
            for arm in "ab"
            for seed in range(12)
        }
        row = win_rates(outcomes_of(cells)).iloc[0]
        covered.append(row["low"] <= 0.5 <= row["high"])
    assert np.mean(covered) >= 0.9


def test_fractions_out_of_range_are_refused() -> None:
    with pytest.raises(SpecError, match="above 0 and at most 1, got 0"):
        win_rates(outcomes_of(CELLS, modes={"u": "max"}), fraction=0)

"""Brackets against tables that are worked out by hand."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import SpecError
from tuner.schedulers.brackets import BracketPlan, HyperBandPlan

# For each s from the most aggressive to 0: trials and time at each rung. With k brackets, n is
# ceil(k / (s + 1) * eta^s), and the rungs are at floor(R / eta^(s - i)).
TABLES = {
    (81, 3): [  # ceil(5/4*27 = 33.75) = 34, ceil(5/3*9) = 15, ceil(5/2*3 = 7.5) = 8
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ],
    (27, 3): [  # ceil(4/3*9) = 12, ceil(4/2*3) = 6
        [(27, 1), (9, 3), (3, 9), (1, 27)],
        [(12, 3), (4, 9), (1, 27)],
        [(6, 9), (2, 27)],
        [(4, 27)],
    ],
    (9, 3): [[(9, 1), (3, 3), (1, 9)], [(5, 3), (1, 9)], [(3, 9)]],  # ceil(3/2*3 = 4.5) = 5
    (8, 2): [  # ceil(4/3*4 = 5.3) = 6, ceil(4/2*2) = 4
        [(8, 1), (4, 2), (2, 4), (1, 8)],
        [(6, 2), (3, 4), (1, 8)],
        [(4, 4), (2, 8)],
        [(4, 8)],
    ],
    (16, 4): [[(16, 1), (4, 4), (1, 16)], [(6, 4), (1, 16)], [(3, 16)]],  # ceil(3/2*4) = 6
    (1, 3): [[(1, 1)]],
    (2, 3): [[(1, 2)]],
    (3, 3): [[(3, 1), (1, 3)], [(2, 3)]],  # ceil(2/2*3) = 3
    (4, 3): [[(3, 1), (1, 4)], [(2, 4)]],  # 4/3 is 1 epoch
    (5, 3): [[(3, 1), (1, 5)], [(2, 5)]],
    (100, 3): [  # 100/81, 100/27 = 3.7, 100/9 = 11.1, 100/3 = 33.3
        [(81, 1), (27, 3), (9, 11), (3, 33), (1, 100)],
        [(34, 3), (11, 11), (3, 33), (1, 100)],
        [(15, 11), (5, 33), (1, 100)],
        [(8, 33), (2, 100)],
        [(5, 100)],
    ],
    (243, 3): [  # ceil(6/5*81 = 97.2), ceil(6/4*27 = 40.5), 6/3*9, 6/2*3, 6
        [(243, 1), (81, 3), (27, 9), (9, 27), (3, 81), (1, 243)],
        [(98, 3), (32, 9), (10, 27), (3, 81), (1, 243)],
        [(41, 9), (13, 27), (4, 81), (1, 243)],
        [(18, 27), (6, 81), (2, 243)],
        [(9, 81), (3, 243)],
        [(6, 243)],
    ],
    (5, 2.5): [[(3, 2), (1, 5)], [(2, 5)]],  # n = ceil(2/2*2.5) = 3
    (10, 2.5): [  # 10/6.25 = 1.6, 10/2.5 = 4; n = ceil(6.25) = 7, ceil(3/2*2.5 = 3.75) = 4
        [(7, 1), (2, 4), (1, 10)],
        [(4, 4), (1, 10)],
        [(3, 10)],
    ],
    (4.5, 2): [[(4, 1.125), (2, 2.25), (1, 4.5)], [(3, 2.25), (1, 4.5)], [(3, 4.5)]],
}


def rungs(plan: BracketPlan) -> list[tuple[int, float]]:
    return [(rung.size, rung.time) for rung in plan.rungs]


def sizes(max_t: float, eta: float, num_samples: int) -> list[tuple[int, int]]:
    """The brackets of so many trials: size and aggressiveness of each."""
    brackets = HyperBandPlan(max_t, eta).filled_by(num_samples)
    return [(bracket.size, bracket.aggressiveness) for bracket in brackets]


def test_no_rung_is_before_the_grace_period() -> None:
    plan = HyperBandPlan(81, 3, grace_period=9)  # the table of (9, 3), in units of 9
    sizes = [[(rung.size, rung.time) for rung in plan.numbered(n, None).rungs] for n in range(3)]
    assert sizes == [[(9, 9), (3, 27), (1, 81)], [(5, 27), (1, 81)], [(3, 81)]]


@pytest.mark.parametrize(("max_t", "eta"), TABLES)
def test_a_round_is_what_algorithm_1_gives_by_hand(max_t: float, eta: float) -> None:
    plan, table = HyperBandPlan(max_t, eta), TABLES[max_t, eta]
    assert plan.most_aggressive == len(table) - 1
    assert [rungs(plan.numbered(k, None)) for k in range(len(table))] == table
    assert rungs(plan.numbered(len(table), None)) == table[0]  # and the next round


@pytest.mark.parametrize("exponent", range(1, 30))
@pytest.mark.parametrize("eta", [2, 3, 5, 7, 10])
def test_powers_are_exact(eta: int, exponent: int) -> None:
    """``math.log(243, 3)`` is 4.999999999999999."""
    assert HyperBandPlan(eta**exponent, eta).most_aggressive == exponent
    assert HyperBandPlan(eta**exponent - 1, eta).most_aggressive == exponent - 1


@pytest.mark.parametrize(
    ("num_samples", "expected"),
    [  # max_t=27, eta=3: a round is 27 + 12 + 6 + 4 = 49 trials
        (1, [(1, 0)]),
        (2, [(2, 0)]),
        (3, [(3, 1)]),
        (8, [(8, 1)]),
        (9, [(9, 2)]),
        (26, [(26, 2)]),
        (27, [(27, 3)]),
        (32, [(27, 3), (5, 1)]),
        (38, [(27, 3), (11, 2)]),
        (39, [(27, 3), (12, 2)]),
        (48, [(27, 3), (12, 2), (6, 1), (3, 0)]),  # 3 could be halved, and stand in for s=0
        (49, [(27, 3), (12, 2), (6, 1), (4, 0)]),
        (59, [(27, 3), (12, 2), (6, 1), (4, 0), (10, 2)]),
        (76, [(27, 3), (12, 2), (6, 1), (4, 0), (27, 3)]),
    ],
)
def test_trials_that_fill_no_bracket_make_a_smaller_one(
    num_samples: int, expected: list[tuple[int, int]]
) -> None:
    assert sizes(27, 3, num_samples) == expected


@given(
    st.one_of(st.integers(1, 300), st.floats(1, 300)),
    st.one_of(st.integers(2, 5), st.floats(2, 5)),
    st.integers(1, 200),
)
def test_every_plan_is_well_formed(max_t: float, eta: float, num_samples: int) -> None:
    plan = HyperBandPlan(max_t, eta)
    assert Fraction(eta) ** plan.most_aggressive <= max_t
    assert Fraction(eta) ** (plan.most_aggressive + 1) > max_t
    assert sum(size for size, _ in sizes(max_t, eta, num_samples)) == num_samples
    left, number = num_samples, 0
    while left:
        bracket = plan.numbered(number, left)
        times = [rung.time for rung in bracket.rungs]
        assert times[0] >= 1
        assert times[-1] == max_t
        assert all(earlier < later for earlier, later in pairwise(times))
        assert all(isinstance(time, int) for time in times) or max_t != int(max_t)
        for before, after in pairwise(bracket.rungs):  # the floor of a floor may be one less
            assert 1 <= after.size <= before.size / eta + 1
        assert bracket.rungs[-1].size == math.floor(
            bracket.size / Fraction(eta) ** bracket.aggressiveness
        )
        left, number = left - bracket.size, number + 1


@pytest.mark.parametrize(
    ("max_t", "eta", "words"),
    [
        (0, 3, "max_t must be a finite number >= 1, got 0"),
        (math.inf, 3, "max_t"),
        (math.nan, 3, "max_t"),
        ("9", 3, "max_t"),
        (9, 1.9, "reduction_factor must be a finite number >= 2, got 1.9"),
        (9, True, "reduction_factor"),
    ],
)
def test_what_makes_no_brackets_is_refused(max_t: float, eta: float, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        HyperBandPlan(max_t, eta)

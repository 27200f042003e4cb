"""Ranks and tests: against Demšar's published example, scipy, brute force, and the null."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tuner.analysis import (
    average_ranks,
    compare_ranks,
    friedman_test,
    holm,
    signed_rank_test,
)
from tuner.analysis.steps import Floats
from tuner.errors import SpecError

# Demšar (2006), Table 6: AUC of C4.5 and variants with tuned m and cf. The paper ranks digits that
# it does not print: on "voting" 0.9751 stands for its second 0.975.
AUC = {
    "adult": (0.763, 0.768, 0.771, 0.798),
    "breast cancer": (0.599, 0.591, 0.590, 0.569),
    "wisconsin": (0.954, 0.971, 0.968, 0.967),
    "cmc": (0.628, 0.661, 0.654, 0.657),
    "ionosphere": (0.882, 0.888, 0.886, 0.898),
    "iris": (0.936, 0.931, 0.916, 0.931),
    "liver": (0.661, 0.668, 0.609, 0.685),
    "lung cancer": (0.583, 0.583, 0.563, 0.625),
    "lymphography": (0.775, 0.838, 0.866, 0.875),
    "mushroom": (1.000, 1.000, 1.000, 1.000),
    "primary tumor": (0.940, 0.962, 0.965, 0.962),
    "rheum": (0.619, 0.666, 0.614, 0.669),
    "voting": (0.972, 0.981, 0.9751, 0.975),
    "wine": (0.957, 0.978, 0.946, 0.970),
}
DEMSAR = -pd.DataFrame(AUC, index=["C4.5", "+m", "+cf", "+m+cf"]).T  # lower is better


def test_demsars_average_ranks() -> None:
    assert average_ranks(DEMSAR).round(3).to_dict() == {
        "+m+cf": 1.964, "+m": 2.0, "+cf": 2.893, "C4.5": 3.143
    }  # fmt: skip


def test_demsars_friedman_test() -> None:
    """The paper gets 9.28 and 3.69, without a correction for ties; ties make them a bit larger."""
    n, k = DEMSAR.shape
    ranks = average_ranks(DEMSAR).to_numpy()
    uncorrected = 12 * n / (k * (k + 1)) * (np.square(ranks).sum() - k * (k + 1) ** 2 / 4)
    assert uncorrected == pytest.approx(9.28, abs=0.005)
    assert (n - 1) * uncorrected / (n * (k - 1) - uncorrected) == pytest.approx(3.69, abs=0.005)

    found = friedman_test(DEMSAR)
    expected = stats.friedmanchisquare(*(DEMSAR[arm] for arm in DEMSAR.columns))
    assert found.chi2 == pytest.approx(expected.statistic)
    assert found.chi2 > uncorrected
    assert found.f == pytest.approx(13 * found.chi2 / (42 - found.chi2))
    assert found.df == (3, 39)
    assert found.p == pytest.approx(stats.f.sf(found.f, 3, 39))


def test_demsars_wilcoxon_test() -> None:
    """Table 2 of the paper: ranks sum to 93 and 12 over 14 sets, beyond the critical value 21."""
    differences = (DEMSAR["C4.5"] - DEMSAR["+m"]).round(3).to_numpy()
    ranks = stats.rankdata(np.abs(differences))
    zeros = ranks[differences == 0].sum() / 2
    assert ranks[differences > 0].sum() + zeros == 93
    assert ranks[differences < 0].sum() + zeros == 12
    assert signed_rank_test(differences) < 0.05


@pytest.mark.parametrize("n", [1, 5, 8, 25])
def test_without_ties_it_is_scipys_exact_test(n: int) -> None:
    random = np.random.default_rng(n)
    for _ in range(5):
        differences = random.standard_normal(n) + 0.3
        expected = stats.wilcoxon(differences, method="exact").pvalue
        assert signed_rank_test(differences) == pytest.approx(expected)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8))
def test_with_ties_and_zeros_it_is_the_share_of_all_signs_that_are_as_extreme(
    differences: list[int],
) -> None:
    values = np.array(differences, dtype=float)
    ranks = stats.rankdata(np.abs(values))[values != 0]
    sums = [float(ranks @ np.array(signs)) for signs in product((-1, 1), repeat=len(ranks))]
    seen = abs(float(ranks @ np.sign(values[values != 0])))
    expected = np.mean([abs(each) >= seen - 1e-9 for each in sums])
    assert signed_rank_test(values) == pytest.approx(expected)


def test_many_tasks_are_close_to_the_normal_approximation() -> None:
    differences = np.random.default_rng(0).standard_normal(150) + 0.15
    expected = stats.wilcoxon(differences, method="asymptotic").pvalue
    assert signed_rank_test(differences) == pytest.approx(expected, rel=0.05)


def test_holm_by_hand() -> None:
    # Sorted .005 .01 .03 .04: times 4, 3, 2, 1 is .02 .03 .06 .04, and never falls.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == pytest.approx([1, 1])
    assert len(holm([])) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_no_correction_and_bonferronis(p_values: list[float]) -> None:
    adjusted, p = holm(p_values), np.array(p_values)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(1, len(p) * p) + 1e-12).all()
    assert np.array_equal(np.argsort(adjusted[np.argsort(p, kind="stable")], kind="stable"),
                          np.arange(len(p)))  # fmt: skip


def scores_of(*arms: list[float] | Floats) -> pd.DataFrame:
    return pd.DataFrame({f"arm-{n}": values for n, values in enumerate(arms)})


def test_arms_that_tie_share_ranks() -> None:
    assert average_ranks(scores_of([1, 2], [1, 1], [3, 1])).to_dict() == {
        "arm-1": 1.5, "arm-0": 2.25, "arm-2": 2.25
    }  # fmt: skip


def test_tasks_that_agree_leave_no_doubt_but_for_their_number() -> None:
    found = friedman_test(scores_of(*(np.full(5, float(n)) for n in range(3))))
    assert found.chi2 == pytest.approx(10)
    assert found.f == math.inf
    assert found.p == pytest.approx(6.0**-4)


def test_arms_that_tie_everywhere_do_not_differ() -> None:
    found = compare_ranks(scores_of(*([1.0] * 8 for _ in range(3))))
    assert found.friedman is not None
    assert found.friedman.p == pytest.approx(1)
    assert found.cliques == (("arm-0", "arm-1", "arm-2"),)


def test_an_order_that_all_tasks_agree_on_is_found() -> None:
    levels = np.arange(12) * 10.0
    found = compare_ranks(scores_of(levels + 2, levels + 1, levels))
    assert list(found.ranks.index) == ["arm-2", "arm-1", "arm-0"]
    assert found.pairs["differ"].all()
    assert found.pairs["p"].tolist() == pytest.approx([2.0**-11] * 3)
    assert found.cliques == ()
    assert found.remarks == ()


def test_two_arms_need_no_friedman_test() -> None:
    levels = np.arange(6.0)
    found = compare_ranks(scores_of(levels, levels + 0.5))
    assert found.friedman is None
    assert found.pairs["p"].tolist() == pytest.approx([2.0**-5])
    assert found.pairs["differ"].all()


def test_where_friedman_finds_nothing_no_pair_differs() -> None:
    """A pair may look different by chance; the question is not asked then."""
    random = np.random.default_rng(0)
    for _ in range(200):
        scores = pd.DataFrame(random.random((12, 3)), columns=list("abc"))
        found = compare_ranks(scores)
        assert found.friedman is not None
        if found.friedman.p >= 0.05 and (found.pairs["p_holm"] < 0.05).any():
            break
    else:
        pytest.fail("no such case was drawn")
    assert not found.pairs["differ"].any()
    assert len(found.cliques) == 1


def test_members_of_a_clique_need_not_be_neighbours() -> None:
    """``worse`` lies between the others in rank, and alone is steadily worse than ``steady``."""
    steady = np.arange(20) / 100
    wild = steady + np.where(np.arange(20) < 5, -9.0, 3.0)
    found = compare_ranks(pd.DataFrame({"worse": steady + 0.05, "wild": wild, "steady": steady}))
    assert found.ranks.to_dict() == {"steady": 1.25, "worse": 2.25, "wild": 2.5}
    assert found.cliques == (("steady", "wild"), ("worse", "wild"))


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_cliques_are_exactly_the_largest_groups_without_a_difference(seed: int, arms: int) -> None:
    random = np.random.default_rng(seed)
    scores = scores_of(*(random.random(14) + 0.15 * n for n in range(arms)))
    found = compare_ranks(scores)
    alike = {frozenset(pair) for pair in
             found.pairs[~found.pairs["differ"]][["arm", "other"]].to_numpy().tolist()}  # fmt: skip
    groups = [
        set(group)
        for size in range(2, arms + 1)
        for group in combinations(scores.columns, size)
        if all(frozenset(pair) in alike for pair in combinations(group, 2))
    ]
    largest = [group for group in groups if not any(group < other for other in groups)]
    assert sorted(map(sorted, found.cliques)) == sorted(map(sorted, largest))
    for clique in found.cliques:
        assert list(found.ranks[list(clique)]) == sorted(found.ranks[list(clique)])


def test_differences_where_there_are_none_are_found_as_seldom_as_promised() -> None:
    random = np.random.default_rng(3)
    found = [
        compare_ranks(pd.DataFrame(random.random((10, 4)), columns=list("abcd")))
        for _ in range(250)
    ]
    wrong = np.mean([comparison.pairs["differ"].any() for comparison in found])
    assert wrong <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 250)
    friedman = np.mean([c.friedman is not None and c.friedman.p < 0.05 for c in found])
    assert 0.02 <= friedman <= 0.09


def test_too_few_tasks_to_tell_anything_are_remarked_on() -> None:
    levels = np.arange(5.0)
    found = compare_ranks(scores_of(levels, levels + 0.2, levels + 0.5))
    assert not found.pairs["differ"].any()
    (remark,) = found.remarks
    assert "with 5 tasks and 3 pairs of arms no pair can be told apart" in remark
    assert "7 tasks" in remark

    levels = np.arange(7.0)
    enough = compare_ranks(scores_of(levels, levels + 0.2, levels + 0.5))
    assert enough.pairs["differ"].all()
    assert enough.remarks == ()


@pytest.mark.parametrize(
    ("scores", "alpha", "message"),
    [
        (scores_of([1, 2, 3, 4], [2, 3, 4, 5]), 0.05, "at least 5 tasks, got 4"),
        (scores_of([1, 2, 3, 4, 5]), 0.05, "at least two arms, got 1"),
        (scores_of([1, 2, 3, 4, math.nan], [1, 2, 3, 4, 5]), 0.05, "got NaN"),
        (DEMSAR, 1.0, "between 0 and 1, got 1"),
    ],
)
def test_what_cannot_be_tested_is_refused(scores: pd.DataFrame, alpha: float, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        compare_ranks(scores, alpha)


def test_there_are_no_ranks_without_a_task() -> None:
    with pytest.raises(SpecError, match="at least one task"):
        average_ranks(pd.DataFrame(columns=["a", "b"]))
    with pytest.raises(SpecError, match="two tasks and three arms, got 5 and 2"):
        friedman_test(scores_of([1] * 5, [2] * 5))

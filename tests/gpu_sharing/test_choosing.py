from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuner.gpu_sharing import Alone, Together, choose, share_of, trials_that_fit
from tuner.gpu_sharing.choosing import MOST_TRIALS, candidates, rises

GB = 2**30


def test_the_largest_trial_decides_how_many_fit() -> None:
    small, large = Alone({}, 1 * GB, GB // 2), Alone({}, 5 * GB // 2, GB // 2)
    # 16 GB, less 5 %, over 2.75 + 0.5 GB: 4; over 1.1 + 0.5 GB: 9.
    assert trials_that_fit([small, large], 16 * GB) == 4
    assert trials_that_fit([small], 16 * GB) == 9


def test_what_fits_nowhere_says_nothing_of_the_others() -> None:
    assert trials_that_fit([Alone({}, None), Alone({}, 5 * GB // 2, GB // 2)], 16 * GB) == 4


def test_a_trial_as_large_as_the_gpu_has_it_alone() -> None:
    assert trials_that_fit([Alone({}, 15 * GB, GB // 2)], 16 * GB) == 1


@given(st.lists(st.integers(1, 80 * GB), min_size=1), st.integers(GB, 200 * GB))
def test_as_many_as_are_said_to_fit_do(peaks: list[int], total: int) -> None:
    alone = [Alone({}, peak, GB // 2) for peak in peaks]
    number = trials_that_fit(alone, total)
    assert 1 <= number <= MOST_TRIALS
    assert number == 1 or number * (max(peaks) + GB // 2) <= total


def test_numbers_are_doubled_up_to_what_fits() -> None:
    assert list(candidates(1)) == [1]
    assert list(candidates(6)) == [1, 2, 4, 6]
    assert list(candidates(16)) == [1, 2, 4, 8, 16]


def test_more_trials_are_tried_as_long_as_they_do_more() -> None:
    assert rises([Together(1, 10.0)])
    assert rises([Together(1, 10.0), Together(2, 19.0)])
    assert not rises([Together(1, 10.0), Together(2, 10.2)])
    assert not rises([Together(1, 10.0), Together(2, 0.0)])  # out of memory


def test_the_fewest_that_do_nearly_as_much_are_chosen() -> None:
    rates = {1: 10.0, 2: 19.0, 4: 30.0, 8: 31.0}
    assert choose([Together(*each) for each in rates.items()]) == 4
    assert choose([Together(1, 10.0), Together(2, 4.0)]) == 1
    assert choose([Together(1, 0.0)]) == 1
    assert choose([]) == 1


@given(st.integers(1, MOST_TRIALS))
def test_so_many_shares_fit_a_gpu_as_ray_counts(trials: int) -> None:
    share = share_of(trials)
    assert round(share * 10_000) * trials <= 10_000
    assert (round(share * 10_000) + 1) * trials > 10_000

"""Options of choices: dropped where the best trials would have had them by chance."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.playbook.refinement.choices import next_options


def test_an_option_without_a_good_trial_goes_if_it_was_tried_enough() -> None:
    # 3 x 20 trials, 12 good, none of option 2: C(40, 12) / C(60, 12) = 0.0040, times 3 by Holm
    found = next_options(3, [0, 1, 2] * 20, [0] * 6 + [1] * 6)
    assert (found.kept, found.dropped) == ((0, 1), (2,))
    assert found.p_values == (pytest.approx(3 * comb(40, 12) / comb(60, 12)),)
    assert (found.tried, found.good) == ((20, 20, 20), (6, 6, 0))


@pytest.mark.parametrize("tried", [0, 1, 3, 6])
def test_what_was_hardly_tried_stays(tried: int) -> None:
    found = next_options(2, [0] * 40 + [1] * tried, [0] * 9)
    assert found.kept == (0, 1)


def test_one_good_trial_keeps_an_option() -> None:
    assert next_options(2, [0, 1] * 50, [0] * 19 + [1]).dropped == ()


@given(st.integers(1, 6), st.data())
def test_an_option_of_the_best_trials_is_never_dropped(options: int, data: st.DataObject) -> None:
    tried = data.draw(st.lists(st.integers(0, options - 1), min_size=5, max_size=80))
    good = tried[: max(1, len(tried) // 5)]
    found = next_options(options, tried, good)
    assert set(good) <= set(found.kept)
    assert sorted((*found.kept, *found.dropped)) == list(range(options))


def test_where_nothing_differs_options_are_rarely_dropped() -> None:
    random = np.random.default_rng(0)
    wrong = 0
    for _ in range(400):
        tried = random.integers(3, size=60)
        wrong += bool(next_options(3, tried.tolist(), tried[:12].tolist()).dropped)
    assert wrong <= 0.05 * 400

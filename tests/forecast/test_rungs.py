"""What follows from a scheduler by arithmetic."""

from __future__ import annotations

import pytest
from ray.tune.schedulers import FIFOScheduler, MedianStoppingRule

from tuner.forecast.estimates import Estimate, PlannedRung
from tuner.forecast.rungs import exact_rungs, fewest_at
from tuner.schedulers import ASHA, BOHBScheduler, HyperBand, PromotionASHA


def test_fifo_trains_all() -> None:
    (rung,) = exact_rungs(FIFOScheduler(), 7, 10)
    assert rung == PlannedRung(0, 0, 10, Estimate.exact(7))
    assert rung.epochs == Estimate.exact(70)


@pytest.mark.parametrize("kind", [HyperBand, BOHBScheduler])
def test_hyperband_has_the_brackets_of_its_paper(kind: type[HyperBand]) -> None:
    # 9 trials from 1 of 9, 5 from 3, 3 from 9; then two that are left, as one bracket
    rungs = exact_rungs(kind(max_t=9), 19, 9)
    assert [(r.bracket, r.start, r.time, r.trials.expected) for r in rungs] == [
        *((0, 0, 1, 9), (0, 1, 3, 3), (0, 3, 9, 1)),
        *((1, 0, 3, 5), (1, 3, 9, 1)),
        (2, 0, 9, 3),
        (3, 0, 9, 2),
    ]
    assert all(rung.trials.is_exact for rung in rungs)
    assert sum(rung.epochs.expected for rung in rungs) == 9 + 6 + 6 + 15 + 6 + 27 + 18


def test_asha_may_stop_all_but_the_first() -> None:
    fewest = fewest_at(ASHA(max_t=10, reduction_factor=3), 20, 10)
    assert fewest == {1: 20, 3: 1, 9: 1, 10: 1}


def test_a_rung_at_max_t_is_none() -> None:
    assert list(fewest_at(ASHA(max_t=9, reduction_factor=3), 20, 9)) == [1, 3, 9]


def test_a_rung_between_epochs_is_reached_by_the_next() -> None:
    scheduler = ASHA(max_t=10, grace_period=2, reduction_factor=1.7)
    assert list(fewest_at(scheduler, 20, 10)) == [2, 4, 6, 10]  # 2, 3.4, 5.78, 9.826


def test_asha_without_rungs_trains_all() -> None:
    assert fewest_at(ASHA(max_t=9, grace_period=9), 20, 9) == {9: 20}


def test_all_trials_may_draw_the_bracket_that_starts_lowest() -> None:
    fewest = fewest_at(ASHA(max_t=9, reduction_factor=3, brackets=2), 100, 9)
    assert fewest == {1: 100, 3: 1, 9: 1}


def test_promotion_keeps_at_least_what_successive_halving_keeps() -> None:
    fewest = fewest_at(PromotionASHA(max_t=27, reduction_factor=3), 20, 27)
    assert fewest == {1: 20, 3: 6, 9: 2, 27: 1}  # one comes to the end, however few there are


def test_of_others_only_a_simulation_can_tell() -> None:
    scheduler = MedianStoppingRule()
    assert exact_rungs(scheduler, 20, 27) == []
    assert fewest_at(scheduler, 20, 27) == {}

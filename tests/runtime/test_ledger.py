from __future__ import annotations

from tuner.runtime.ledger import Ledger


def report(ledger: Ledger, iteration: int, value: float | None = 1.0) -> bool:
    return ledger.reported("t0", iteration=iteration, time=float(iteration), value=value)


def test_what_a_restarted_trial_repeats_is_not_new_and_has_the_next_attempt() -> None:
    ledger = Ledger("min")
    ledger.created("t0", {})
    assert [report(ledger, i) for i in (1, 2, 3)] == [True] * 3
    ledger.restarts("t0")
    assert [report(ledger, i) for i in (2, 3, 4)] == [False, False, True]
    assert ledger["t0"].attempt == 2


def test_a_trial_that_restarts_again_before_it_has_caught_up_repeats_more() -> None:
    ledger = Ledger("min")
    ledger.created("t0", {})
    for iteration in (1, 2, 3):
        report(ledger, iteration)
    ledger.restarts("t0")
    report(ledger, 1)
    ledger.restarts("t0")
    assert [report(ledger, i) for i in (1, 2, 3, 4)] == [False, False, False, True]
    assert ledger["t0"].attempt == 3


def test_a_trial_that_copied_a_younger_one_says_something_new() -> None:
    ledger = Ledger("min")
    ledger.created("t0", {"lr": 1})
    for iteration in (1, 2, 3, 4):
        report(ledger, iteration)
    ledger.copied("t0", "t1", {"lr": 2})
    assert [report(ledger, i) for i in (3, 4)] == [True, True]
    assert ledger["t0"].attempt == 2  # no two reports share a key


def test_a_trial_that_restarts_right_after_it_copied_a_younger_one() -> None:
    ledger = Ledger("min")
    ledger.created("t0", {"lr": 1})
    for iteration in (1, 2, 3, 4):
        report(ledger, iteration)
    ledger.copied("t0", "t1", {"lr": 2})
    ledger.restarts("t0")
    assert [report(ledger, i) for i in (3, 4)] == [True, True]


def test_the_best_is_the_first_best_finite_value() -> None:
    ledger = Ledger("max")
    ledger.created("t0", {"lr": 1})
    for iteration, value in enumerate((float("nan"), 0.5, None, 0.9, 0.9, float("inf"))):
        report(ledger, iteration + 1, value)
    tally = ledger.tally
    assert (tally.best_value, tally.best_iteration, tally.best_config) == (0.9, 4, {"lr": 1})
    assert tally.reports == 6

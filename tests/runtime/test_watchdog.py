from __future__ import annotations

from tuner.runtime.watchdog import Watchdog


def test_a_silent_trial_is_found_after_the_timeout_and_only_once() -> None:
    dog = Watchdog(10.0, longest_step_s=100.0)
    assert dog.look([("a", 0), ("b", 0)], now=0.0) == []
    assert dog.look([("a", 1), ("b", 0)], now=9.0) == []
    assert dog.look([("a", 1), ("b", 0)], now=10.5) == ["b"]
    assert dog.look([("a", 1)], now=11.0) == []


def test_the_time_runs_anew_when_a_trial_gets_a_worker_again() -> None:
    dog = Watchdog(10.0, longest_step_s=100.0)
    dog.look([("a", 3)], now=0.0)
    assert dog.look([], now=5.0) == []  # paused: no worker
    assert dog.look([("a", 3)], now=20.0) == []
    assert dog.look([("a", 3)], now=29.0) == []
    assert dog.look([("a", 3)], now=30.5) == ["a"]


def test_time_in_which_nobody_looked_counts_as_little() -> None:
    dog = Watchdog(10.0, longest_step_s=1.0)
    dog.look([("a", 0)], now=0.0)
    assert dog.look([("a", 0)], now=60.0) == []  # the driver was away; reports wait to be read
    for second in range(61, 70):
        assert dog.look([("a", 0)], now=float(second)) == []
    assert dog.look([("a", 0)], now=70.5) == ["a"]

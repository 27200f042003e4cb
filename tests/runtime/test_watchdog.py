from __future__ import annotations

from tuner.runtime.watchdog import Watchdog


def test_a_silent_trial_is_found_after_the_timeout_and_only_once() -> None:
    dog = Watchdog(10.0)
    assert dog.look([("a", 0), ("b", 0)], now=0.0) == []
    assert dog.look([("a", 1), ("b", 0)], now=9.0) == []
    assert dog.look([("a", 1), ("b", 0)], now=10.5) == ["b"]
    assert dog.look([("a", 1)], now=11.0) == []


def test_the_time_runs_anew_when_a_trial_gets_a_worker_again() -> None:
    dog = Watchdog(10.0)
    dog.look([("a", 3)], now=0.0)
    assert dog.look([], now=5.0) == []  # paused: no worker
    assert dog.look([("a", 3)], now=20.0) == []
    assert dog.look([("a", 3)], now=29.0) == []
    assert dog.look([("a", 3)], now=30.5) == ["a"]

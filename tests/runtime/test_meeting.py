from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tuner import FusedTrainable
from tuner.runtime.meeting import Meeting

LONG_S = 60.0


class Trial(FusedTrainable):
    """Notes who trained with whom; one of them may be the one with which all rounds fail."""

    def __init__(self, name: str, key: Any = None, fails: bool = False) -> None:
        self.name, self.key, self.fails = name, key, fails

    def fusion_key(self) -> Any:
        return self.key

    @classmethod
    def train_together(cls, trials: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        for trial in trials:
            if trial.fails:
                raise SystemExit(trial.name)
        return [{"with": "".join(each.name for each in trials)} for _ in trials]


class Room:
    """A meeting, a thread for each of its trials, and a clock on which an epoch takes a minute."""

    def __init__(self, *trials: Trial) -> None:
        self.baton = threading.Condition(threading.Lock())
        ticks = iter(range(1000))
        self.meeting = Meeting(self.baton, clock=lambda: LONG_S * next(ticks))
        self.threads = ThreadPoolExecutor(8)
        for trial in trials:
            self.meeting.expect(trial)

    def train(self, trial: Trial) -> Future[Mapping[str, Any]]:
        return self.threads.submit(self.with_baton, self.meeting.train, trial)

    def with_baton(self, method: Callable[..., Any], *args: Any) -> Any:
        with self.baton:
            return method(*args)


def test_who_is_expected_is_waited_for() -> None:
    a, b = Trial("a"), Trial("b")
    room = Room(a)
    assert room.train(a).result(LONG_S) == {"with": "a"}  # and that took a minute
    room.meeting.expect(b)
    first = room.train(a)
    second = room.train(b)
    assert set(map(str, (first.result(LONG_S)["with"], second.result()["with"]))) <= {"ab", "ba"}
    assert first.result(LONG_S) == second.result()


def test_who_comes_back_later_is_waited_for_as_long_as_an_epoch_takes() -> None:
    a, b = Trial("a"), Trial("b")
    room = Room(a)
    room.train(a).result(LONG_S)
    room.meeting.expect(b)
    room.with_baton(room.meeting.part, b)
    first, second = room.train(a), room.train(b)
    assert first.result(LONG_S) == second.result()


def test_who_leaves_is_waited_for_no_longer() -> None:
    a, b = Trial("a"), Trial("b")
    room = Room(a)
    room.train(a).result(LONG_S)
    room.meeting.expect(b)
    trained = room.train(a)
    room.with_baton(room.meeting.excuse, b)
    assert trained.result(LONG_S / 2) == {"with": "a"}


def test_nobody_is_waited_for_longer_than_an_epoch_takes() -> None:
    a, b = Trial("a"), Trial("b")
    room = Room(a, b)
    room.with_baton(room.meeting.part, b)  # no epoch was trained yet, so waiting cannot pay
    assert room.train(a).result(LONG_S) == {"with": "a"}


def test_only_those_of_one_key_train_together() -> None:
    trials = [Trial("a", 1), Trial("b", 2), Trial("c", 1)]
    room = Room(trials[0])
    room.train(trials[0]).result(LONG_S)
    for trial in trials:
        room.meeting.expect(trial)
    trained = [room.train(trial) for trial in trials]
    told = [future.result(LONG_S)["with"] for future in trained]
    assert [sorted(each) for each in told] == [["a", "c"], ["b"], ["a", "c"]]


def test_only_the_culprit_fails() -> None:
    trials = [Trial("a"), Trial("b", fails=True), Trial("c")]
    room = Room(trials[0])
    room.train(trials[0]).result(LONG_S)
    for trial in trials:
        room.meeting.expect(trial)
    good, bad, other = map(room.train, trials)
    assert good.result(LONG_S) == {"with": "a"}
    assert other.result(LONG_S) == {"with": "c"}
    with pytest.raises(SystemExit, match="b"):
        bad.result(LONG_S)


def test_metrics_for_fewer_trials_than_there_are_fail_all_of_them() -> None:
    class Forgetful(Trial):
        @classmethod
        def train_together(cls, trials: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
            return []

    trial = Forgetful("a")
    with pytest.raises(TypeError, match=r"for each trial, 1 in all, but .*returned 0"):
        Room(trial).train(trial).result(LONG_S)

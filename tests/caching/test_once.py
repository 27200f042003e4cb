from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tuner.caching.once import Once, loads_so_far


def test_threads_that_ask_at_once_share_one_value() -> None:
    once, calls, parties = Once[object](), [], 8
    ready = threading.Barrier(parties)

    def compute() -> object:
        calls.append(1)
        threading.Event().wait(0.05)  # so that the others come while it is under way
        return object()

    def ask(_: int) -> object:
        ready.wait()
        return once.get("a", compute)

    with ThreadPoolExecutor(parties) as pool:
        values = set(pool.map(ask, range(parties)))
    assert len(values) == len(calls) == 1


def test_one_value_does_not_wait_for_another() -> None:
    once, other_is_there = Once[str](), threading.Event()

    def slow() -> str:
        assert other_is_there.wait(10)
        return "slow"

    thread = threading.Thread(target=once.get, args=("slow", slow))
    thread.start()
    assert once.get("quick", lambda: "quick") == "quick"
    other_is_there.set()
    thread.join(10)
    assert once.get("slow", lambda: "again") == "slow"


def test_what_fails_is_tried_again_and_not_counted() -> None:
    once, answers, before = Once[int](), [1 / 3, 7], loads_so_far()

    def compute() -> int:
        answer = answers.pop(0)
        if isinstance(answer, float):
            raise ValueError("no luck")
        return answer

    with pytest.raises(ValueError, match="no luck"):
        once.get("a", compute)
    assert loads_so_far() == before
    assert [once.get("a", compute), once.get("a", compute)] == [7, 7]
    assert loads_so_far() == before + 1


def test_none_is_a_value() -> None:
    once, calls = Once[None](), []
    for _ in range(2):
        assert once.get("a", lambda: calls.append(1)) is None
    assert calls == [1]


def test_what_is_forgotten_is_computed_again() -> None:
    once = Once[int]()
    assert once.get("a", lambda: 1) == once.get("a", lambda: 2) == 1
    once.clear()
    assert once.get("a", lambda: 2) == 2

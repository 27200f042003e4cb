from __future__ import annotations

from tuner.runtime.neighbours import Neighbours


def test_it_is_said_once_who_is_there_and_when_that_changes() -> None:
    said: list[str] = []
    now = [0.0]
    neighbours = Neighbours(said.append, lambda: now[0])
    neighbours.tell((), None, 8)
    assert said == []
    for _ in range(5):
        neighbours.tell(("a",), 4, 8)
    assert said == ["shares the cluster with a: may have 4 of 8 workers"]
    neighbours.tell(("a", "b"), 2, 8)
    assert said[-1] == "shares the cluster with a, b: may have 2 of 8 workers"
    neighbours.tell((), None, 8)
    assert said[-1] == "has the cluster to itself again"
    assert len(said) == 3


def test_numbers_alone_are_said_once_a_minute() -> None:
    said: list[str] = []
    now = [0.0]
    neighbours = Neighbours(said.append, lambda: now[0])
    for workers in range(1, 9):
        neighbours.tell(("a",), workers, 8)
        now[0] += 2.0
    assert [line[-19:] for line in said] == ["have 1 of 8 workers"]
    now[0] += 60.0
    neighbours.tell(("a",), 8, 8)
    neighbours.tell(("a",), 8, 8)
    assert [line[-19:] for line in said[1:]] == ["have 8 of 8 workers"]


def test_of_many_some_are_named() -> None:
    said: list[str] = []
    Neighbours(said.append).tell(("a", "b", "c", "d", "e"), 12, 1)
    assert said == ["shares the cluster with a, b, c and 2 more: may have 1 of 1 worker"]

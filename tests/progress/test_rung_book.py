"""Who reached, passed and waits at which rung, by hand."""

from __future__ import annotations

import math

from tuner.progress import Rung
from tuner.progress.rung_book import RungBook


def counts(book: RungBook) -> list[tuple[str, int, int | None, int]]:
    return [(each.label, each.trials, each.passed, each.waiting) for each in book.rungs()]


def at(rung: float, bracket: int = 0, **others: float) -> dict[str, float]:
    return {"rung": rung, "bracket": bracket, **others}


def test_a_scheduler_that_stops() -> None:
    book = RungBook("min", [1, 3, 9])
    for trial, values in {"a": [0.9, 0.5, 0.4], "b": [0.8], "c": [0.2]}.items():
        for time, value in enumerate(values, 1):
            book.report(trial, time, value)
    book.decide("b", "STOP", at(1, value=0.8, cutoff=0.7))
    book.report("d", 1, math.nan)  # reaches no rung
    assert book.rungs() == [
        Rung(label="1", trials=3, passed=2, waiting=0, cutoff=0.7, best=0.2),
        Rung(label="3", trials=1, passed=1, waiting=0, cutoff=None, best=0.4),
        Rung(label="9", trials=0, passed=0, waiting=0, cutoff=None, best=None),
    ]


def test_higher_is_better() -> None:
    book = RungBook("max", [1])
    book.report("a", 1, 0.5)
    book.report("b", 1, 0.75)
    assert book.rungs()[0].best == 0.75


def test_a_report_that_skips_rungs_reaches_them_all() -> None:
    book = RungBook("min", [1, 3, 9])
    book.report("a", 4, 0.5)
    assert counts(book) == [("1", 1, 1, 0), ("3", 1, 1, 0), ("9", 0, 0, 0)]


def test_a_later_attempt_counts_once() -> None:
    book = RungBook("min", [1, 3])
    for time in (1, 2, 3, 1, 2, 3):
        book.report("a", time, 0.5)
    assert counts(book) == [("1", 1, 1, 0), ("3", 1, 1, 0)]


def test_a_scheduler_that_promotes() -> None:
    book = RungBook("min", [1, 3])
    for trial in "abcd":
        book.report(trial, 1, 0.5)
        book.decide(trial, "PAUSE", at(1, value=0.5))
    assert counts(book)[0] == ("1", 4, 0, 4)
    book.decide("a", "RESUME", None)
    assert counts(book)[0] == ("1", 4, 1, 3)
    book.report("a", 3, 0.4)
    book.decide("a", "PAUSE", at(3, value=0.4))
    book.decide("d", "STOP", at(1, value=0.5))
    assert counts(book) == [("1", 4, 1, 2), ("3", 1, 0, 1)]


def test_the_end_of_training_is_no_rung() -> None:
    book = RungBook("min", [1])
    book.report("a", 9, 0.5)
    book.decide("a", "STOP", {"value": 0.5})
    assert counts(book) == [("1", 1, 1, 0)]


def test_trials_of_another_bracket_do_not_pass_its_rungs() -> None:
    book = RungBook("min")
    book.report("a", 1, 0.5)
    book.decide("a", "PAUSE", at(1))
    book.report("b", 9, 0.4)
    book.decide("b", "PAUSE", at(9, bracket=2))
    assert counts(book) == [("1", 1, 0, 1), ("9", 1, 0, 1)]


def test_rungs_are_found_in_decisions_and_sorted() -> None:
    book = RungBook("min")
    assert book.rungs() == []
    book.decide("a", "STOP", at(9, cutoff=math.inf, value=math.nan))
    book.decide("b", "STOP", at(1))
    assert [(each.label, each.cutoff, each.best) for each in book.rungs()] == [
        ("1", None, None),
        ("9", None, None),
    ]


def test_decisions_without_a_rung() -> None:
    book = RungBook("min")
    book.decide("a", "EXPLOIT", {"source": "b"})
    book.decide("a", "STOP", None)
    assert book.rungs() == []

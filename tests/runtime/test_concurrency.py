from __future__ import annotations

import pytest

from tuner.runtime.concurrency import Concurrency, concurrency, rationed


@pytest.mark.parametrize(
    ("slots", "bound", "population", "growing", "expected"),
    [
        (16, None, None, False, Concurrency(16, 16, 16)),
        (16, 4, None, False, Concurrency(4, 4, 4)),
        (4, 16, None, False, Concurrency(4, 4, 4)),
        # Every node went: one trial waits for the next.
        (0, None, None, False, Concurrency(1, 1, 1)),
        # All of a population exists from the start; workers are shared.
        (4, None, 8, False, Concurrency(None, 8, 4)),
        (0, None, 8, False, Concurrency(None, 8, 1)),
        (4, None, 8, True, Concurrency(None, 8, None)),
        # Nodes may come: trials ask for workers ahead of them.
        (4, None, None, True, Concurrency(None, 64, None)),
        (100, None, None, True, Concurrency(None, 200, None)),
        (4, 32, None, True, Concurrency(32, 32, 32)),
    ],
)
def test_bounds(
    slots: int, bound: int | None, population: int | None, growing: bool, expected: Concurrency
) -> None:
    assert concurrency(slots, bound=bound, population=population, growing=growing) == expected


def test_a_bracket_is_filled_by_trials_that_wait() -> None:
    bounds = concurrency(2, bound=None, population=None, growing=False, bracket=27)
    assert bounds == Concurrency(None, 27, 2)
    bounds = concurrency(8, bound=4, population=None, growing=False, bracket=27)
    assert bounds == Concurrency(None, 27, 4)


def test_trials_that_differ_in_what_they_take_are_suggested_no_earlier_than_needed() -> None:
    assert concurrency(4, bound=None, population=None, growing=False, mixed=True) == Concurrency(
        None, 4, None
    )
    assert concurrency(4, bound=None, population=8, growing=False, mixed=True).workers is None


def test_where_shapes_are_known_a_few_wait_beside_those_that_fit() -> None:
    def bounds(**options: int | None) -> Concurrency:
        given = {"bound": None, "population": None, **options}
        return concurrency(8, growing=False, at_most=True, **given)

    assert bounds() == Concurrency(10, 10, None)
    assert bounds(bound=4) == Concurrency(4, 4, 4)
    assert bounds(bound=99) == Concurrency(8, 8, 99)
    assert bounds(bracket=27) == Concurrency(None, 27, None)
    assert bounds(population=16) == Concurrency(None, 16, None)


@pytest.mark.parametrize(
    ("bounds", "ration", "expected"),
    [
        (Concurrency(8, 8, 8), None, Concurrency(8, 8, 8)),
        (Concurrency(8, 8, 8), 3, Concurrency(3, 8, 3)),
        (Concurrency(8, 8, 8), 99, Concurrency(8, 8, 8)),
        (Concurrency(8, 8, 8), 0, Concurrency(1, 8, 0)),  # one is ready for the sweep's turn
        (Concurrency(None, 16, None), 2, Concurrency(None, 16, 2)),  # a population waits whole
    ],
)
def test_a_ration_bounds_workers_and_what_is_suggested_for_them(
    bounds: Concurrency, ration: int | None, expected: Concurrency
) -> None:
    assert rationed(bounds, ration) == expected

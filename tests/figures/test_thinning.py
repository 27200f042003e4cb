"""Which trials are drawn: the best ones always, the rest evenly, and it is said."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuner.figures.thinning import thinned, thinned_course

COSTS = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=200)


@given(COSTS, st.integers(10, 60))
def test_the_best_are_drawn_and_no_more_than_asked_for(costs: list[float], most: int) -> None:
    given_costs = np.array(costs)
    places, note = thinned(given_costs, most=most)
    assert len(places) == min(len(costs), most)
    assert len(set(places.tolist())) == len(places)
    assert (np.diff(places) > 0).all()
    assert (note is None) == (len(costs) <= most)
    best = min((c for c in costs if not math.isnan(c)), default=None)
    if best is not None:
        assert best in given_costs[places]


def test_a_note_says_how_many_of_how_many() -> None:
    places, note = thinned(np.arange(10_000.0))
    assert note == "1,000 of 10,000 trials drawn: the best and an even sample of the rest"
    assert places[:100].tolist() == list(range(100))
    steps = np.diff(places[100:])
    assert steps.min() >= 10
    assert steps.max() <= 12


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(2, 50))
def test_a_thinner_course_has_the_same_ends_and_extremes(values: list[float], most: int) -> None:
    course = np.array(values)
    kept = course[thinned_course(course, most)]
    assert (kept[0], kept[-1]) == (course[0], course[-1])
    assert (kept.min(), kept.max()) == (course.min(), course.max())
    assert len(kept) <= max(most + 2, 4)

from __future__ import annotations

import pytest

from tuner.runtime.ahead import RunAhead


def seen(*, stops: int, goes_on: int, wait_s: float) -> RunAhead:
    known = RunAhead()
    for number in range(stops + goes_on):
        known.decided(stopped=number * stops % (stops + goes_on) < stops)  # evenly
        known.waited(wait_s)
    return known


@pytest.mark.parametrize(
    ("stops", "goes_on", "wait_s", "step_s", "pays"),
    [
        (0, 20, 0.001, 10.0, True),  # whatever is saved, nothing is wasted
        (30, 20, 0.3, 0.1, False),  # more is wasted than saved
        (10, 30, 0.3, 0.1, True),
        (10, 30, 0.01, 0.1, False),  # a decision takes a tenth of what a stop wastes
        (40, 0, 9.0, 0.1, False),
        (0, 19, 9.0, 0.1, False),  # too little is known
    ],
)
def test_it_pays_where_more_is_saved_than_wasted(
    stops: int, goes_on: int, wait_s: float, step_s: float, pays: bool
) -> None:
    assert seen(stops=stops, goes_on=goes_on, wait_s=wait_s).pays(step_s) is pays


def test_what_was_seen_long_ago_fades() -> None:
    known = seen(stops=0, goes_on=100, wait_s=0.2)
    assert known.pays(0.1)
    for _ in range(60):
        known.decided(stopped=True)
    assert not known.pays(0.1)

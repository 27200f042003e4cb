"""What a model is fitted to: the right rung, the right costs there, and not too many trials."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.searchers.observations import MOST_GOOD, History, Observations

# Powers of the square root of two, rounded up, and max_t.
RUNGS_TO_27 = [1, 2, 3, 4, 6, 8, 12, 16, 23, 27]


def train(
    observations: Observations, trial_id: str, costs: dict[float, float], ends: str = ""
) -> None:
    """Enter a trial and report its costs by time; it is ``stopped`` at the last, or ``done``."""
    observations.enter(trial_id, {"x": float(trial_id[1:])})
    *earlier, last = costs.items()
    for time, cost in earlier:
        observations.report(trial_id, time, cost)
    if ends != "stopped":
        observations.report(trial_id, *last)
    if ends:
        observations.complete(trial_id, *last)


def seen(history: History) -> dict[str, float | str]:
    """Return the cost of each trial, or what it is instead."""
    return {
        f"t{each.values['x']:g}": each.cost
        if each.cost is not None
        else "pending"
        if each.pending
        else "stopped"
        for each in history.observations
    }


def test_the_highest_rung_that_enough_have_reached() -> None:
    observations = Observations(max_t=27, dimensions=1)
    for number in range(8):  # ASHA with reduction factor 2 from 4: 8 trials, 4, 2
        longest = {0: 16, 1: 16, 2: 8, 3: 8}.get(number, 4)
        train(observations, f"t{number}", {t: number + t for t in range(1, longest + 1)}, "stopped")
    # More than one good one and more than one parameter: 2 trials at 16.
    assert seen(observations.history(1)) == {
        "t0": 16, "t1": 17, "t2": "stopped", "t3": "stopped", "t4": "stopped", "t5": "stopped",
        "t6": "stopped", "t7": "stopped",
    }  # fmt: skip
    # Three are not there before 8; who went on counts with what it had there.
    assert seen(observations.history(2)) == {
        "t0": 8, "t1": 9, "t2": 10, "t3": 11, "t4": "stopped", "t5": "stopped", "t6": "stopped",
        "t7": "stopped",
    }  # fmt: skip
    # Half of the eight are enough.
    assert seen(observations.history(20)) == seen(observations.history(2))


def test_the_first_report_at_or_after_a_rung_counts_there() -> None:
    observations = Observations(max_t=27, dimensions=1)
    for number in range(3):
        train(observations, f"t{number}", {2: 0.2, 5: 0.5, 7: 0.7 + number}, "stopped")
    assert seen(observations.history(1)) == {"t0": 0.7, "t1": 1.7, "t2": 2.7}  # at 6
    train(observations, "t3", {4: 0.4}, "stopped")
    train(observations, "t4", {4: 0.4}, "stopped")
    train(observations, "t5", {4: 0.4}, "stopped")
    # At 4 the first three had 0.5, which they reported at 5.
    assert set(seen(observations.history(5)).values()) == {0.7, 1.7, 2.7, "stopped"}
    for number in range(6, 9):
        train(observations, f"t{number}", {4: 0.4}, "stopped")
    assert list(seen(observations.history(5)).values()) == [0.5] * 3 + [0.4] * 6


def test_a_trial_that_ends_by_itself_has_trained_in_full() -> None:
    observations = Observations(max_t=81, dimensions=1)
    train(observations, "t0", {t: 1 / t for t in range(1, 82)}, "stopped")  # at max_t
    train(observations, "t1", {1: 5.0, 10: 0.5}, "done")
    train(observations, "t2", {1: 5.0, 10: 0.1}, "stopped")
    assert seen(observations.history(1)) == {"t0": 1 / 81, "t1": 0.5, "t2": "stopped"}


def test_an_end_without_a_time_is_that_of_a_full_training() -> None:
    observations = Observations(max_t=math.inf, dimensions=1)
    for number in range(3):
        observations.enter(f"t{number}", {"x": float(number)})
        observations.complete(f"t{number}", None, number / 2)
    assert seen(observations.history(1)) == {"t0": 0, "t1": 0.5, "t2": 1}


def test_what_is_on_its_way_is_pending_until_it_reaches_the_rung() -> None:
    observations = Observations(max_t=27, dimensions=1)
    for number in range(3):
        train(observations, f"t{number}", dict.fromkeys((1, 3, 9), 1.0), "stopped")
    train(observations, "t3", {1: 0.5})
    train(observations, "t4", {1: 0.5, 8: 0.4, 16: 0.1})
    observations.enter("t5", {"x": 5.0})
    found = seen(observations.history(1))
    assert found == {"t0": 1, "t1": 1, "t2": 1, "t3": "pending", "t4": 0.4, "t5": "pending"}


def test_a_diverged_trial_has_the_worst_cost_and_is_never_good() -> None:
    observations = Observations(max_t=9, dimensions=1)
    train(observations, "t0", {1: 3.0, 9: 2.0}, "stopped")
    train(observations, "t1", {1: 0.0, 3: 0.0, 8: math.nan}, "stopped")
    train(observations, "t2", {1: 3.0, 9: 1.0}, "stopped")
    train(observations, "t3", {1: math.inf})
    assert seen(observations.history(1)) == {"t0": 2.0, "t1": 2.0, "t2": 1.0, "t3": 2.0}
    assert observations.told == 4


def test_where_all_diverge_nothing_has_a_cost() -> None:
    observations = Observations(max_t=9, dimensions=1)
    train(observations, "t0", {1: math.nan}, "stopped")
    assert seen(observations.history(1)) == {"t0": "stopped"}


def test_what_fails_before_it_reports_is_forgotten() -> None:
    observations = Observations(max_t=9, dimensions=1)
    train(observations, "t0", {1: 1.0}, "stopped")
    observations.enter("t1", {"x": 1.0})
    observations.complete("t1", 1.0, None)
    assert seen(observations.history(1)) == {"t0": 1.0}
    assert observations.told == 1


@pytest.mark.parametrize("ends", ["stopped", ""])
def test_a_history_is_bounded_and_holds_the_best_and_the_latest(ends: str) -> None:
    observations = Observations(max_t=9, dimensions=4)
    trials = 5000
    for number in range(trials):
        cost = abs(number - 1234)  # the best are in the middle
        train(observations, f"t{number}", {9: cost} if ends else {1: cost}, ends)
    history = observations.history(MOST_GOOD)
    numbers = [int(each.values["x"]) for each in history.observations]
    assert numbers == sorted(numbers)
    assert {*range(1234 - 12, 1234 + 13)} <= set(numbers)
    assert {*range(trials - MOST_GOOD, trials)} <= set(numbers)
    assert len(numbers) <= MOST_GOOD + (300 if ends else 200)
    assert history.told == trials
    spread = [number for number in numbers if number < trials - MOST_GOOD]
    assert max(b - a for a, b in pairwise(spread)) < 40


@dataclass
class Told:
    """All that was reported of a trial, which `Observations` does not keep."""

    reports: list[tuple[float, float]] = field(default_factory=list)
    live: bool = True
    whole: bool = False

    def cost(self, rung: float) -> float | None:
        reached = (cost for time, cost in self.reports if time >= rung)
        return next(reached, self.reports[-1][1] if self.whole and self.reports else None)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["enter", "report", "report", "report", "stop", "end"]),
        st.integers(0, 7),
        st.sampled_from([0.5, 1, 2, 3, 5, 8, 9, 13, 27, 40]),
        st.sampled_from([-1.0, 0.0, 0.25, 2.0, 7.0]),
    ),
    max_size=60,
)


@given(EVENTS, st.integers(1, 4))
def test_it_is_what_all_the_reports_would_give(
    events: list[tuple[str, int, float, float]], good: int
) -> None:
    observations = Observations(max_t=27, dimensions=1)
    told: dict[str, Told] = {}
    for kind, number, time, cost in events:
        trial_id = f"t{number}"
        trial = told.get(trial_id)
        if kind == "enter":
            if trial is None:
                observations.enter(trial_id, {"x": float(number)})
                told[trial_id] = Told()
            continue
        news = (
            trial is not None
            and trial.live
            and time > max((t for t, _ in trial.reports), default=0)
        )
        if kind == "report":
            observations.report(trial_id, time, cost)
        else:
            observations.complete(trial_id, time, cost)
        if trial is None or not trial.live:
            continue
        if news:
            trial.reports.append((time, cost))
        if kind != "report":
            trial.live = False
            if not news:
                trial.whole = True
                trial.reports.append((time, cost))
    expected = naive(told, good)
    assert seen(observations.history(good)) == expected


def naive(told: dict[str, Told], good: int) -> dict[str, float | str]:
    """Return the history by its definition."""
    some = [trial for trial in told.values() if trial.cost(RUNGS_TO_27[0]) is not None]
    enough = max(1, min(max(good, 1) + 1, math.ceil(len(some) / 2)))
    counts = {rung: sum(t.cost(rung) is not None for t in told.values()) for rung in RUNGS_TO_27}
    rung = max((r for r in RUNGS_TO_27 if counts[r] >= enough), default=RUNGS_TO_27[0])
    found: dict[str, float | str] = {}
    for trial_id, trial in told.items():
        cost = trial.cost(rung)
        if cost is not None:
            found[trial_id] = cost
        elif trial.live:
            found[trial_id] = "pending"
        elif trial in some:
            found[trial_id] = "stopped"
    return found

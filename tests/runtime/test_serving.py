from __future__ import annotations

import math
import time
from typing import Any

import pytest
from ray import tune

from tuner.runtime.measuring import PEAK_MEMORY
from tuner.runtime.serving import Halts, Serving, Stretch, look_up, served

HALTS = Halts("loss", "training_iteration", saves_every=0)
LONG_S = 60.0


class Counts(tune.Trainable):
    """Reports the loss that its configuration has for each iteration, and may raise."""

    def step(self) -> dict[str, Any]:
        time.sleep(self.config.get("takes_s", 0))
        loss = self.config["losses"][self.iteration]
        if isinstance(loss, Exception):
            raise loss
        return {"loss": loss, "done": self.iteration + 1 == len(self.config["losses"])}

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        return not new_config.get("refuses", False)


def worker(losses: list[Any], halts: Halts = HALTS, most_trials: int = 0, **more: Any) -> Serving:
    return served(Counts, halts, most_trials)(config={"losses": losses, **more})


def begun(losses: list[Any], halts: Halts = HALTS, **more: Any) -> Serving:
    """Return a worker that has handed over its first report."""
    trains = worker(losses, halts, **more)
    assert iterations(trains.train_stretch(0, math.inf, LONG_S)) == [1]
    return trains


def iterations(stretch: Stretch) -> list[int]:
    return [report["training_iteration"] for report in stretch.reports]


def test_the_first_report_comes_alone() -> None:
    stretch = worker([3.0, 2.0, 1.0]).train_stretch(0, math.inf, LONG_S)
    assert (stretch.first, iterations(stretch), stretch.halted) == (0, [1], False)


def test_reports_that_nobody_decides_about_come_together() -> None:
    stretch = begun([5.0, 4.0, 3.0, 2.0]).train_stretch(1, math.inf, LONG_S)
    assert (stretch.first, iterations(stretch), stretch.halted) == (1, [2, 3, 4], True)
    assert PEAK_MEMORY in stretch.reports[-1]
    assert PEAK_MEMORY not in stretch.reports[0]


def test_a_worker_waits_where_the_scheduler_decides() -> None:
    trains = begun([9.0] * 9)
    assert iterations(trains.train_stretch(1, 4, LONG_S)) == [2, 3, 4]
    assert trains.train_stretch(1, 4, LONG_S) == Stretch(4, [], halted=True)
    assert trains.iteration == 4
    assert iterations(trains.train_stretch(4, 6, LONG_S)) == [5, 6]


def test_it_goes_on_once_it_is_heard_though_the_time_is_the_same() -> None:
    trains = begun([9.0] * 6, Halts("loss", "training_iteration", saves_every=2))
    assert iterations(trains.train_stretch(1, math.inf, LONG_S)) == [2]  # to be saved
    assert trains.train_stretch(1, math.inf, LONG_S).reports == []
    assert iterations(trains.train_stretch(2, math.inf, LONG_S)) == [3, 4]


def test_a_report_of_a_slow_trial_does_not_wait_for_the_next() -> None:
    trains = begun([9.0] * 4, takes_s=0.03)
    stretch = trains.train_stretch(1, math.inf, 0.04)
    assert (iterations(stretch), stretch.halted) == ([2], False)
    assert iterations(trains.train_stretch(1, math.inf, 0.04)) == [3]  # before that was heard


@pytest.mark.parametrize("loss", [math.nan, math.inf, None, "low"])
def test_whatever_is_no_finite_number_is_decided_about(loss: Any) -> None:
    trains = begun([9.0, loss, 7.0, 6.0])
    assert iterations(trains.train_stretch(1, math.inf, LONG_S)) == [2]
    assert trains.train_stretch(1, math.inf, LONG_S).reports == []


def test_reports_before_a_failure_are_not_lost() -> None:
    trains = begun([9.0, 8.0, ValueError("too bad"), 7.0])
    assert iterations(trains.train_stretch(1, math.inf, LONG_S)) == [2]
    for _ in range(2):  # and nothing is trained after it
        with pytest.raises(ValueError, match="too bad"):
            trains.train_stretch(1, math.inf, LONG_S)
    assert trains.iteration == 2


def test_one_report_may_run_ahead_of_a_decision() -> None:
    trains = begun([9.0] * 9)
    assert iterations(trains.train_stretch(1, 3, LONG_S)) == [2, 3]
    assert iterations(trains.train_stretch(1, 3, LONG_S, ahead=True)) == [4]
    assert trains.train_stretch(1, 3, LONG_S, ahead=True).reports == []
    assert trains.train_stretch(3, 4, LONG_S).reports == []  # which is decided about, too
    assert iterations(trains.train_stretch(4, 6, LONG_S)) == [5, 6]


def test_it_trains_on_from_a_report_that_ran_ahead_and_that_nobody_decides_about() -> None:
    trains = begun([9.0] * 9)
    trains.train_stretch(1, 3, LONG_S)
    assert iterations(trains.train_stretch(1, 3, LONG_S, ahead=True)) == [4]
    assert iterations(trains.train_stretch(3, 6, LONG_S)) == [5, 6]


@pytest.mark.parametrize("last", [math.nan, 1.0])
def test_nothing_runs_ahead_of_a_save_an_end_or_a_divergence(last: float) -> None:
    trains = begun([9.0, last])  # which has ended, or diverged
    assert iterations(trains.train_stretch(1, 2, LONG_S)) == [2]
    assert trains.train_stretch(1, 2, LONG_S, ahead=True).reports == []


def test_a_reset_begins_anew() -> None:
    trains = begun([9.0, 8.0, 7.0])
    trains.train_stretch(1, 2, LONG_S)
    assert trains.reset({"losses": [5.0, 4.0]}) is True
    assert iterations(trains.train_stretch(0, math.inf, LONG_S)) == [1]


def test_a_worker_says_why_it_cannot_serve() -> None:
    assert worker([1.0]).reset({"refuses": True}) == "it cannot be reset"
    tired = worker([1.0], most_trials=1)
    assert tired.rest() == "trials: 1 served"
    assert tired.reset({"losses": [1.0]}) == tired.rest()


def test_nested_names_are_looked_up() -> None:
    assert look_up({"a": {"b": 1}}, "a/b") == 1
    assert look_up({"a/b": 2, "a": {"b": 1}}, "a/b") == 2
    assert look_up({"a": 3}, "a/b") is None

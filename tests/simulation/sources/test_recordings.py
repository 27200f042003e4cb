"""A simulation over a recording sees what was measured, and never more."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune

import tuner
from tuner.errors import CutShortError, SpecError
from tuner.simulation import CurveTask, Known
from tuner.simulation.sources import RecordedCurves, RecordedTraining


def recording(run: str, values: list[float], *, complete: bool = True) -> RecordedTraining:
    return RecordedTraining(run, {"loss": values}, [1.0] * len(values), complete)


def task(curves: RecordedCurves, max_t: int = 9) -> CurveTask:
    scenario = tuner.Scenario(
        name="recorded",
        trainable=Known,
        space={"cell": tune.choice(curves.choices)},
        metric="loss",
        mode="min",
        time_attr="epoch",
        max_t=max_t,
    )
    return CurveTask("recorded", scenario, curves)


def test_trials_take_turns_in_the_trainings_of_a_configuration() -> None:
    curves = RecordedCurves("cell", {7: [recording("a", [1.0]), recording("b", [2.0, 3.0])]})

    runs = [curves.recorded({"cell": 7}, number).run for number in range(4)]

    assert runs == ["a", "b", "a", "b"]
    assert list(curves.curve({"cell": 7}, 1).metrics["loss"]) == [2.0, 3.0]


def test_a_frame_becomes_recordings() -> None:
    frame = pd.DataFrame(
        {
            "cell": [2, 2, 1, 2],
            "seed": [0, 0, 0, 1],
            "loss": [3.0, math.nan, 5.0, 4.0],
            "epoch_seconds": [1, 2, 3, 4],
            "complete": [False, False, True, True],
        }
    )

    curves = RecordedCurves.of_frame(frame, key="cell", metrics=("loss",), run="seed")

    assert curves.choices == [1, 2]
    assert curves.longest == 2
    assert curves.best("loss", "min") == 3.0
    assert curves.best("loss", "max") == 5.0
    first, second = curves.recordings({"cell": 2})
    assert [repr(value) for value in first.metrics["loss"]] == ["3.0", "nan"]
    assert (list(first.seconds), first.complete, first.epochs) == ([1.0, 2.0], False, 2)
    assert (second.run, second.complete) == (1, True)


def test_nothing_finite_has_no_best() -> None:
    assert RecordedCurves("cell", {1: [recording("a", [math.nan])]}).best("loss", "min") is None


def test_what_was_not_recorded_is_refused() -> None:
    curves = RecordedCurves("cell", {"lstm": [recording("a", [1.0])]})

    with pytest.raises(SpecError, match=r"cell 'lsmt' was not recorded; did you mean 'lstm'\?"):
        curves.curve({"cell": "lsmt"}, 0)


@pytest.mark.parametrize(
    ("recordings", "words"),
    [({}, "no recorded training"), ({1: [recording("t7", [])]}, "'t7' has no epochs")],
)
def test_an_empty_recording_is_refused(recordings: Any, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        RecordedCurves("cell", recordings)


def test_a_simulation_may_end_where_the_recording_does(simulate: Any) -> None:
    curves = RecordedCurves("cell", {1: [recording("a", [1.0, 1.0, 1.0], complete=False)]})

    assert simulate(task(curves, max_t=3), num_samples=1) == {"t000000": [1.0, 1.0, 1.0]}


def test_a_simulation_that_would_go_on_is_refused(simulate: Any) -> None:
    curves = RecordedCurves("cell", {1: [recording("t000012", [1.0, 1.0], complete=False)]})

    with pytest.raises(CutShortError, match="'t000012' was cut short after epoch 2"):
        simulate(task(curves), num_samples=1)


def test_a_scheduler_that_stops_in_time_can_be_simulated(simulate: Any) -> None:
    good = {f"good {i}": [recording(f"good {i}", [0.1 * i] * 9)] for i in range(4)}
    bad = recording("bad", [5.0], complete=False)
    curves = RecordedCurves("cell", {**good, "bad": [bad]})

    reports = simulate(task(curves), scheduler="hyperband", num_samples=9)  # its first bracket

    assert [5.0] in reports.values()
    assert sorted(map(len, reports.values())) == [1] * 6 + [3] * 2 + [9]


@given(st.lists(st.floats(0, 10), min_size=1, max_size=20), st.booleans())
def test_every_recorded_epoch_can_be_read_and_no_other(values: list[float], complete: bool) -> None:
    seconds = [float(epoch) for epoch in range(len(values))]
    training = RecordedTraining("a", {"loss": values}, seconds, complete)
    curves = RecordedCurves("cell", {1: [training]})
    curve = curves.curve({"cell": 1}, 0)

    assert [curve.seconds[place] for place in range(len(values))] == seconds
    assert curve.seconds[: len(values)] == seconds
    assert len(curve.seconds) == len(values) + (not complete)
    with pytest.raises(IndexError if complete else CutShortError):
        curve.seconds[len(values)]

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray.tune.experiment import Trial
from ray.tune.schedulers import MedianStoppingRule
from twins import GOAL, Event, Side, answers, streams

from tuner.errors import SpecError
from tuner.schedulers.median import MedianStopping
from tuner.schedulers.running_means import RunningMeans

RULES = st.fixed_dictionaries(
    {
        "grace_period": st.sampled_from([0, 1, 2, 4.5]),
        "min_samples_required": st.integers(1, 4),
        "min_time_slice": st.sampled_from([0, 2, float("inf")]),
        "hard_stop": st.booleans(),
        "mode": st.sampled_from(["min", "max"]),
    }
)


@settings(max_examples=150)
@given(options=RULES, stream=streams())
def test_every_decision_is_rays(options: dict[str, Any], stream: list[Event]) -> None:
    ours = answers(MedianStopping(**GOAL, **options), stream)
    assert ours == answers(MedianStoppingRule(**GOAL, **options), stream)


@settings(max_examples=50)
@given(options=RULES, stream=streams([0.37, 1.0, 0.111, 1 / 3]))
def test_with_seconds_every_decision_is_rays(options: dict[str, Any], stream: list[Event]) -> None:
    ours = answers(MedianStopping(**GOAL, **options), stream)
    assert ours == answers(MedianStoppingRule(**GOAL, **options), stream)


@pytest.mark.parametrize("mode", ["min", "max"])
def test_every_decision_is_rays_with_long_curves_of_many_trials(mode: str) -> None:
    # Sums of more than eight values are pairwise in NumPy: their last bits depend on it.
    rng = np.random.default_rng(0)
    stream: list[Event] = [
        (int(rng.integers(40)), 1, float(rng.normal() + 3 * (rng.random() < 0.05)), "goes on")
        for _ in range(3_000)
    ]
    options = {"mode": mode, "grace_period": 1, "min_samples_required": 3}
    ours = answers(MedianStopping(**GOAL, **options), stream)
    assert ours == answers(MedianStoppingRule(**GOAL, **options), stream)
    assert 0 < ours.count("STOP") < 40


@given(
    reports=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), st.floats(-1e6, 1e6))),
    asked=st.lists(st.integers(1, 12), max_size=20),
)
def test_means_are_those_of_all_curves_whatever_was_kept(
    reports: list[tuple[int, int, float]], asked: list[int]
) -> None:
    means = RunningMeans(grace_period=2)
    curves: dict[str, list[tuple[float, float]]] = {}
    for step, (number, stride, value) in enumerate(reports):
        if asked:
            means.at(float(asked[step % len(asked)]))
        key = f"t{number}"
        time = (curves[key][-1][0] if key in curves else 0.0) + stride
        means.enter(key, time, value)
        curves.setdefault(key, []).append((time, value))
    for time in range(1, 15):
        reached = [curve for curve in curves.values() if curve[-1][0] >= time]
        scoped = [[v for t, v in curve if 2 <= t <= time] for curve in reached]
        expected = sorted(float(np.mean(values)) for values in scoped if values)
        for _ in range(3):  # found anew, found and kept, and as it was kept
            assert list(means.at(float(time))) == expected


def test_the_mean_of_a_long_curve_is_numpys_to_the_last_bit() -> None:
    values = np.random.default_rng(0).normal(size=300)  # more than eight are summed in pairs
    means = RunningMeans(grace_period=1)
    for time, value in enumerate(values.tolist(), start=1):
        means.enter("t0", time, value)
        assert means.at(time) == [np.mean(values[:time])]


def test_a_trial_worse_than_the_median_is_stopped_and_told_why() -> None:
    # At 2 the running means of those that got there: (1 + 0) / 2, (2 + 1) / 2 and (4 + 3) / 2.
    scheduler = MedianStopping(**GOAL, mode="min", grace_period=1)
    side = Side(scheduler)
    for number, losses in enumerate([(1.0, 0.0), (2.0, 1.0), (4.0, 3.0)]):
        for loss in losses:
            assert side.take((number, 1, loss, "goes on")) == "CONTINUE"
    trial = side.trials[3] = Trial("stub", stub=True, trial_id="t3")
    scheduler.on_trial_add(side, trial)
    assert scheduler.on_trial_result(side, trial, {"epoch": 1, "loss": 2.0}) == "CONTINUE"
    assert scheduler.on_trial_result(side, trial, {"epoch": 2, "loss": 1.75}) == "STOP"
    reason = scheduler.take_reason("t3")
    assert reason is not None
    assert reason.text == "best 1.75 is above the median 1.5 of 3 trials at 2"
    assert json.dumps(reason.details, allow_nan=False)
    assert scheduler.take_reason("t3") is None


def test_equal_to_the_median_is_good_enough() -> None:
    side = Side(MedianStopping(**GOAL, mode="max", grace_period=0, min_samples_required=1))
    assert side.take((0, 1, 0.5, "goes on")) == "CONTINUE"
    assert side.take((1, 1, 0.5, "goes on")) == "CONTINUE"
    assert side.take((2, 1, 0.25, "goes on")) == "STOP"


def test_a_trial_that_was_paused_for_good_runs_on_unjudged() -> None:
    options = {"mode": "min", "grace_period": 0, "min_samples_required": 1, "hard_stop": False}
    side = Side(MedianStopping(**GOAL, **options))
    side.take((0, 1, 0.0, "goes on"))
    assert side.take((1, 1, 1.0, "goes on")) == "PAUSE"
    assert side.scheduler.choose_trial_to_run(side) is side.trials[1]
    assert [side.take((1, 1, 9.0, "goes on")) for _ in range(3)] == ["CONTINUE"] * 3


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_finite_number_ends_the_trial_and_enters_no_mean(value: float) -> None:
    scheduler = MedianStopping(**GOAL, mode="max", grace_period=0)
    assert Side(scheduler).take((0, 1, value, "goes on")) == "STOP"
    assert scheduler._means.curves == {}


def test_late_doubled_unknown_and_partial_reports_change_nothing(tmp_path: Path) -> None:
    scheduler = MedianStopping(**GOAL, mode="min", grace_period=0)
    side = Side(scheduler)
    for number in range(3):
        side.take((number, 4, float(number), "returns" if number == 2 else "goes on"))
    scheduler.save(str(tmp_path / "before"))
    unknown = Trial("stub", stub=True, trial_id="nobody")
    for trial, result in [
        (side.trials[0], {"epoch": 4, "loss": -5.0}),
        (side.trials[0], {"epoch": 2, "loss": -5.0}),
        (side.trials[0], {"epoch": 9}),
        (side.trials[0], {"loss": 9.0}),
        (side.trials[2], {"epoch": 9, "loss": -5.0}),
        (unknown, {"epoch": 9, "loss": -5.0}),
    ]:
        assert scheduler.on_trial_result(side, trial, result) == "CONTINUE"
    scheduler.on_trial_complete(side, unknown, {"epoch": 9, "loss": -5.0})
    scheduler.on_trial_error(side, unknown)
    scheduler.on_trial_remove(side, unknown)
    scheduler.save(str(tmp_path / "after"))
    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()


@settings(max_examples=50)
@given(options=RULES, stream=streams(), cut=st.integers(0, 200))
def test_saved_and_restored_it_decides_as_if_nothing_had_happened(
    options: dict[str, Any], stream: list[Event], cut: int, tmp_path_factory: Any
) -> None:
    path = str(tmp_path_factory.mktemp("median") / "state.json")
    side, rest = (Side(MedianStopping(**GOAL, **options)) for _ in range(2))
    for event in stream[:cut]:
        side.take(event)
    side.scheduler.save(path)
    rest.go_on_from(side, path)
    assert [side.take(event) for event in stream[cut:]] == [
        rest.take(event) for event in stream[cut:]
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"grace_period": -1}, "grace_period must be a number of at least 0, got -1"),
        ({"grace_period": float("nan")}, "got nan"),
        ({"min_samples_required": 0}, "min_samples_required must be a whole number of at least 1"),
        ({"min_time_slice": "1"}, "got '1'"),
        ({"mode": "lowest"}, "mode must be 'min' or 'max'"),
    ],
)
def test_a_bad_value_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as refusal:
        MedianStopping(**{"metric": "loss", "mode": "min", **options})
    assert words in str(refusal.value)

"""What a searcher learns from earlier sweeps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search.hyperopt import HyperOptSearch

import tuner
from tuner.arms import Choice
from tuner.errors import SpecError, StorageError
from tuner.objectives import Mode, Objective
from tuner.planning import resolve_plan
from tuner.spec import SweepSpec
from tuner.store import Sweep, SweepLayout, SweepWriter, load, write_spec
from tuner.store.past import PastTrial
from tuner.warm_start import gather, teach

Past = Callable[..., Sweep]
LOSS = Objective("loss", "min")
LEARNER = Choice("hyperopt")


def train(config: dict[str, Any]) -> None:
    tune.report({"loss": config["x"]})


def scenario(**changes: Any) -> tuner.Scenario:
    given: dict[str, Any] = {
        "name": "s", "trainable": train, "space": {"x": tune.uniform(0, 1)}, "metric": "loss",
        "mode": "min", "time_attr": "epoch", "max_t": 9,
    }  # fmt: skip
    return tuner.Scenario(**{**given, **changes})


@pytest.fixture
def past(tmp_path: Path) -> Past:
    """Make an earlier sweep of trials that had one report each, or two."""

    def make(
        trials: Sequence[tuple[dict[str, Any], list[float], str]] = (
            ({"x": 0.5}, [1.0], "stopped"),
        ),
        *,
        name: str = "earlier",
        metric: str = "loss",
        mode: Mode = "min",
        time_attr: str = "epoch",
        **options: Any,
    ) -> Sweep:
        layout = SweepLayout.create(tmp_path / name)
        writer = SweepWriter(layout, metric=metric, mode=mode, time_attr=time_attr)
        for number, (config, losses, outcome) in enumerate(trials):
            writer.trial(f"t{number}", config=config, outcome=outcome, status="TERMINATED")
            for epoch, loss in enumerate(losses, 1):
                writer.report(
                    {
                        "trial_id": f"t{number}", "attempt": 1, "training_iteration": epoch,
                        time_attr: epoch, metric: loss,
                    }
                )  # fmt: skip
        writer.close()
        spec = SweepSpec(
            name=name, storage_path=str(tmp_path), scenario="s", source=None, space={},
            metric=metric, mode=mode, time_attr=time_attr, max_t=9, grace_period=1,
            scheduler="asha", searcher="random", seed=0, resources={}, **options,
        )  # fmt: skip
        write_spec(layout, {"spec": asdict(spec)})
        return load(layout.root)

    return make


def test_what_is_used_and_what_is_skipped(past: Past) -> None:
    first = past(
        [
            ({"x": 0.1}, [0.9, 0.3], "stopped"),
            ({"x": 7.0}, [0.9], "stopped"),
            ({"y": 0.1}, [0.9], "completed"),
            ({"x": 0.2}, [0.9], "failed"),
        ]
    )
    second = past([({"x": 0.3}, [0.9], "completed")], name="second")
    warm = gather([first, str(second.path)], scenario(), LEARNER)
    assert [(each.sweep, each.config) for each in warm.trials] == [
        (str(first.path), {"x": 0.1}), (str(second.path), {"x": 0.3}),
    ]  # fmt: skip
    assert (warm.outside, warm.unusable) == (2, 1)
    assert str(warm) == (
        f"warm start from {first.path}, {second.path}: 2 trials used, 3 skipped (2 outside the "
        "space, 1 without a result)"
    )


@pytest.mark.parametrize(
    ("earlier", "now", "message"),
    [
        ({"mode": "max"}, {}, r"in .*earlier loss \(min\) is max there"),
        ({"metric": "error"}, {}, r"loss \(min\) is not tuned there, but error"),
        ({}, {"metric": ["loss", "size"], "mode": ["min", "min"]}, "size .* not tuned there"),
        ({"time_attr": "step"}, {}, "epoch is not reported there"),
    ],
)
def test_sweeps_that_tuned_something_else(
    past: Past, earlier: dict[str, Any], now: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message) as refusal:
        gather([past(**earlier)], scenario(**now), LEARNER)
    assert "\n" not in str(refusal.value)


def test_one_of_several_objectives_is_enough(past: Past) -> None:
    both = [LOSS, Objective("size", "max")]
    assert len(gather([past(objectives=both)], scenario(), LEARNER).trials) == 1


def test_nothing_to_learn(past: Past, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"1 lie outside and 0 have no result; the first: .*x"):
        gather([past([({"x": 3.0}, [1.0], "stopped")])], scenario(), LEARNER)
    with pytest.raises(SpecError, match="0 lie outside and 1 have no result; leave"):
        gather([past([({"x": 0.3}, [1.0], "failed")], name="second")], scenario(), LEARNER)
    with pytest.raises(StorageError, match="no such folder"):
        gather([tmp_path / "nowhere"], scenario(), LEARNER)


class Pupil:
    """Notes what it is taught; configurations below 0.2 it cannot take."""

    def __init__(self) -> None:
        self.lessons: list[Any] = []

    def take_over(
        self, trial_id: str, config: dict[str, Any], *, of_this_sweep: bool = True
    ) -> bool:
        assert not of_this_sweep
        return bool(config["x"] >= 0.2)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        self.lessons.append((trial_id, result))

    def on_trial_complete(self, trial_id: str, result: dict[str, Any]) -> None:
        self.lessons.append((trial_id, result, "end"))


def test_a_searcher_is_taught_as_in_a_sweep() -> None:
    pupil: Any = Pupil()
    values = [[0.9, 8.0], [0.5, math.nan]]
    stopped = PastTrial("a", "t7", {"x": 0.5}, False, [1.0, 3.0], values)
    whole = PastTrial("a", "t8", {"x": 0.6}, True, [1.0], values[:1])
    unknown = PastTrial("a", "t9", {"x": 0.1}, True, [1.0], values[:1])
    teach(pupil, [stopped, unknown, whole], [LOSS, Objective("size", "max")], "epoch")
    assert repr(pupil.lessons) == repr(
        [
            ("past000000", {"epoch": 1.0, "loss": 0.9, "size": 8.0}),
            ("past000000", {"epoch": 3.0, "loss": 0.5, "size": math.nan}, "end"),
            ("past000002", {"epoch": 1.0, "loss": 0.9, "size": 8.0}),
            ("past000002", {"epoch": 1.0, "loss": 0.9, "size": 8.0}, "end"),
        ]
    )


@pytest.mark.parametrize(
    "searcher",
    [
        "hyperopt:n_initial_points=5",
        "optuna:n_startup_trials=5",
        "evolution:population_size=10",
    ],
)
def test_a_taught_searcher_suggests_otherwise(past: Past, searcher: str) -> None:
    trials = [({"x": x / 40}, [1.0, abs(x / 40 - 0.7)], "stopped") for x in range(40)]
    warm = resolve_plan(scenario(), {"searcher": searcher, "seed": 0, "warm_start": [past(trials)]})
    cold = resolve_plan(scenario(), {"searcher": searcher, "seed": 0})
    assert warm.warm_start is not None
    teach(warm.searcher, warm.warm_start.trials, [LOSS], "epoch")
    taught, untaught = ([plan.searcher.suggest(f"t{n}") for n in range(8)] for plan in (warm, cold))
    assert taught != untaught
    assert all(0 <= each["x"] <= 1 for each in taught)


def test_the_plan_knows_where_it_learned(past: Past) -> None:
    earlier = past()
    plan = resolve_plan(scenario(), {"warm_start": [earlier.path]})
    assert plan.spec.warm_start == (str(earlier.path),)
    assert plan.remarks == (str(plan.warm_start),)
    assert resolve_plan(scenario(), {"warm_start": []}).warm_start is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"searcher": "random"}, "got random; choose one of hyperopt, optuna, "),
        ({"searcher": HyperOptSearch()}, "by name, got a HyperOptSearch; choose"),
        ({"searcher": "sobol"}, "teaches a searcher that learns"),
        ({"searcher": "optuna:sampler=qmc"}, "teaches a searcher that learns"),
        ({"warm_start": "earlier"}, "must be a list of sweeps or their folders, got 'earlier'"),
        ({"warm_start": 3}, "must be a list"),
    ],
)
def test_what_cannot_be_taught(past: Past, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        resolve_plan(scenario(), {"warm_start": [past()], **options})  # type: ignore[typeddict-item]


def test_what_goes_by_one_of_several_objectives_is_said() -> None:
    both = scenario(metric=["loss", "size"], mode=["min", "min"])
    told = resolve_plan(both, {}).remarks
    assert told[0] == "asha judges trials by loss alone, not by size"
    assert told[1].startswith("hyperopt learns loss alone, not size; ")
    assert resolve_plan(both, {"scheduler": "fifo", "searcher": "random"}).remarks == ()
    assert resolve_plan(both, {"scheduler": "fifo", "searcher": "optuna"}).remarks == ()
    assert resolve_plan(both, {"scheduler": FIFOScheduler(), "searcher": "random"}).remarks == ()
    assert resolve_plan(scenario(), {}).remarks == ()


def test_objectives_of_the_call_take_the_place_of_the_scenarios() -> None:
    spec = tuner.resolve(scenario(), metric=["loss", "size"], mode=["min", "max"])
    assert spec.objectives == (LOSS, Objective("size", "max"))
    assert (spec.metric, spec.own_objectives) == ("loss", True)
    assert SweepSpec.from_json(spec.to_json()).objectives == spec.objectives
    assert not tuner.resolve(scenario()).own_objectives
    with pytest.raises(tuner.UsageError, match="for each metric, but is 'min'"):
        tuner.resolve(scenario(), metric=["loss", "size"])

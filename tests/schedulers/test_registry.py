from __future__ import annotations

import pkgutil
from typing import Any

import pytest
from ray import tune
from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    FIFOScheduler,
    HyperBandForBOHB,
)

from tuner.arms import parse_choice
from tuner.errors import SpecError
from tuner.scenario import Scenario
from tuner.schedulers import SCHEDULERS, adopt_scheduler, build_scheduler, entry_of, rungs


def scenario(**changes: Any) -> Scenario:
    given: dict[str, Any] = {
        "name": "s",
        "trainable": lambda config: None,
        "space": {
            "lr": tune.loguniform(1e-4, 1.0),
            "batch_size": tune.choice([16, 32, 64]),
            "opt": {"momentum": tune.uniform(0.0, 0.9)},
            "width": tune.randint(8, 64),
        },
        "metric": "loss",
        "mode": "min",
        "time_attr": "epoch",
        "max_t": 27,
        "checkpoints": True,
    }
    return Scenario(**{**given, **changes})


@pytest.mark.parametrize("name", sorted(n for n in SCHEDULERS if not SCHEDULERS[n].required))
def test_each_name_builds_its_ray_class_for_the_scenario(name: str) -> None:
    built = build_scheduler(parse_choice(name), scenario())
    assert isinstance(built, pkgutil.resolve_name(SCHEDULERS[name].ray_class))
    assert entry_of(built) is SCHEDULERS[name]
    if name != "fifo":
        assert built.metric == "loss"
        assert built._time_attr == "epoch"


def test_keywords_reach_the_scheduler_over_the_scenarios_own() -> None:
    text = "asha:grace_period=3,brackets=2,reduction_factor=2"
    built = build_scheduler(parse_choice(text), scenario())
    labels = [standing.label for standing in rungs(built)]
    assert labels == ["b0 @ 3", "b0 @ 6", "b0 @ 12", "b0 @ 24", "b1 @ 6", "b1 @ 12", "b1 @ 24"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ahsa", "unknown scheduler 'ahsa'; did you mean 'asha'?"),
        ("asha:reduction=3", "did you mean 'reduction_factor'?"),
        ("asha:metric=loss", "unknown keyword 'metric'"),
        ("fifo:a=1", "it takes none"),
        ("asha:reduction_factor=0.5", "reduction_factor must be a number above 1, got 0.5"),
        ("asha:grace_period=100", "grace_period must be at most max_t, got 100 with max_t=27"),
        ("pbt:quantile_fraction=0.9", "quantile_fraction"),
        ("asha:brackets=two", "brackets must be a whole number of at least 1, got 'two'"),
        ("median:hard_stop=true,seed=3", "unknown keyword 'seed'"),
        ("median:hard_stop=no", "median:hard_stop must be true or false, got 'no'"),
        ("pbt:synch=3", "pbt:synch must be true or false, got 3"),
        ("pbt:custom_explore_fn=3", "takes a function, which cannot be spelled"),
        ("hyperband:max_t=100", "where trials end is the sweep's to say"),
    ],
)
def test_a_wrong_spelling_or_value_is_refused(text: str, words: str) -> None:
    with pytest.raises(SpecError) as refusal:
        build_scheduler(parse_choice(text), scenario())
    assert words in str(refusal.value)


def test_a_users_own_scheduler_gets_the_scenarios_goal() -> None:
    own = AsyncHyperBandScheduler(time_attr="epoch", max_t=9)
    assert adopt_scheduler(own, scenario()) is own
    assert (own.metric, own._mode, own._metric_op) == ("loss", "min", -1.0)
    already = AsyncHyperBandScheduler(metric="loss", mode="min")
    adopt_scheduler(already, scenario())
    assert isinstance(adopt_scheduler(FIFOScheduler(), scenario()), FIFOScheduler)


def test_a_users_own_scheduler_for_another_goal_is_refused() -> None:
    with pytest.raises(SpecError, match="mode='max' and the scenario has 'min'"):
        adopt_scheduler(AsyncHyperBandScheduler(metric="loss", mode="max"), scenario())
    with pytest.raises(SpecError, match=r"a name or a ray\.tune TrialScheduler, got 3"):
        adopt_scheduler(3, scenario())  # type: ignore[arg-type]


def test_a_subclass_counts_as_the_nearest_known_kind() -> None:
    class Own(HyperBandForBOHB):
        pass

    assert entry_of(Own()) is SCHEDULERS["ray_bohb"]
    assert entry_of(object()) is None  # type: ignore[arg-type]


def test_a_population_without_anything_mutable_is_refused() -> None:
    fixed = scenario(space={"width": tune.randint(8, 64)})
    with pytest.raises(SpecError, match=r"Scenario\(mutable="):
        build_scheduler(parse_choice("pbt"), fixed)
    choices = scenario(space={"batch_size": tune.choice([16, 32])})
    with pytest.raises(SpecError, match="pb2 moves numbers"):
        build_scheduler(parse_choice("pb2"), choices)

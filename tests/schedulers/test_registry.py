from __future__ import annotations

import pkgutil
from typing import Any

import pytest
from ray import tune
from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    FIFOScheduler,
    HyperBandForBOHB,
    PopulationBasedTraining,
)
from ray.tune.schedulers.pb2 import PB2

from tuner.arms import parse_choice
from tuner.errors import SpecError
from tuner.scenario import Scenario
from tuner.schedulers import SCHEDULERS, adopt_scheduler, build_scheduler, entry_of
from tuner.schedulers.pbt import clip_to


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


@pytest.mark.parametrize("name", sorted(SCHEDULERS))
def test_each_name_builds_its_ray_class_for_the_scenario(name: str) -> None:
    built = build_scheduler(parse_choice(name), scenario())
    assert isinstance(built, pkgutil.resolve_name(SCHEDULERS[name].ray_class))
    assert entry_of(built) is SCHEDULERS[name]
    if name != "fifo":
        assert built.metric == "loss"
        assert built._time_attr == "epoch"


def test_keywords_reach_the_scheduler_over_the_scenarios_own() -> None:
    built = build_scheduler(parse_choice("asha:grace_period=3,max_t=9,brackets=2"), scenario())
    assert built._max_t == 9
    assert len(built._brackets) == 2
    assert built._brackets[0]._rungs[-1][0] == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ahsa", "unknown scheduler 'ahsa'; did you mean 'asha'?"),
        ("asha:reduction=3", "did you mean 'reduction_factor'?"),
        ("asha:metric=loss", "unknown keyword 'metric'"),
        ("fifo:a=1", "it takes none"),
        ("asha:reduction_factor=0.5", "Reduction Factor not valid!"),
        ("asha:grace_period=100", "grace_period must be <= max_t!"),
        ("pbt:quantile_fraction=0.9", "quantile_fraction"),
        ("asha:brackets=two", "refused"),
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

    assert entry_of(Own()) is SCHEDULERS["bohb"]
    assert entry_of(object()) is None  # type: ignore[arg-type]


def test_pbt_moves_only_what_may_change_and_stays_inside() -> None:
    built = build_scheduler(parse_choice("pbt:resample_probability=0"), scenario())
    assert isinstance(built, PopulationBasedTraining)
    assert built._perturbation_interval == 3
    mutations = built._hyperparam_mutations
    assert set(mutations) == {"lr", "batch_size", "opt"}
    assert mutations["batch_size"] == [16, 32, 64]
    config = {"lr": 0.95, "batch_size": 64, "opt": {"momentum": 0.88}, "width": 10}
    donor = tune.experiment.Trial("stub", stub=True, config=config)
    for _ in range(50):
        explored, _ = built._get_new_config(donor, donor)
        assert 1e-4 <= explored["lr"] <= 1.0
        assert explored["batch_size"] in (32, 64)
        assert 0 <= explored["opt"]["momentum"] <= 0.9
        assert explored["width"] == 10


def test_pb2_takes_the_numbers_only() -> None:
    built = build_scheduler(parse_choice("pb2"), scenario())
    assert isinstance(built, PB2)
    assert built._hyperparam_bounds == {"lr": [1e-4, 1.0], "opt": {"momentum": [0.0, 0.9]}}


def test_a_population_without_anything_mutable_is_refused() -> None:
    fixed = scenario(space={"width": tune.randint(8, 64)})
    with pytest.raises(SpecError, match=r"Scenario\(mutable="):
        build_scheduler(parse_choice("pbt"), fixed)
    choices = scenario(space={"batch_size": tune.choice([16, 32])})
    with pytest.raises(SpecError, match="pb2 moves numbers"):
        build_scheduler(parse_choice("pb2"), choices)


def test_clipping_keeps_types_steps_and_exclusive_bounds() -> None:
    domains = {
        "n": tune.randint(1, 10),
        "q": tune.quniform(0.0, 1.0, 0.25),
        "nested/x": tune.uniform(-1.0, 1.0),
    }
    clipped = clip_to(domains)({"n": 12.4, "q": 0.6, "nested": {"x": -3}, "other": "kept"})
    assert clipped == {"n": 9, "q": 0.5, "nested": {"x": -1.0}, "other": "kept"}
    assert isinstance(clipped["n"], int)
    assert isinstance(clipped["nested"]["x"], float)

"""Resources that come in several bundles."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ray import tune

import tuner
from tuner.errors import ScenarioError, SpecError

PAIR = [{}, {"cpu": 1, "gpu": 1}, {"cpu": 2, "gpu": 0.5}]


def scenario(resources: Any, **changes: Any) -> tuner.Scenario:
    return tuner.Scenario(
        name="s",
        trainable=lambda config: None,
        space={"x": tune.uniform(0, 1)},
        metric="loss",
        mode="min",
        max_t=9,
        resources=resources,
        **changes,
    )


def test_bundles_are_read_as_their_sum() -> None:
    pair = scenario(PAIR, placement="strict_pack")

    assert pair.resources == {"cpu": 3, "gpu": 1.5}
    assert pair.bundles == ({}, {"cpu": 1, "gpu": 1}, {"cpu": 2, "gpu": 0.5})
    assert [dict(bundle) for bundle in pair.shape.bundles] == [
        {},
        {"CPU": 1, "GPU": 1},
        {"CPU": 2, "GPU": 0.5},
    ]
    assert pair.shape.placement == "strict_pack"


def test_they_survive_another_change_and_are_replaced_by_other_resources() -> None:
    pair = scenario(PAIR)

    assert dataclasses.replace(pair, max_t=3).bundles == pair.bundles
    single = dataclasses.replace(pair, resources={"cpu": 4})
    assert (single.resources, single.bundles) == ({"cpu": 4}, ())
    assert scenario([{"cpu": 2}]).bundles == ()


def test_rays_own_object_is_taken() -> None:
    factory = tune.PlacementGroupFactory(
        [{"CPU": 0}, {"CPU": 1, "GPU": 1}, {"tpu": 2}], strategy="SPREAD"
    )
    found = scenario(factory)

    assert found.bundles == ({}, {"cpu": 1.0, "gpu": 1.0}, {"tpu": 2.0})
    assert found.placement == "spread"


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ([], "at least one"),
        ([{}], "must ask for something"),
        ([{}, {}], "must ask for something"),
        ([{"cpu": 1}, {"gpu": 1.5}], "fraction up to 1 or a whole number"),
        ([{"cpu": 1}, {"CPU": 1}], "did you mean 'cpu'"),
        ([{"cpu": 1}, 2], "must be a dict"),
    ],
)
def test_each_bundle_is_checked(resources: Any, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario(resources)


def test_a_sweep_replaces_bundles_as_a_whole() -> None:
    pair = scenario(PAIR)

    spec = tuner.resolve(pair, resources=[{"cpu": 1}, {"cpu": 1}], placement="spread")
    assert (spec.resources, list(spec.bundles)) == ({"cpu": 2}, [{"cpu": 1}, {"cpu": 1}])
    assert spec.shape.placement == "spread"
    with pytest.raises(SpecError, match=r"take 3 bundles.* give a list of bundles instead"):
        tuner.resolve(pair, resources={"cpu": 2})

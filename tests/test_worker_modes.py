from __future__ import annotations

from typing import Any

import pytest
from ray import tune

import tuner
from tuner.errors import SpecError
from tuner.spec import SweepSpec


class Fused(tuner.FusedTrainable):
    pass


def resolve(fuse: Any = 4, trainable: Any = Fused, **options: Any) -> SweepSpec:
    scenario = tuner.Scenario(
        name="s", trainable=trainable, space={"x": tune.uniform(0, 1)}, metric="m", mode="min",
        max_t=3,
    )  # fmt: skip
    return tuner.resolve(scenario, fuse=fuse, scheduler="fifo", searcher="random", **options)


def test_a_trial_takes_what_it_takes_however_many_share_its_process() -> None:
    spec = resolve(8, resources={"cpu": 0.25, "gpu": 0.125})
    assert (spec.fuse, spec.resources) == (8, {"cpu": 0.25, "gpu": 0.125})
    assert spec.shape.times(spec.fuse).bundles == ({"CPU": 2.0, "GPU": 1.0},)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fuse": 0}, "fuse must be a whole number >= 1, got 0"),
        ({"trainable": tuner.EpochTrainable}, r"'s' cannot; derive .* tuner\.FusedTrainable"),
        ({"trainable": print}, r"'s' cannot; derive .* tuner\.FusedTrainable"),
        ({"worker_mode": "cold"}, "fuse=4 needs worker_mode='warm'.* got 'cold'"),
        ({"resources": {"gpu": "auto"}}, "in one bundle, got gpu='auto'; give numbers"),
        ({"resources": [{"cpu": 1}, {"cpu": 1}]}, "in one bundle, got 2 bundles"),
        ({"resources": lambda config: {"cpu": 1}}, "got a function of the configuration"),
        ({"resources": {"gpu": 0.5}}, r"4 trials that take 0\.5 each; give .*'gpu': 0\.25}"),
    ],
)
def test_what_cannot_train_together_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        resolve(**changes)


def test_a_single_trial_needs_nothing() -> None:
    assert resolve(1, tuner.EpochTrainable, worker_mode="cold").fuse == 1

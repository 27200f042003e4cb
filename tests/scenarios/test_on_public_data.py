"""Scenarios on data that must be fetched: what they make of it, and what they say without."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from good_configs import GOOD

import tuner
from tuner.bundled import image_cnn
from tuner.errors import MissingDependencyError
from tuner.public_data import DATA_VARIABLE
from tuner.scenario import load_scenario

CURVE = GOOD["lcbench"]
IMAGES: dict[str, Any] = {
    "lr": 0.003,
    "batch_size": 64,
    "weight_decay": 1e-4,
    "dropout": 0.2,
    "label_smoothing": 0.1,
    "blocks": 1,
    "channels": 8,
    "flip": False,
}


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without public data."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    image_cnn.load_examples.clear()


@pytest.mark.parametrize(
    ("name", "config", "data_set"),
    [
        ("lcbench", CURVE, "lcbench_surrogate"),
        ("image_cnn", IMAGES, "mnist"),
        ("image_cnn:CIFAR10", IMAGES, "cifar10"),
    ],
)
@pytest.mark.usefixtures("nothing")
def test_without_the_data_it_says_how_to_get_it(
    name: str, config: dict[str, Any], data_set: str
) -> None:
    trainable = load_scenario(name).trainable(config)

    with pytest.raises(MissingDependencyError, match=f"tuner data fetch {data_set}"):
        trainable.train()


@pytest.mark.parametrize("name", ["lcbench", "image_cnn", "image_cnn:CIFAR10"])
@pytest.mark.usefixtures("nothing")
def test_without_the_data_no_sweep_begins(name: str, tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match="tuner data fetch"):
        tuner.run(name, num_samples=1, storage_path=str(tmp_path), name="sweep", progress="none")

    assert not (tmp_path / "sweep").exists()


def test_lcbench_is_the_task_that_can_be_simulated(public_data: Callable[[str], Path]) -> None:
    public_data("lcbench_surrogate")
    scenario, task = load_scenario("lcbench"), tuner.find_task("lcbench:189873")
    own = dict(scenario.space)
    assert own.pop("task") == "189873"
    assert {name: (value.lower, value.upper) for name, value in own.items()} == {
        name: pytest.approx((value.lower, value.upper))
        for name, value in task.scenario.space.items()
    }
    assert (scenario.metric, scenario.mode, scenario.max_t) == (
        task.scenario.metric,
        task.scenario.mode,
        task.scenario.max_t,
    )

    trainable = scenario.trainable(CURVE)
    results = [trainable.train() for _ in range(scenario.max_t)]
    curve = task.curves.curve(CURVE, number=0)

    assert [each["val_accuracy"] for each in results] == list(curve.metrics["val_accuracy"])
    assert [each["training_seconds"] for each in results] == list(curve.seconds)


def test_an_exploit_goes_on_along_the_curve_of_its_own(public_data: Callable[[str], Path]) -> None:
    public_data("lcbench_surrogate")
    scenario = load_scenario("lcbench")
    donor, changed = scenario.trainable(CURVE), CURVE | {"learning_rate": 0.001}
    for _ in range(3):
        donor.train()
    clone = scenario.trainable(changed)
    clone.restore(donor.save())

    result = clone.train()

    curve = tuner.find_task("lcbench:189873").curves.curve(changed, number=0)
    assert (result["epoch"], result["val_accuracy"]) == (4, curve.metrics["val_accuracy"][3])


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred pictures to train on and twenty to test on, in the format of MNIST's."""
    (tmp_path / "mnist").mkdir()
    for part, count, shade in (("train", 100, 100), ("test", 20, 200)):
        images = np.full((count, 1, 8, 8), shade, np.uint8)
        np.save(tmp_path / "mnist" / f"{part}_images.npy", images)
        np.save(tmp_path / "mnist" / f"{part}_labels.npy", np.arange(count, dtype=np.uint8) % 10)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    image_cnn.load_examples.clear()


@pytest.mark.usefixtures("pictures")
def test_published_test_images_test() -> None:
    examples = image_cnn.load_examples("mnist")

    assert examples.test.tolist() == list(range(100, 120))
    assert (examples.inputs[examples.test] == 200).all()
    assert np.bincount(examples.targets[examples.validation]).tolist() == [1] * 10
    assert examples.targets.dtype == np.int64


@pytest.mark.usefixtures("pictures")
def test_a_model_that_diverged_reports_nan() -> None:
    trainable = load_scenario("image_cnn").trainable(IMAGES)
    trainable.ensure_setup()
    with torch.no_grad():
        next(iter(trainable.model.parameters())).fill_(math.nan)

    assert all(math.isnan(value) for value in trainable.validate().values())


def test_half_of_the_images_are_mirrored() -> None:
    torch.manual_seed(0)
    images = torch.arange(6.0).reshape(1, 1, 2, 3).repeat(100, 1, 1, 1)
    mirrored = image_cnn.flipped(images)

    same = (mirrored == images).all(dim=3).all(dim=2).flatten()
    assert 30 < int(same.sum()) < 70
    assert torch.equal(mirrored[~same], images[~same].flip(-1))

"""What every bundled scenario that trains epoch by epoch keeps: a contract, on small data.

`GOOD` has a configuration of each with which it learns; a scenario that is missing there fails.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from good_configs import GOOD
from ray.tune.search.sample import Categorical, Domain, Float, Integer
from ray.tune.search.variant_generator import generate_variants
from sklearn.datasets import load_digits

from tuner import EpochTrainable, Scenario
from tuner.bundled import _text
from tuner.public_data import DATA_VARIABLE
from tuner.scenario import load_scenario
from tuner.space import contains

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
SPECIAL = {"digits_ddp", "tabular"}  # functions, which have tests of their own

MORE = {"image_cnn:CIFAR10": GOOD["image_cnn"] | {"flip": True}}
EPOCHS = {"cartpole": 3}

WITHOUT_EXAMPLES = ["cartpole", "lcbench"]
WITH_EXAMPLES = sorted((GOOD | MORE).keys() - set(WITHOUT_EXAMPLES))

each = pytest.mark.parametrize("name", sorted(GOOD | MORE))
# Keras 3.15 asks PyTorch's tensors for arrays as NumPy 2 no longer likes it
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def _short_text(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(_text, "WINDOWS", 100)
    _text.load_examples.clear()
    yield
    _text.load_examples.clear()


@pytest.fixture
def make(
    public_data: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Make a trial of a scenario that differs from the good one as told; provide its data."""

    def trial(name: str, **changes: Any) -> Any:
        if name == "lcbench":
            public_data("lcbench_surrogate")
        if name.startswith("image_cnn"):
            monkeypatch.setenv(DATA_VARIABLE, str(few_images(tmp_path / "data")))
            importlib.import_module("tuner.bundled.image_cnn").load_examples.clear()
        config = (GOOD | MORE)[name] | changes
        assert contains(load_scenario(name).space, config) == []
        return load_scenario(name).trainable(config)

    return trial


def few_images(folder: Path) -> Path:
    """Write what stands in for MNIST and CIFAR-10: digits of 8 x 8 pixels, made larger."""
    pictures, labels = load_digits(return_X_y=True)
    pictures = (pictures.reshape(-1, 1, 8, 8) * 15).astype(np.uint8)
    large = pictures.repeat(2, axis=2).repeat(2, axis=3)
    for name, channels in (("mnist", 1), ("cifar10", 3)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        large = large.repeat(channels, axis=1)
        for part, rows in (("train", slice(0, 400)), ("test", slice(400, 500))):
            np.save(folder / name / f"{part}_images.npy", large[rows])
            np.save(folder / name / f"{part}_labels.npy", labels[rows].astype(np.uint8))
    return folder


def own(scenario: Scenario, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the trial itself reports, without what Ray adds."""
    names = {scenario.metric, "epoch", "loss", "train_loss", "val_loss", "train_bits"}
    return {name: result[name] for name in sorted(names & result.keys())}


def test_every_scenario_is_here() -> None:
    bundled = {path.stem for path in SCENARIOS.glob("[!_]*.py")}

    assert bundled == GOOD.keys() | SPECIAL


@each
def test_it_learns_and_its_trials_can_be_repeated(name: str, make: Any) -> None:
    """Two epochs or three, better than the first; the same again, also on a used worker."""
    scenario, trainable = load_scenario(name), make(name)
    assert issubclass(scenario.trainable, EpochTrainable)  # type: ignore[arg-type]
    assert scenario.saves_checkpoints
    results = [own(scenario, trainable.train()) for _ in range(EPOCHS.get(name, 2))]
    values = [result[scenario.metric] for result in results]
    best = min(values[1:]) if scenario.mode == "min" else max(values[1:])

    assert [result["epoch"] for result in results] == list(range(1, len(results) + 1))
    assert all(math.isfinite(value) for value in values)
    assert best < values[0] if scenario.mode == "min" else best > values[0]
    assert trainable.reset(dict(trainable.config))
    assert own(scenario, trainable.train()) == results[0]


@each
def test_a_restored_trial_goes_on_bit_for_bit(name: str, make: Any) -> None:
    scenario, first, second = load_scenario(name), make(name), make(name)
    first.train()
    second.restore(first.save())

    assert own(scenario, second.train()) == own(scenario, first.train())


@each
@pytest.mark.parametrize("at", [0, -1], ids=["low", "high"])
def test_the_corners_of_its_space_train(name: str, at: int, make: Any) -> None:
    scenario = load_scenario(name)
    config = corner(scenario.space, at)
    assert scenario.is_feasible(config)

    result = make(name, **config).train()

    assert isinstance(result[scenario.metric], float)


def corner(space: Mapping[str, Any], at: int) -> dict[str, Any]:
    """Return the configuration of all first or all last values."""
    return {name: extreme(value, at) for name, value in space.items()}


def extreme(value: Any, at: int) -> Any:
    if isinstance(value, Categorical):
        return extreme(value.categories[at], at)
    if isinstance(value, Integer):
        return (value.lower, value.upper - 1)[at]
    if isinstance(value, Float):
        return (value.lower, value.upper)[at]
    return corner(value, at) if isinstance(value, Mapping) else value


@each
def test_what_can_be_drawn_can_be_mutated(name: str) -> None:
    scenario = load_scenario(name)
    _, config = next(generate_variants(dict(scenario.space), random_state=np.random.RandomState(0)))

    assert contains(scenario.space, config) == []
    assert all(isinstance(domain, Domain) for domain in scenario.mutable_space.values())
    assert scenario.mutable_space


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_its_examples_and_predictions_fit_together(name: str, make: Any) -> None:
    trainable = make(name)
    trainable.ensure_setup()
    examples = trainable.examples()
    inputs, targets = examples.at(examples.validation[:7])
    predicted = np.asarray(trainable.predict(inputs))

    assert len(examples.test)
    assert {tuple(examples.split(part).train) for part in ("holdout", "all")} == {
        tuple(np.setdiff1d(examples.development, examples.validation)),
        tuple(examples.development),
    }
    if examples.classification:
        classes = int(np.max(np.asarray(examples.targets))) + 1
        assert predicted.shape[0] == 7
        assert predicted.shape[1] >= classes
        np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-5)
    else:
        assert predicted.shape == np.asarray(targets).shape


@pytest.mark.parametrize("name", WITHOUT_EXAMPLES)
def test_what_learns_from_no_examples_says_so(name: str) -> None:
    assert not load_scenario(name).trainable.defines_examples()  # type: ignore[union-attr]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_it_trains_and_validates_on_the_part_that_it_is_given(name: str, make: Any) -> None:
    scenario, plain = load_scenario(name), make(name)
    base = type(plain)
    fold = type("Fold", (base,), {"part": {"fold": 0, "folds": 3, "seed": 0}})(plain.config)
    everything = type("All", (base,), {"part": "all"})(plain.config)

    results = [own(scenario, each.train()) for each in (plain, fold, everything)]

    assert results[0] != results[1] != results[2] != results[0]

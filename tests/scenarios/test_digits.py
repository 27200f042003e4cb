"""Both scenarios on the handwritten digits: what they report, that they learn, go on and change."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
import pytest
import torch
from good_configs import GOOD
from ray.tune.search.variant_generator import generate_variants

from tuner import EpochTrainable, Scenario
from tuner.bundled._digits import digits_at, load_examples, validation_metrics
from tuner.bundled._torch import scheduled_lr
from tuner.bundled.digits_mlp import MAX_EPOCHS
from tuner.space import contains

METRICS = {"train_loss", "val_loss", "val_accuracy", "val_error", "val_precision", "val_recall"}

DIGITS = ("digits_cnn", "digits_mlp")

CHANGES: dict[str, dict[str, Any]] = {  # of each mutable hyperparameter
    "digits_mlp": {
        "lr": 3e-4,
        "momentum": 0.5,
        "l1": 1e-3,
        "l2": 1e-2,
        "dropout": 0.0,
        "batch_size": 32,
    },
    "digits_cnn": {
        "lr": 5e-4,
        "momentum": 0.5,
        "weight_decay": 1e-1,
        "dropout": 0.0,
        "batch_size": 32,
    },
}

OPTIMIZERS = [
    ("digits_mlp", "sgd"),
    ("digits_mlp", "adam"),
    ("digits_mlp", "rmsprop"),
    ("digits_cnn", "sgd"),
    ("digits_cnn", "adamw"),
]

each = pytest.mark.parametrize("name", DIGITS)
each_optimizer = pytest.mark.parametrize(("name", "optimizer"), OPTIMIZERS)


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def scenario(name: str) -> Scenario:
    found = importlib.import_module(f"tuner.bundled.{name}").SCENARIO
    assert isinstance(found, Scenario)
    return found


def trial(name: str, **changes: Any) -> Any:
    config = GOOD[name] | changes
    assert contains(scenario(name).space, config) == []
    return scenario(name).trainable(config)


def own(result: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics, without what Ray adds (clock, host, ...)."""
    return {key: result[key] for key in sorted({*METRICS, "epoch", "lr"} & result.keys())}


def test_the_splits_are_disjoint_stratified_and_complete() -> None:
    examples = load_examples()
    parts = [*examples.split(), examples.test]
    assert [len(rows) for rows in parts] == [1078, 359, 360]
    images = [{tuple(image) for image in examples.inputs[rows].tolist()} for rows in parts]
    # a few digits occur twice among the 1797 images; no pair may straddle two splits
    assert not images[0] & images[1]
    assert not images[0] & images[2]
    assert not images[1] & images[2]
    for rows in parts:
        digits = digits_at(rows, torch.device("cpu"))
        share = torch.bincount(digits.labels, minlength=10) / len(rows)
        assert float((share - 0.1).abs().max()) < 0.01
        assert digits.images.shape == (len(rows), 64)
        assert digits.images.dtype == torch.float32
    assert abs(float(digits_at(parts[0], torch.device("cpu")).images.mean())) < 1e-5
    assert load_examples() is examples


def test_metrics_by_hand() -> None:
    # labels 0 0 1 1, predicted 0 1 1 1
    logits = torch.full((4, 2), -1.0)
    logits[[0, 1, 2, 3], [0, 1, 1, 1]] = 1.0
    metrics = validation_metrics(logits, torch.tensor([0, 0, 1, 1]))
    assert metrics["val_accuracy"] == 3 / 4
    assert metrics["val_error"] == 1 / 4
    assert metrics["val_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert metrics["val_recall"] == pytest.approx((1 / 2 + 1) / 2)
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    assert metrics["val_loss"] == pytest.approx((3 * right + wrong) / 4)


@each
def test_it_reports_and_learns(name: str) -> None:
    trainable = trial(name)
    results = [trainable.train() for _ in range(8)]
    for result in results:
        assert result.keys() >= METRICS
        assert not any(key.startswith("test") for key in result)
        assert all(0 <= result[key] <= 1 for key in METRICS if "loss" not in key)
        assert result["val_error"] == 1 - result["val_accuracy"]
        assert all(isinstance(result[key], float) for key in METRICS)
    assert results[-1]["val_error"] < 0.1 < results[0]["val_error"]
    assert results[-1]["train_loss"] < results[0]["train_loss"]
    images, labels = load_examples().at(load_examples().test)
    probabilities = trainable.predict(images)
    assert probabilities.shape == (len(labels), 10)
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(len(labels)))
    assert float((probabilities.argmax(dim=1).numpy() == labels).mean()) > 0.85


@each_optimizer
def test_a_restored_trial_goes_on_bit_for_bit(name: str, optimizer: str) -> None:
    uninterrupted = trial(name, optimizer=optimizer)
    expected = [own(uninterrupted.train()) for _ in range(4)]
    first = trial(name, optimizer=optimizer)
    assert [own(first.train()) for _ in range(2)] == expected[:2]
    second = trial(name, optimizer=optimizer)
    second.restore(first.save())
    assert [own(second.train()) for _ in range(2)] == expected[2:]


@each
def test_a_reused_worker_gives_the_results_of_a_fresh_one(name: str) -> None:
    expected = own(trial(name).train())
    trainable = trial(name, batch_size=128, dropout=0.5)
    trainable.train()
    assert trainable.reset(dict(GOOD[name]))
    assert own(trainable.train()) == expected


@each
def test_an_exploit_changes_what_is_mutable(name: str) -> None:
    donor = trial(name, optimizer="sgd")
    donor.train()
    changed = {"lr": 1e-4, "momentum": 0.5, "dropout": 0.0, "batch_size": 32}
    assert set(changed) <= set(scenario(name).mutable_space)
    clone = trial(name, optimizer="sgd", **changed)
    clone.restore(donor.save())
    before = weights_of(donor)
    clone.train()
    group = clone.optimizer.param_groups[0]
    assert (group["lr"], group["momentum"]) == (1e-4, 0.5)
    assert [m.p for m in clone.model.modules() if isinstance(m, torch.nn.Dropout)] == [0.0]
    after = weights_of(clone)
    moved = max(float((a - b).abs().max()) for a, b in zip(after, before, strict=True))
    assert 0 < moved < 0.05  # from the donor's weights, at the new rate


@each
def test_what_is_mutable(name: str) -> None:
    assert scenario(name).mutable_space.keys() == CHANGES[name].keys()


@pytest.mark.parametrize(
    ("name", "optimizer", "changed"),
    [(name, optimizer, changed) for name, optimizer in OPTIMIZERS for changed in CHANGES[name]],
)
def test_each_mutable_takes_effect_after_an_exploit(
    name: str, optimizer: str, changed: str
) -> None:
    """As if the donor itself had been changed in mid-training: nothing old is brought back."""
    change = {changed: CHANGES[name][changed]}
    donor = trial(name, optimizer=optimizer)
    donor.train()
    clone = trial(name, optimizer=optimizer, **change)
    clone.restore(donor.save())
    unchanged = trial(name, optimizer=optimizer)
    unchanged.restore(donor.save())
    donor.config.update(change)
    expected = own(donor.train())

    assert own(clone.train()) == expected
    unchanged.train()
    moved = [weights_of(trainable) for trainable in (donor, clone, unchanged)]
    assert all(torch.equal(a, b) for a, b in zip(moved[0], moved[1], strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(moved[0], moved[2], strict=True))


@each_optimizer
def test_the_optimizer_knows_the_options_it_is_given(name: str, optimizer: str) -> None:
    trainable = trial(name, optimizer=optimizer)
    trainable.train()
    assert trainable.optimizer_options().keys() <= trainable.optimizer.defaults.keys()


def test_an_exploit_enters_the_new_schedule_where_the_old_one_was() -> None:
    donor = trial("digits_mlp", lr_schedule="cosine")
    for _ in range(2):
        donor.train()
    clone = trial("digits_mlp", lr_schedule="cyclic", lr=0.01)
    clone.restore(donor.save())
    rates = [clone.train()["lr"] for _ in range(2)]
    assert rates == [scheduled_lr("cyclic", 0.01, epoch, MAX_EPOCHS) for epoch in (2, 3)]


def weights_of(trainable: Any) -> list[torch.Tensor]:
    return [p.detach().clone() for p in trainable.model.parameters()]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_the_mlps_momentum_may_start_at_zero(optimizer: str) -> None:
    donor = trial("digits_mlp", optimizer=optimizer, momentum=0.0)
    donor.train()
    clone = trial("digits_mlp", optimizer=optimizer, momentum=0.9)
    clone.restore(donor.save())
    assert clone.train()["epoch"] == 2


@each
def test_a_model_that_diverged_reports_nan_and_goes_on(name: str) -> None:
    trainable = trial(name, optimizer="sgd")
    trainable.train()
    with torch.no_grad():
        next(iter(trainable.model.parameters())).fill_(math.nan)
    for _ in range(2):
        result = trainable.train()
        assert all(math.isnan(result[key]) for key in METRICS)


@pytest.mark.parametrize(
    "extreme",
    [
        {"num_layers": 0, "lr": 1.0},
        {"num_layers": 3, "hidden_size": 256, "activation": "sigmoid", "optimizer": "sgd"},
        {"num_layers": 3, "hidden_size": 16, "batch_size": 256, "lr": 1e-4},
        {"lr": 1.0, "momentum": 0.99, "optimizer": "rmsprop", "batch_size": 16},
        {"l1": 1e-3, "l2": 1e-2, "dropout": 0.5, "activation": "tanh"},
        {"lr": 1.0, "momentum": 0.99, "optimizer": "adam", "num_layers": 3, "dropout": 0.0},
    ],
)
def test_the_mlps_extremes(extreme: dict[str, Any]) -> None:
    trainable = trial("digits_mlp", **extreme)
    assert trainable.train().keys() >= METRICS
    assert trainable.train()["epoch"] == 2


@each
def test_whatever_is_drawn_trains(name: str) -> None:
    random_state = np.random.RandomState(0)
    for _ in range(5):
        _, config = next(generate_variants(dict(scenario(name).space), random_state=random_state))
        assert scenario(name).trainable(config).train().keys() >= METRICS


@pytest.mark.parametrize(("layers", "size"), [(0, 64 * 10 + 10), (1, 64 * 16 + 16 + 16 * 10 + 10)])
def test_the_mlps_size_is_reported(layers: int, size: int) -> None:
    assert trial("digits_mlp", num_layers=layers, hidden_size=16).train()["parameters"] == size


def test_patience_ends_a_trial() -> None:
    trainable = trial("digits_mlp", patience=5, lr=1e-4, optimizer="sgd", momentum=0.0)
    trainable.train()
    trainable.best_loss = 0.0  # nothing will be better than epoch 1
    done = [trainable.train()["done"] for _ in range(5)]
    assert done == [False] * 4 + [True]


def test_patience_survives_a_restore() -> None:
    first = trial("digits_mlp", patience=5)
    first.train()
    first.best_loss = 0.0
    second = trial("digits_mlp", patience=5)
    second.restore(first.save())
    assert [second.train()["done"] for _ in range(5)] == [False] * 4 + [True]


def test_an_exploit_brings_its_own_patience_to_the_donors_best() -> None:
    donor = trial("digits_mlp", patience=0)
    donor.train()
    donor.best_loss = 0.0
    assert [donor.train()["done"] for _ in range(4)] == [False] * 4
    clone = trial("digits_mlp", patience=5)
    clone.restore(donor.save())
    assert clone.train()["done"]


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", {0: 1, 13: 1, 26: 1}),
        ("step", {0: 1, 8: 1, 9: 0.1, 17: 0.1, 18: 0.01, 26: 0.01}),
        ("cosine", {0: 1, 9: 0.75, 18: 0.25, 26: (1 + math.cos(math.pi * 26 / 27)) / 2}),
        # height 0 at epochs 0, 9, 18; epoch 3 is two thirds up: 0.1 + 0.9 * 2/3
        ("cyclic", {0: 0.1, 3: 0.7, 6: 0.7, 9: 0.1, 12: 0.7, 21: 0.7}),
    ],
)
def test_schedules_by_hand(schedule: str, rates: dict[int, float]) -> None:
    assert MAX_EPOCHS == 27
    for epoch, factor in rates.items():
        assert scheduled_lr(schedule, 0.5, epoch, MAX_EPOCHS) == pytest.approx(0.5 * factor)


def test_the_schedule_reaches_the_optimizer() -> None:
    trainable = trial("digits_mlp", lr_schedule="cosine")
    rates = [trainable.train()["lr"] for _ in range(3)]
    assert rates == [scheduled_lr("cosine", 0.003, epoch, MAX_EPOCHS) for epoch in range(3)]
    assert trainable.optimizer.param_groups[0]["lr"] == rates[-1]


@each
def test_the_scenario(name: str) -> None:
    found = scenario(name)
    assert issubclass(found.trainable, EpochTrainable)  # type: ignore[arg-type]
    assert found.saves_checkpoints
    assert (found.metric, found.mode, found.time_attr) == ("val_error", "min", "epoch")


def test_random_search_finds_a_good_mlp() -> None:
    """Of 12 random configurations the best has at most 4 % validation error."""
    random_state = np.random.RandomState(0)
    best = 1.0
    for _ in range(12):
        space = dict(scenario("digits_mlp").space)
        _, config = next(generate_variants(space, random_state=random_state))
        trainable = scenario("digits_mlp").trainable(config)
        done = False
        while not done and trainable.epochs_done < MAX_EPOCHS:
            result = trainable.train()
            best, done = min(best, result["val_error"]), result["done"]
        if best <= 0.04:
            return
    pytest.fail(f"the best of 12 has a validation error of {best}")

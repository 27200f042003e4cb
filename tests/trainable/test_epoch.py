"""`EpochTrainable` as Ray Tune drives it: construct, train, save, restore, reset, stop."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ray import tune

from tuner.errors import ScenarioError
from tuner.examples import Examples
from tuner.trainable import EpochTrainable, stable_seed


class Walk(EpochTrainable):
    """A random walk on all three generators: any difference in their states shows."""

    log: list[str] = []  # noqa: RUF012  what ran, in all instances

    def setup(self, config: dict[str, Any]) -> None:
        self.log.append("setup")
        self.scale = config["scale"]
        self.position = torch.zeros(3, dtype=torch.float64)
        self.noise = random.random()

    def train_epoch(self) -> dict[str, Any]:
        steps = [random.random(), np.random.rand(), torch.rand(1, dtype=torch.float64).item()]
        self.position = self.position + self.config["scale"] * torch.tensor(steps)
        return {"position": self.position.tolist(), "noise": self.noise}

    def state_dict(self) -> dict[str, Any]:
        return {"position": self.position, "noise": self.noise}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.position = state["position"]
        self.noise = state["noise"]

    def cleanup(self) -> None:
        self.log.append("cleanup")


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    Walk.log.clear()


def walk(scale: float = 1.0, trial_id: str = "t1", cpus: float | None = None) -> Walk:
    resources = None if cpus is None else SimpleNamespace(head_cpus=cpus)
    trial = SimpleNamespace(trial_id=trial_id, trial_name=trial_id, trial_resources=resources)
    return Walk({"scale": scale, "__trial_info__": trial})


def positions(trainable: Walk, epochs: int) -> list[Any]:
    return [trainable.train()["position"] for _ in range(epochs)]


def test_setup_waits_for_the_first_step() -> None:
    trainable = walk()
    assert Walk.log == []
    assert trainable.train()["epoch"] == 1
    assert trainable.train()["epoch"] == 2
    assert Walk.log == ["setup"]


def test_an_error_in_setup_is_an_error_of_the_first_step() -> None:
    class Broken(Walk):
        def setup(self, config: dict[str, Any]) -> None:
            raise OSError("no data")

    trainable = Broken({"scale": 1.0})
    with pytest.raises(OSError, match="no data"):
        trainable.train()


def test_the_trial_seed_depends_on_the_trial_id_only() -> None:
    assert walk(trial_id="a").trial_seed == walk(scale=3.0, trial_id="a").trial_seed
    assert walk(trial_id="a").trial_seed != walk(trial_id="b").trial_seed
    # sha256(b"t1") begins 0x628b49d96dcde97a...: the same on every machine
    assert stable_seed("t1") == 0x628B49D96DCDE97A % 2**31


def test_same_trial_same_numbers_whatever_else_draws() -> None:
    undisturbed = positions(walk(), 4)
    trainable, other = walk(), walk(trial_id="t2")
    disturbed = []
    for _ in range(4):
        disturbed += positions(trainable, 1)
        positions(other, 1)
        random.random(), np.random.rand(), torch.rand(1)
    assert disturbed == undisturbed
    assert positions(walk(trial_id="t2"), 4) != undisturbed


@pytest.mark.parametrize("done", [0, 1, 3])
def test_restored_equals_uninterrupted(done: int) -> None:
    uninterrupted = positions(walk(), 5)
    first = walk()
    positions(first, done)
    saved = first.save()
    second = walk()
    second.restore(saved)
    rest = [second.train() for _ in range(5 - done)]
    assert [result["position"] for result in rest] == uninterrupted[done:]
    assert [result["epoch"] for result in rest] == list(range(done + 1, 6))


def test_a_restored_trial_that_is_saved_before_its_first_step_loses_nothing() -> None:
    first = walk()
    expected = positions(first, 2)
    second = walk()
    second.restore(first.save())
    third = walk()
    third.restore(second.save())
    assert third.epochs_done == 2
    assert third.train()["epoch"] == 3
    assert [*expected, third.state_dict()["position"].tolist()] == positions(walk(), 3)


def test_saving_goes_on_as_if_nothing_was_saved() -> None:
    trainable = walk()
    seen = positions(trainable, 2)
    trainable.save()
    assert seen + positions(trainable, 2) == positions(walk(), 4)


def test_an_exploit_takes_the_state_the_new_config_and_its_own_random_numbers() -> None:
    donor = walk(scale=1.0, trial_id="donor")
    start = positions(donor, 2)[-1]
    saved = donor.save()
    clone = walk(scale=0.0, trial_id="clone")
    clone.restore(saved)
    assert clone.train()["position"] == start  # scale 0: stays where the donor was
    other = walk(scale=1.0, trial_id="clone")
    other.restore(saved)
    assert other.train()["epoch"] == 3
    assert other.position.tolist() != positions(donor, 1)[0]
    again = walk(scale=1.0, trial_id="clone")
    again.restore(saved)
    assert positions(again, 1)[0] == other.position.tolist()


def test_a_reused_worker_gives_the_results_of_a_fresh_one() -> None:
    trainable = walk(scale=2.0, trial_id="old")
    trainable.train()
    trainable.leftover = "of the old trial"
    trial = SimpleNamespace(trial_id="new", trial_name="new", trial_resources=None)
    assert trainable.reset({"scale": 1.0, "__trial_info__": trial})
    assert not hasattr(trainable, "leftover")
    assert not hasattr(trainable, "position")
    assert trainable.epochs_done == 0
    assert positions(trainable, 3) == positions(walk(trial_id="new"), 3)


def test_each_setup_is_cleaned_up_once() -> None:
    trainable = walk()
    trainable.stop()
    assert Walk.log == []  # nothing was set up
    trainable = walk()
    trainable.train()
    trainable.reset({"scale": 1.0})
    assert Walk.log == ["setup", "cleanup"]
    trainable.train()
    trainable.stop()
    assert Walk.log == ["setup", "cleanup", "setup", "cleanup"]


@pytest.mark.parametrize("returned", [None, 0.5, [("loss", 1.0)]])
def test_train_epoch_must_return_a_dict(returned: Any) -> None:
    class Wrong(Walk):
        def train_epoch(self) -> Any:
            return returned

    with pytest.raises(TypeError, match=r"Wrong\.train_epoch\(\) returned"):
        Wrong({"scale": 1.0}).train()


def test_scalars_are_reported_as_python_numbers() -> None:
    class Scalars(Walk):
        def train_epoch(self) -> dict[str, Any]:
            return {"a": np.float32(0.5), "b": torch.tensor(2), "c": [1], "d": np.array(1.5)}

    result = Scalars({"scale": 1.0}).train()
    assert [(result[name], type(result[name])) for name in "abcd"] == [
        (0.5, float),
        (2, int),
        ([1], list),
        (1.5, float),
    ]


def test_should_stop_ends_the_trial() -> None:
    class Impatient(Walk):
        def should_stop(self) -> bool:
            return self.epochs_done == 2

    trainable = Impatient({"scale": 1.0})
    assert [trainable.train()["done"] for _ in range(2)] == [False, True]


def test_the_config_given_to_setup_is_a_copy() -> None:
    class Careless(Walk):
        def setup(self, config: dict[str, Any]) -> None:
            super().setup(config)
            config["scale"] = -1.0

    trainable = Careless({"scale": 1.0})
    trainable.train()
    assert trainable.config["scale"] == 1.0


@pytest.mark.parametrize(("cpus", "threads"), [(2.0, 2), (1.0, 1), (0.25, 1), (1.9, 1)])
def test_torch_gets_the_trials_share_of_threads(cpus: float, threads: int) -> None:
    before = torch.get_num_threads()
    try:
        walk(cpus=cpus).train()
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_saves_state_needs_both_methods() -> None:
    class Half(EpochTrainable):
        def state_dict(self) -> dict[str, Any]:
            return {}

    assert Walk.saves_state()
    assert not Half.saves_state()
    assert not EpochTrainable.saves_state()


def test_methods_that_are_not_defined_say_so() -> None:
    class Empty(EpochTrainable):
        pass

    trainable = Empty({})
    with pytest.raises(NotImplementedError, match=r"Empty must define train_epoch\(\)"):
        trainable.train()
    with pytest.raises(NotImplementedError, match=r"Empty defines no state_dict\(\)"):
        trainable.save()
    with pytest.raises(NotImplementedError, match=r"Empty defines no predict\(\)"):
        trainable.predict([])


def test_a_checkpoint_of_another_trainable_is_refused(tmp_path: Any) -> None:
    with pytest.raises(FileNotFoundError, match="written by another trainable"):
        walk().load_checkpoint(str(tmp_path))
    (tmp_path / "state.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="has 99"):
        walk().load_checkpoint(str(tmp_path))


def test_with_parameters_is_lazy_too() -> None:
    class Given(EpochTrainable):
        def setup(self, config: dict[str, Any], data: list[int]) -> None:
            self.data = data

        def train_epoch(self) -> dict[str, Any]:
            return {"total": sum(self.data)}

    wrapped = tune.with_parameters(Given, data=[1, 2, 3])
    assert issubclass(wrapped, EpochTrainable)
    trainable = wrapped({})
    assert not hasattr(trainable, "data")


class Learner(EpochTrainable):
    """Says on which rows it trains and validates."""

    @classmethod
    def examples(cls) -> Examples:
        rows = np.arange(10)
        return Examples(rows[:, None], rows % 2, rows[8:], rows[6:8], classification=True)

    def setup(self, config: dict[str, Any]) -> None:
        self.rows = self.split

    def train_epoch(self) -> dict[str, Any]:
        return {"train": self.rows.train.tolist(), "validation": self.rows.validation.tolist()}


def test_a_trial_gets_the_scenarios_own_split_unless_told_otherwise() -> None:
    assert Learner({}).train()["train"] == [0, 1, 2, 3, 4, 5]
    everything = type("All", (Learner,), {"part": "all"})({})
    assert everything.train()["train"] == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_reused_worker_gets_another_trials_part() -> None:
    trainable = Learner({})
    trainable.train()
    trainable.reset({})
    trainable.part = {"fold": 0, "folds": 2, "seed": 0}
    result = trainable.train()
    assert len(result["train"]) == len(result["validation"]) == 4


def test_a_class_without_examples_says_what_to_define() -> None:
    assert Learner.defines_examples()
    assert not Walk.defines_examples()
    with pytest.raises(ScenarioError, match=r"define a classmethod examples\(\)"):
        _ = walk().split


def test_a_class_may_have_an_attribute_split_of_its_own() -> None:
    class Own(Walk):
        def setup(self, config: dict[str, Any]) -> None:
            super().setup(config)
            self.split = "mine"

    trainable = Own({"scale": 1.0})
    trainable.train()
    assert trainable.split == "mine"


def test_an_attribute_that_hides_what_ray_calls_is_refused_by_name() -> None:
    class Counting(Walk):
        def setup(self, config: dict[str, Any]) -> None:
            super().setup(config)
            self.step = 0

    trial = SimpleNamespace(trial_id="t1", trial_name="t1", trial_resources=None)
    trainable = Counting({"scale": 1.0, "__trial_info__": trial})
    with pytest.raises(ScenarioError, match=r"hides it by setting self\.step; give that attribute"):
        trainable.ensure_setup()

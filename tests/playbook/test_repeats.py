"""Repeats as trainables: which configuration, seed and rows each gets, whatever its kind."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_process import SCENARIO_FILE
from ray import tune

import tuner
from tuner.playbook.repeats import Candidate, Repeats, repeated

CANDIDATES = (Candidate("t1", {"x": 1.0}), Candidate("baseline", {"x": 2.0}))
REPEATS = Repeats(CANDIDATES, seeds=(0, 1))


def scenario(trainable: Any, **changes: Any) -> tuner.Scenario:
    return tuner.Scenario(
        name="repeated",
        trainable=trainable,
        space={"x": tune.uniform(0, 3)},
        metric="loss",
        mode="min",
        time_attr="epoch",
        max_t=3,
        **changes,
    )


def repeat(label: str, seed: int) -> dict[str, Any]:
    return {"candidate": label, "seed": seed}


def test_a_function_gets_the_configuration_and_the_seed_of_the_pair() -> None:
    def train(config: dict[str, Any]) -> Any:
        return config["x"], random.random()

    call = repeated(scenario(train), REPEATS).trainable
    assert call(repeat("t1", 0))[0] == 1.0
    assert call(repeat("baseline", 0))[0] == 2.0
    draws = [call(repeat(label, seed))[1] for label in ("t1", "baseline") for seed in (0, 1)]
    assert draws[:2] == draws[2:]
    assert draws[0] != draws[1]


def test_a_generator_stays_one() -> None:
    def train(config: dict[str, Any]) -> Any:
        yield {"loss": config["x"]}

    call = repeated(scenario(train), REPEATS).trainable
    assert list(call(repeat("baseline", 0))) == [{"loss": 2.0}]


class Draws(tune.Trainable):
    """Reports its configuration and a random number."""

    def setup(self, config: dict[str, Any]) -> None:
        self.x, self.draw = config["x"], random.random()

    def step(self) -> dict[str, Any]:
        return {"loss": self.x, "own": self.config["x"], "draw": self.draw}

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.setup(new_config)
        return True

    def _setup_logdir(self) -> None:
        self._logdir = None


def test_rays_own_kind_of_class_gets_them_too_and_again_when_it_is_reused() -> None:
    derived = repeated(scenario(Draws), REPEATS).trainable
    one, other = derived(repeat("t1", 0)), derived(repeat("baseline", 0))
    first, second = one.step(), other.step()
    assert (first["loss"], first["own"], second["loss"]) == (1.0, 1.0, 2.0)
    assert first["draw"] == second["draw"]
    assert one.reset(repeat("baseline", 1))
    assert one.step()["own"] == 2.0
    assert one.step()["draw"] != first["draw"]


def test_resources_follow_the_candidates_configuration() -> None:
    asked = scenario(Draws, resources=lambda config: {"cpu": config["x"]})
    derived = repeated(asked, REPEATS)
    assert derived.shape_for(repeat("baseline", 1)).bundles[0]["CPU"] == 2


def test_roles_are_of_hyperparameters_which_a_grid_of_repeats_has_not() -> None:
    assert not repeated(scenario(Draws, roles={"x": "scientific"}), REPEATS).roles


@pytest.fixture
def clouds(tmp_path: Path) -> tuner.Scenario:
    path = tmp_path / "clouds.py"
    path.write_text(SCENARIO_FILE)
    return tuner.load_scenario(path)


def trainable_of(clouds: tuner.Scenario, repeats: Repeats) -> Any:
    derived: Any = repeated(clouds, repeats).trainable
    return type("Quiet", (derived,), {"_setup_logdir": Draws._setup_logdir})


CONFIG = {"rate": 0.5, "spread": 1.0, "patience": 2}


def test_a_training_ends_where_the_candidate_says_whatever_its_patience(
    clouds: tuner.Scenario,
) -> None:
    until = Repeats((Candidate("a", CONFIG, until=4.0),), (0,), part="all")
    trial = trainable_of(clouds, until)({"candidate": "a", "seed": 0})
    assert [trial.step()["done"] for _ in range(4)] == [False, False, False, True]
    assert len(trial.split.train) == 90
    own = trainable_of(clouds, Repeats((Candidate("a", CONFIG),), (0,)))
    trial = own({"candidate": "a", "seed": 0})
    assert [trial.step().get("done", False) for _ in range(2)] == [False, True]


def test_a_repeat_that_is_restored_goes_on_bit_for_bit(
    clouds: tuner.Scenario, tmp_path: Path
) -> None:
    folds = Repeats((Candidate("a", CONFIG, until=9.0),), (0,), folds=3, predictions=True)
    kind, where = trainable_of(clouds, folds), {"candidate": "a", "seed": 0, "fold": 1}
    whole = kind(dict(where))
    expected = [whole.step()["error"] for _ in range(4)]
    first = kind(dict(where))
    for _ in range(2):
        first.step()
    first.save_checkpoint(str(tmp_path))
    for restored in (kind(dict(where)), first):  # by another process, and by the same
        restored.load_checkpoint(str(tmp_path))
        assert [restored.step()["error"] for _ in range(2)] == expected[2:]
        assert restored.weights.tolist() == whole.weights.tolist()


def test_a_reused_worker_gets_another_repeat(clouds: tuner.Scenario) -> None:
    folds = Repeats((Candidate("a", CONFIG, until=9.0),), (0, 1), folds=3)
    kind = trainable_of(clouds, folds)
    trial, fresh = (kind({"candidate": "a", "seed": 0, "fold": 0}) for _ in range(2))
    trial.step()
    for worker in (trial, fresh):
        assert worker.reset({"candidate": "a", "seed": 1, "fold": 2})
        worker.step()
    assert trial.weights.tolist() == fresh.weights.tolist()
    assert np.array_equal(trial.split.validation, fresh.split.validation)

from __future__ import annotations

import statistics
from typing import Any

import pytest
from ray import tune

from tuner.arms import parse_choice
from tuner.searchers import build_searcher

SPACE = {
    "x": tune.uniform(0.0, 1.0),
    "n": tune.randint(1, 9),
    "kind": tune.choice(["a", {"name": "b", "y": tune.loguniform(1e-3, 1.0)}]),
    "fixed": 3,
}


def make(spelled: str, seed: int = 0) -> Any:
    return build_searcher(
        parse_choice(spelled),
        SPACE,
        metric="loss",
        mode="min",
        seed=seed,
        points_to_evaluate=None,
        num_samples=None,
    )


@pytest.mark.parametrize(
    "spelled", ["hyperopt:n_initial_points=5", "optuna:n_startup_trials=5", "optuna:sampler=gp"]
)
def test_a_searcher_learns_from_trials_that_another_suggested(spelled: str) -> None:
    told, untold = [], []
    few = spelled == "optuna:sampler=gp"  # a second each
    for seed in range(1 if few else 4):
        other, knowing, ignorant = make("random", seed), make(spelled, seed), make(spelled, seed)
        for index in range(30):
            trial_id, config = f"t{index}", other.suggest(f"t{index}")
            assert knowing.take_over(trial_id, config)
            knowing.on_trial_complete(trial_id, {"loss": abs(config["x"] - 0.9)})
        for index in range(30, 33 if few else 34):
            told.append(abs(knowing.suggest(f"t{index}")["x"] - 0.9))
            untold.append(abs(ignorant.suggest(f"t{index}")["x"] - 0.9))
    assert statistics.mean(told) < 0.5 * statistics.mean(untold)


@pytest.mark.parametrize("spelled", ["hyperopt", "optuna"])
def test_what_lies_outside_its_space_teaches_a_searcher_nothing(spelled: str) -> None:
    searcher = make(spelled)
    outside = {"x": 7.0, "n": 2, "kind": "a", "fixed": 3}
    assert not searcher.take_over("t0", outside)
    searcher.on_trial_complete("t0", {"loss": 1.0})  # nobody minds
    assert searcher.suggest("t1") == make(spelled).suggest("t1")

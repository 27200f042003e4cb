"""Searchers that are told of several objectives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from ray import tune

from tuner.arms import parse_choice
from tuner.objectives import Objective
from tuner.searchers import build_searcher, learns, takes_objectives
from tuner.store.pareto import pareto_front

SPACE = {"x": tune.uniform(0.0, 1.0), "y": tune.uniform(0.0, 1.0)}
BOTH = (Objective("cost", "min"), Objective("gain", "max"))


def make(spelled: str, seed: int = 0) -> Any:
    return build_searcher(
        parse_choice(spelled), SPACE, metric="cost", mode="min", seed=seed, objectives=BOTH
    )


def result(config: dict[str, float]) -> dict[str, float]:
    """The front is ``y = 0``: any ``x`` trades cost for gain."""
    return {"cost": config["x"] ** 2 + config["y"], "gain": config["x"] - config["y"]}


def search(spelled: str, trials: int, seed: int = 0) -> list[dict[str, float]]:
    searcher, configs = make(spelled, seed), []
    for number in range(trials):
        config = searcher.suggest(f"t{number}")
        searcher.on_trial_result(f"t{number}", {**result(config), "training_iteration": 1})
        searcher.on_trial_complete(f"t{number}", {**result(config), "training_iteration": 2})
        configs.append(config)
    return configs


def hypervolume(configs: list[dict[str, float]]) -> float:
    """The area that results dominate below cost 2 and above gain -1."""
    costs = np.array([[each["cost"], -each["gain"]] for each in map(result, configs)])
    area, floor = 0.0, 1.0
    for cost, loss in costs[pareto_front(costs)]:
        area += (2.0 - cost) * (floor - loss)
        floor = loss
    return area


@pytest.mark.parametrize("spelled", ["optuna:sampler=nsga2,population_size=10", "optuna"])
def test_all_objectives_are_learned(spelled: str) -> None:
    learned = [hypervolume(search(spelled, 60, seed)) for seed in range(3)]
    drawn = [hypervolume(search("random", 60, seed)) for seed in range(3)]
    assert np.mean(learned) > np.mean(drawn)


@pytest.mark.parametrize("sampler", ["nsga2,population_size=10,mutation_prob=0.1", "cmaes"])
def test_a_sampler_with_a_population_takes_in_what_it_did_not_draw(sampler: str) -> None:
    misses = []
    for seed in range(3):
        searcher = make(f"optuna:sampler={sampler}", seed)
        for number, config in enumerate(search("random", 60, seed)):
            assert searcher.take_over(f"past{number}", config)
            told = {"cost": abs(config["x"] - 0.9) + abs(config["y"] - 0.9), "gain": 0.0}
            searcher.on_trial_complete(f"past{number}", told)
        misses += [abs(searcher.suggest(f"t{number}")["x"] - 0.9) for number in range(10)]
    assert np.mean(misses) < 0.33  # 0.41 by chance


def test_the_gaussian_process_takes_them_too() -> None:
    pytest.importorskip("torch")
    assert len(search("optuna:sampler=gp,n_startup_trials=3", 5)) == 5


@pytest.mark.parametrize("lacking", [None, math.nan, -math.inf, "text"])
def test_a_trial_without_an_objective_has_failed(lacking: Any) -> None:
    spelled = "optuna:sampler=nsga2,population_size=5"
    told, failed = make(spelled), make(spelled)
    for number in range(30):
        config, other = told.suggest(f"t{number}"), failed.suggest(f"t{number}")
        assert config == other
        if number % 2:
            told.on_trial_complete(f"t{number}", {**result(config), "gain": lacking})
            failed.on_trial_complete(f"t{number}", error=True)
        else:
            for searcher in (told, failed):
                searcher.on_trial_complete(f"t{number}", result(config))


@pytest.mark.parametrize(
    ("spelled", "learning", "several"),
    [
        ("random", False, False),
        ("grid", False, False),
        ("sobol", False, False),
        ("hyperopt", True, False),
        ("evolution", True, False),
        ("optuna", True, True),
        ("optuna:sampler=nsga2", True, True),
        ("optuna:sampler=cmaes", True, False),
        ("optuna:sampler=qmc", False, True),
        ("bohb", False, False),
    ],
)
def test_which_learn_and_what(spelled: str, learning: bool, several: bool) -> None:
    assert learns(parse_choice(spelled)) == learning
    assert takes_objectives(parse_choice(spelled)) == several


def test_one_that_takes_one_is_told_of_the_first() -> None:
    assert make("hyperopt").task.objectives == ()
    assert make("optuna").task.objectives == BOTH
    assert make("optuna:sampler=cmaes").task.objectives == ()

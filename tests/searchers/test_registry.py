"""Searchers by name: what is refused before anything is built."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from ray import tune

from tuner.arms import parse_choice
from tuner.errors import MissingDependencyError, SpecError
from tuner.searchers import (
    SEARCHERS,
    bohb_kde,
    build_searcher,
    check_searcher,
    default_num_samples,
    optuna_samplers,
    total_trials,
)

KIND = tune.choice(["a", "b"])
SPACE = {"x": tune.uniform(0, 1), "y": tune.randint(0, 9), "kind": KIND}


@pytest.mark.parametrize("name", SEARCHERS)
def test_an_entry_loads_the_class_of_its_name(name: str) -> None:
    entry = SEARCHERS[name]
    assert entry.load().name == entry.name == name
    assert entry.summary


@pytest.mark.parametrize(
    ("spelling", "problem"),
    [
        ("hyperop", "unknown searcher 'hyperop'; did you mean 'hyperopt'"),
        ("bayes", "unknown searcher 'bayes'; known: bohb, evolution, grid"),
        ("sobol:seed=1", "'sobol' has no keyword 'seed'; known: over"),
        ("random:uniq=true", "'random' has no keyword 'uniq'; did you mean 'unique'"),
        ("evolution:sample=3", "'evolution' has no keyword 'sample'; did you mean 'sample_size'"),
        ("hyperopt:n_initial_point=5", "did you mean 'n_initial_points'"),
        ("hyperopt:n_initial_points=0.5", "must be int; got 0.5"),
        ("hyperopt:n_initial_points=true", r"must be int; got True \(bool\)"),
        ("hyperopt:n_initial_points=0", "must be >= 1; got 0"),
        ("hyperopt:gamma=nan", "from 0.01 to 10; got nan"),
        ("grid:shuffle=1", "must be bool; got 1"),
        ("grid:points=many", "must be int; got 'many'"),
        ("bohb:top_n_percent=100", "from 1 to 99; got 100"),
        ("bohb:min_points_in_model=two", "must be int or none; got 'two'"),
        ("optuna:sampler=cmae", "unknown Optuna sampler 'cmae'; did you mean 'cmaes'"),
        ("optuna:sampler=[tpe]", "unknown Optuna sampler"),
        ("optuna:n_startup_trial=5", "'optuna:sampler=tpe' has no keyword 'n_startup_trial'; did"),
        ("optuna:sampler=gp,multivariate=true", "'optuna:sampler=gp' has no keyword"),
        ("optuna:seed=5", "has no keyword 'seed'"),
        ("optuna:gamma=0.5", "takes an object.*pass the instance"),
        ("optuna:n_startup_trials=x", "must be int; got 'x'"),
        ("optuna:group=true,multivariate=false", "tpe sampler refuses"),
        ("optuna:sampler=nsga2,population_size=1", "nsga2 sampler refuses"),
    ],
)
def test_a_bad_choice_is_refused(spelling: str, problem: str) -> None:
    with pytest.raises(SpecError, match=problem):
        check_searcher(parse_choice(spelling), SPACE)


@pytest.mark.parametrize(
    "spelling",
    [
        "random",
        "grid:points=3,shuffle=true",
        "hyperopt:gamma=1,n_initial_points=5",
        "optuna",
        "optuna:sampler=tpe,multivariate=false,n_ei_candidates=10",
        "optuna:sampler=gp,deterministic_objective=true",
        "optuna:sampler=qmc,qmc_type=halton",
        "optuna:sampler=cmaes,with_margin=true,popsize=none",
        "bohb:min_points_in_model=none,random_fraction=0",
        "random:unique=true",
        "grid:points=2,rounds=3",
        "halton",
        "sobol",
        "evolution:population_size=4,sample_size=2,crossover=0,step=0.3",
    ],
)
def test_a_good_choice_is_built(spelling: str) -> None:
    if spelling.startswith("bohb"):
        pytest.importorskip("hpbandster", reason="needs requirements/bohb.txt")
    searcher = build_searcher(parse_choice(spelling), SPACE, metric="m", mode="max", seed=0)
    config = searcher.suggest("t0")
    assert isinstance(config, dict)
    assert config.keys() == SPACE.keys()


@pytest.mark.parametrize(
    ("spelling", "space", "problem"),
    [
        ("optuna:sampler=cmaes", {"x": tune.uniform(0, 1), "k": KIND}, "at least 2.*has 1"),
        ("optuna:sampler=qmc", {"k": KIND}, "at least 1.*sampler=tpe"),
        (
            "optuna:sampler=qmc",
            {"k": tune.choice([{"x": tune.uniform(0, 1)}, {"x": 0}])},
            "that every trial has",
        ),
    ],
)
def test_a_sampler_is_not_left_to_draw_at_random(
    spelling: str, space: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SpecError, match=problem):
        check_searcher(parse_choice(spelling), space)


@pytest.mark.parametrize("seed", [-1, 2**31, 1.0, True, None])
def test_a_seed_out_of_range_is_refused(seed: Any) -> None:
    with pytest.raises(SpecError, match="seed is a whole number"):
        build_searcher(parse_choice("random"), SPACE, metric="m", mode="min", seed=seed)


def test_the_default_number_of_samples() -> None:
    assert default_num_samples(parse_choice("hyperopt"), SPACE) == 32
    assert total_trials(parse_choice("hyperopt"), SPACE, 7) == 7


def test_bohb_without_its_packages_says_how_to_install_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, bohb_kde.MODEL_MODULE, None)
    with pytest.raises(MissingDependencyError, match=r"tuner\[bohb\]"):
        check_searcher(parse_choice("bohb"), SPACE)


def test_the_gaussian_process_without_torch_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(optuna_samplers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"tuner\[torch\]"):
        check_searcher(parse_choice("optuna:sampler=gp"), SPACE)


def test_the_libraries_are_imported_only_when_they_are_chosen() -> None:
    code = (
        "import sys, tuner.searchers\n"
        "print([m for m in ('hyperopt', 'optuna', 'hpbandster', 'torch') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"

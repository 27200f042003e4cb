"""Every searcher serves a plain ``ray.tune.Tuner`` too, by what Ray Tune calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.experiment import Experiment
from ray.tune.search import ConcurrencyLimiter, SearchGenerator

from tuner.arms import parse_choice
from tuner.searchers import SEARCHERS, build_searcher
from tuner.space import contains

SPACE = {"x": tune.uniform(0, 1), "o": tune.choice([{"y": tune.randint(1, 5)}, "none"])}


def build(name: str) -> Any:
    if name == "bohb":
        pytest.importorskip("hpbandster", reason="needs requirements/bohb.txt")
    return build_searcher(parse_choice(name), SPACE, metric="loss", mode="min", seed=0)


def train(config: dict[str, Any]) -> None:
    tune.report({"loss": config["x"]})


@pytest.mark.parametrize("name", SEARCHERS)
def test_rays_own_generator_makes_its_suggestions_trials(name: str, tmp_path: Path) -> None:
    source = SearchGenerator(ConcurrencyLimiter(build(name), max_concurrent=2))
    assert not source.set_search_properties("loss", "min", {}, num_samples=4)
    source.add_configurations(Experiment("e", train, storage_path=str(tmp_path), num_samples=4))
    for _ in range(2):
        trials = [source.next_trial() for _ in range(3)]
        assert trials.pop() is None  # the limiter's two are out
        for trial in trials:
            assert trial is not None
            assert contains(SPACE, trial.config) == []
            result = {"loss": trial.config["x"], "training_iteration": 1}
            source.on_trial_result(trial.trial_id, result)
            source.on_trial_complete(trial.trial_id, result)
    assert source.is_finished()
    source.save_to_dir(str(tmp_path), "session")
    SearchGenerator(ConcurrencyLimiter(build(name), max_concurrent=2)).restore_from_dir(
        str(tmp_path)
    )


def test_a_plain_tuner_runs_with_one(ray_cluster: str, tmp_path: Path) -> None:
    results = tune.Tuner(
        train,
        tune_config=tune.TuneConfig(
            search_alg=build("evolution"), num_samples=3, max_concurrent_trials=2,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(storage_path=str(tmp_path), verbose=0),
    ).fit()  # fmt: skip
    assert len(results) == 3
    assert all(contains(SPACE, result.config or {}) == [] for result in results)

"""A searcher that a user built: what it is given, what is refused, what is completed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from ray import tune
from ray.tune.search import BasicVariantGenerator, ConcurrencyLimiter, Searcher
from ray.tune.search.hyperopt import HyperOptSearch
from ray.tune.search.optuna import OptunaSearch

from tuner.arms import Choice
from tuner.errors import SpecError
from tuner.objectives import Objective
from tuner.searchers import adopt_searcher, build_searcher

SPACE = {
    "x": tune.uniform(0, 1),
    "fixed": [1, 2],
    "model": {"size": tune.randint(1, 4), "name": "mlp", "deep": {"er": None}},
}
GOAL: dict[str, Any] = {"metric": "loss", "mode": "min"}


class Recorder(Searcher):
    """Suggests one configuration and writes down what it is told."""

    def __init__(self, suggestion: Any = None, **goal: Any) -> None:
        super().__init__(**{**GOAL, **goal})
        self.suggestion = suggestion
        self.told: list[Any] = []

    def suggest(self, trial_id: str) -> Any:
        return self.suggestion

    def on_trial_result(self, trial_id: str, result: Any) -> None:
        self.told.append(("result", trial_id, result))

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        self.told.append(("complete", trial_id, result, error))


@pytest.mark.parametrize("build", [HyperOptSearch, OptunaSearch])
def test_a_bare_ray_searcher_gets_metric_mode_and_space(build: Any) -> None:
    searcher = adopt_searcher(build(), SPACE, **GOAL)
    assert (searcher.metric, searcher.mode) == ("loss", "min")
    for trial in ("t0", "t1"):
        config = searcher.suggest(trial)
        assert isinstance(config, dict)
        assert 0 <= config["x"] <= 1
        assert config["fixed"] == [1, 2]
        assert config["model"]["size"] in (1, 2, 3)
        assert (config["model"]["name"], config["model"]["deep"]) == ("mlp", {"er": None})
        searcher.on_trial_complete(trial, {"loss": config["x"]})


def test_a_wrapped_searcher_is_set_up_inside() -> None:
    inner = HyperOptSearch()
    searcher = adopt_searcher(ConcurrencyLimiter(inner, max_concurrent=1), SPACE, **GOAL)
    assert inner.metric == "loss"
    assert isinstance(searcher.suggest("t0"), dict)
    assert searcher.suggest("t1") is None


def test_a_searcher_with_a_space_of_its_own_keeps_it() -> None:
    own = {"x": tune.uniform(5, 6)}
    searcher = adopt_searcher(
        OptunaSearch(OptunaSearch.convert_search_space(own), **GOAL), SPACE, **GOAL
    )
    config = searcher.suggest("t0")
    assert isinstance(config, dict)
    assert 5 <= config["x"] <= 6
    assert config["fixed"] == [1, 2]
    assert "size" not in config["model"]


def test_one_of_ours_can_be_adopted() -> None:
    ours = build_searcher(Choice("random"), SPACE, seed=0, **GOAL)
    twin = build_searcher(Choice("random"), SPACE, seed=0, **GOAL)
    assert adopt_searcher(ours, SPACE, **GOAL).suggest("t0") == twin.suggest("t0")


@pytest.mark.parametrize(
    ("own", "problem"),
    [({"metric": "accuracy"}, "metric='accuracy'.*'loss'"), ({"mode": "max"}, "mode='max'.*'min'")],
)
def test_another_goal_is_refused(own: dict[str, str], problem: str) -> None:
    with pytest.raises(SpecError, match=problem):
        adopt_searcher(ConcurrencyLimiter(Recorder(**own), max_concurrent=2), SPACE, **GOAL)


@pytest.mark.parametrize("thing", ["hyperopt", HyperOptSearch, BasicVariantGenerator(), None])
def test_what_is_no_searcher_is_refused(thing: Any) -> None:
    with pytest.raises(SpecError, match=r"instance of ray.tune.search.Searcher"):
        adopt_searcher(thing, SPACE, **GOAL)


def test_a_searcher_that_takes_no_goal_is_refused() -> None:
    with pytest.raises(SpecError, match="give it metric='loss', mode='min'"):
        adopt_searcher(Recorder(metric=None, mode=None), SPACE, **GOAL)


@pytest.mark.parametrize("build", [HyperOptSearch, OptunaSearch])
def test_a_space_that_it_cannot_search_is_refused(build: Any) -> None:
    with pytest.raises(SpecError, match=r"cannot search this space.*[Gg]rid"):
        adopt_searcher(build(), {"x": tune.grid_search([1, 2])}, **GOAL)


def test_a_domain_left_undrawn_is_refused() -> None:
    space = {"opt": tune.choice([{"lr": tune.uniform(0, 1)}, {"lr": tune.uniform(1, 2)}])}
    searcher = adopt_searcher(Recorder({"opt": {"lr": tune.uniform(0, 1)}}), space, **GOAL)
    with pytest.raises(SpecError, match=r"left opt/lr undrawn.*'hyperopt'"):
        searcher.suggest("t0")


@pytest.mark.parametrize("nothing", [None, Searcher.FINISHED])
def test_no_suggestion_stays_none(nothing: Any) -> None:
    assert adopt_searcher(Recorder(nothing), SPACE, **GOAL).suggest("t0") == nothing


def test_numpy_scalars_become_plain() -> None:
    suggestion = {"x": np.float64(0.5), "model": {"size": np.int64(2)}, "extra": np.str_("y")}
    config = adopt_searcher(Recorder(suggestion), SPACE, **GOAL).suggest("t0")
    assert isinstance(config, dict)
    drawn = (config["x"], config["model"]["size"], config["extra"])
    assert drawn == (0.5, 2, "y")
    assert [type(value) for value in drawn] == [float, int, str]


def test_a_list_comes_back_as_declared() -> None:
    space = {"shape": tune.choice([[1, 2], (3, 4)]), "fixed": [5], "own": 1}
    suggestion = {"shape": (1, 2), "fixed": (5,), "own": 2}
    config = adopt_searcher(Recorder(suggestion), space, **GOAL).suggest("t0")
    assert config == {"shape": [1, 2], "fixed": [5], "own": 2}


def test_it_hears_everything() -> None:
    recorder = Recorder({"x": 0.5})
    searcher = adopt_searcher(recorder, SPACE, **GOAL)
    searcher.on_trial_result("t0", {"loss": 1})
    searcher.on_trial_complete("t0", {"loss": 2}, error=True)
    assert recorder.told == [("result", "t0", {"loss": 1}), ("complete", "t0", {"loss": 2}, True)]


def test_what_is_infeasible_is_told_as_the_worst_so_far() -> None:
    recorder = Recorder({"x": 0.5})
    searcher = adopt_searcher(recorder, SPACE, **GOAL)
    searcher.on_trial_complete("t0", {"loss": math.nan})
    for trial_id, loss in {"t1": 2.0, "t2": 1.0, "t3": math.nan, "t4": math.inf}.items():
        searcher.on_trial_complete(trial_id, {"loss": loss})
    told = [(trial_id, result, error) for _, trial_id, result, error in recorder.told]
    worst = {"loss": 2.0}
    assert told == [
        ("t0", None, True),  # nothing to compare with yet
        ("t1", {"loss": 2.0}, False),
        ("t2", {"loss": 1.0}, False),
        ("t3", worst, False),
        ("t4", worst, False),
    ]


BOTH = (Objective("loss", "min"), Objective("size", "max"))


def both(**changes: Any) -> Any:
    searcher = OptunaSearch(**{"metric": ["loss", "size"], "mode": ["min", "max"], **changes})
    space = {"x": tune.uniform(0, 1), "constant": 3}
    return adopt_searcher(searcher, space, metric="loss", mode="min", objectives=BOTH)


def test_one_for_several_objectives_learns_them_all() -> None:
    searcher = both()
    results = [{"loss": 1.0, "size": 2.0}, {"loss": 1.0}, {"loss": 1.0, "size": math.nan}, None]
    for number, result in enumerate(results):
        assert searcher.suggest(f"t{number}")["constant"] == 3
        searcher.on_trial_complete(f"t{number}", result)
    trials = searcher._adopted._ot_study.trials
    assert [trial.values for trial in trials] == [[1.0, 2.0], None, None, None]
    assert [trial.state.name for trial in trials] == ["COMPLETE", "FAIL", "FAIL", "PRUNED"]


def test_one_for_other_objectives_is_refused() -> None:
    with pytest.raises(SpecError, match=r"metric=\['loss', 'cost'\], .* has \['loss', 'size'\]"):
        both(metric=["loss", "cost"])

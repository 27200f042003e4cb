"""What every searcher promises: a kit, and one subclass per searcher."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune
from ray.tune.search import Searcher

from tuner.arms import parse_choice
from tuner.errors import SpecError
from tuner.searchers import SEARCHERS, build_searcher, check_searcher
from tuner.space import contains, flatten

Config = dict[str, Any]

WIDE: Config = {
    "lr": tune.loguniform(1e-4, 1),
    "constant": [1, {"a": (2, 3)}, None],
    "model": {
        "layers": tune.randint(1, 4),
        "width": tune.lograndint(16, 257),
        "shape": tune.choice([[1, 2], (3, 4), {"k": [5]}, None, True]),
        "name": "mlp",
    },
    "dropout": tune.quniform(0, 0.5, 0.1),
    "decay": tune.qloguniform(1e-3, 1e-1, 1e-3),
    "batch": tune.qrandint(8, 64, 8),
    "patience": tune.qlograndint(4, 32, 4),
    "optimizer": tune.choice(
        [
            {"name": "sgd", "lr": tune.uniform(0, 1), "nesterov": tune.choice([True, False])},
            {
                "name": "adam",
                "lr": tune.loguniform(1e-5, 1e-1),
                "schedule": tune.choice([{"step": tune.randint(1, 9)}, {"step": None}]),
            },
            "lbfgs",
        ]
    ),
    "only": tune.choice(["one"]),
    "branch": tune.choice([{"inner": tune.uniform(0, 1)}]),
}
UNBOUNDED: Config = {
    **WIDE,
    "shift": tune.randn(1, 2),
    "coarse": tune.qrandn(0, 3, 0.5),
    "twice": tune.sample_from(lambda config: [2 * config["batch"]]),
    "nested": {"noise": tune.sample_from(lambda: random.random() + np.random.random())},
}
POINT: Config = {
    "lr": 0.01,
    "constant": [1, {"a": (2, 3)}, None],
    "model": {"layers": 2, "width": 37, "shape": (3, 4), "name": "mlp"},
    "dropout": 0.2,
    "decay": 0.007,
    "batch": 64,
    "patience": 12,
    "optimizer": {"name": "adam", "lr": 0.003, "schedule": {"step": 4}},
    "only": "one",
    "branch": {"inner": 0.7},
}
TYPES = {
    "lr": float,
    "model/layers": int,
    "model/width": int,
    "dropout": float,
    "decay": float,
    "batch": int,
    "patience": int,
    "optimizer/lr": float,
    "optimizer/nesterov": bool,
    "branch/inner": float,
    "shift": float,
    "coarse": float,
    "twice": list,
    "nested/noise": float,
}


def objective(config: Mapping[str, Any]) -> float:
    return abs(math.log10(config["lr"]) + 2) + config["dropout"] + config["model"]["layers"] / 10


def drive(
    searcher: Searcher, trials: int, loss: Callable[[Config], float] = objective, start: int = 0
) -> Iterator[Config]:
    """Run trials one after the other, each with a result at a rung and a last one."""
    for number in range(start, start + trials):
        config = searcher.suggest(f"t{number}")
        if config == Searcher.FINISHED:
            return
        yield deepcopy(config)
        value = loss(config)
        searcher.on_trial_result(f"t{number}", {"loss": value, "hyperband_info": {"budget": 3.0}})
        searcher.on_trial_complete(f"t{number}", {"loss": value, "training_iteration": 3})


def plain(value: Any) -> bool:
    """Say whether ``value`` is made of Python's own types only."""
    if type(value) in (list, tuple):
        return all(map(plain, value))
    if type(value) is dict:
        return all(map(plain, value.values()))
    return value is None or type(value) in (bool, int, float, str)


class SearcherContract:
    """The kit: subclass it, say how the searcher is spelled and what it takes."""

    spelling: str
    space = UNBOUNDED
    trials = 10

    def build(self, **changes: Any) -> Any:
        task = {"metric": "loss", "mode": "min", "seed": 1, **changes}
        space = task.pop("space", self.space)
        return build_searcher(parse_choice(self.spelling), space, **task)

    def test_it_is_a_ray_searcher_of_the_metric(self) -> None:
        searcher = self.build(mode="max")
        assert isinstance(searcher, Searcher)
        assert (searcher.metric, searcher.mode) == ("loss", "max")
        assert searcher.set_search_properties("loss", "max", {}) is False

    def test_suggestions_lie_in_the_space(self) -> None:
        for config in drive(self.build(), self.trials):
            assert contains(self.space, config) == []

    def test_suggestions_have_the_declared_types(self) -> None:
        for config in drive(self.build(), self.trials):
            assert plain(config)
            assert config["constant"] == [1, {"a": (2, 3)}, None]
            assert any(
                type(config["model"]["shape"]) is type(option)
                for option in self.space["model"]["shape"].categories
            )
            flat = flatten(config)
            assert [p for p, kind in TYPES.items() if p in flat and type(flat[p]) is not kind] == []

    def test_functions_are_called_once_the_rest_is_drawn(self) -> None:
        if "twice" not in self.space:
            pytest.skip("takes no functions")
        configs = list(drive(self.build(), self.trials))
        assert all(config["twice"] == [2 * config["batch"]] for config in configs)
        assert len({config["nested"]["noise"] for config in configs}) == len(configs)

    def test_changing_a_suggestion_changes_nothing_else(self) -> None:
        searcher, other = self.build(), self.build()
        for number in range(3):
            config = searcher.suggest(f"t{number}")
            assert config == other.suggest(f"t{number}")
            config["constant"].append("mine")
            config["model"]["name"] = "mine"
            if isinstance(config["model"]["shape"], list):
                config["model"]["shape"].append("mine")
        assert self.space["constant"] == [1, {"a": (2, 3)}, None]
        assert self.space["model"]["shape"].categories[0] == [1, 2]

    def test_the_same_seed_repeats(self) -> None:
        first = list(drive(self.build(), self.trials))
        random.random()
        np.random.random()
        assert list(drive(self.build(), self.trials)) == first

    def test_another_seed_differs(self) -> None:
        assert list(drive(self.build(seed=2), 3)) != list(drive(self.build(), 3))

    def test_the_global_generators_are_left_alone(self) -> None:
        random.seed(0)
        np.random.seed(0)
        python, numpy = random.getstate(), np.random.get_state()[1].tolist()
        list(drive(self.build(), self.trials))
        assert random.getstate() == python
        assert np.random.get_state()[1].tolist() == numpy

    def test_useless_results_do_no_harm(self) -> None:
        searcher = self.build()
        searcher.on_trial_result("unknown", {"loss": 1.0, "hyperband_info": {"budget": 3.0}})
        searcher.on_trial_complete("unknown", {"loss": 1.0})
        useless: list[tuple[Any, bool]] = [
            ({"loss": math.nan}, False),
            ({"loss": 0.5}, False),
            ({"loss": math.nan}, False),
            ({"loss": math.inf}, False),
            ({"loss": -math.inf}, False),
            ({"other": 1.0}, False),
            ({"loss": "diverged"}, False),
            ({}, False),
            (None, False),
            (None, True),
            ({"loss": 0.1}, True),
        ]
        for number, (result, error) in enumerate(useless):
            config = searcher.suggest(f"u{number}")
            assert contains(self.space, config) == []
            if result is not None:
                rung = {**result, "hyperband_info": {"budget": 3.0}}
                searcher.on_trial_result(f"u{number}", rung)
            searcher.on_trial_complete(f"u{number}", result, error=error)
            searcher.on_trial_complete(f"u{number}", result, error=error)
            searcher.on_trial_result(f"u{number}", {"loss": 0.5})
        assert all(contains(self.space, c) == [] for c in drive(searcher, self.trials))

    def test_trials_may_overlap(self) -> None:
        searcher = self.build()
        configs = [searcher.suggest(f"t{number}") for number in range(self.trials)]
        for number in reversed(range(self.trials)):
            searcher.on_trial_complete(f"t{number}", {"loss": objective(configs[number])})
        assert contains(self.space, searcher.suggest("next")) == []

    def test_points_are_suggested_first_and_exactly(self) -> None:
        points = [self.point(), {**self.point(), "lr": 0.3, "optimizer": "lbfgs"}]
        configs = list(drive(self.build(points_to_evaluate=points), 5))
        assert configs[:2] == points
        assert all(contains(self.space, config) == [] for config in configs)
        assert configs[2] not in points

    def test_points_have_the_declared_types(self) -> None:
        """Numbers of JSON and TOML are ints where a person leaves the dot out."""
        point = self.point()
        typed = json.loads(json.dumps({**point, "lr": 1}))
        (first,) = drive(self.build(points_to_evaluate=[typed]), 1)
        assert repr(first) == repr({**point, "lr": 1.0})

    @pytest.mark.parametrize(
        ("change", "problem"),
        [({"lr": 7.0}, "lr must satisfy"), ({"model": {"layers": 1}}, "model/width is missing")],
    )
    def test_a_point_outside_the_space_is_refused(self, change: Config, problem: str) -> None:
        with pytest.raises(SpecError, match=rf"points_to_evaluate\[1\].*{problem}"):
            self.build(points_to_evaluate=[self.point(), {**self.point(), **change}])

    def test_a_saved_searcher_goes_on_as_if_it_had_not_stopped(self, tmp_path: Path) -> None:
        searcher, restored = self.build(), self.build(seed=5)
        list(drive(searcher, self.trials))
        searcher.save(str(tmp_path / "state"))
        expected = list(drive(searcher, 3, start=100))
        restored.restore(str(tmp_path / "state"))
        assert list(drive(restored, 3, start=100)) == expected

    def point(self) -> Config:
        beyond = {"shift": 2.75, "coarse": -1.5, "twice": [7], "nested": {"noise": -1.0}}
        return deepcopy({**POINT, **(beyond if "shift" in self.space else {})})


class TestGrid(SearcherContract):
    spelling = "grid:points=2,shuffle=true"
    space = WIDE


class ModelContract(SearcherContract):
    """The kit for searchers that learn from results."""

    warm_up = 20

    @pytest.mark.parametrize(("mode", "better"), [("min", "low"), ("max", "high")])
    def test_it_learns_which_way_is_better(self, mode: str, better: str) -> None:
        space = {"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)}
        searcher = self.build(space=space, mode=mode)
        trials = drive(searcher, self.warm_up + 12, lambda config: config["x"] + config["y"])
        late = [(config["x"] + config["y"]) / 2 for config in trials][self.warm_up :]
        assert (np.mean(late) < 0.4) if better == "low" else (np.mean(late) > 0.6)

    def test_it_keeps_away_from_where_results_are_not_numbers(self) -> None:
        """The slope leads over the edge: who forgets diverged trials goes there every time."""

        def loss(config: Config) -> float:
            return math.nan if config["x"] > 0.3 else 1.0 - config["x"]

        space = {"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)}
        configs = list(drive(self.build(space=space), self.warm_up + 12, loss))
        late = [config["x"] for config in configs[self.warm_up :]]
        assert sum(x > 0.3 for x in late) <= len(late) * 2 / 3

    def test_trials_that_are_taken_over_teach_alike(self) -> None:
        elsewhere = build_searcher(
            parse_choice("random"), self.space, metric="loss", mode="min", seed=3
        )
        one, other = self.build(), self.build()
        for number, config in enumerate(drive(elsewhere, 8)):
            for searcher in (one, other):
                assert searcher.take_over(f"e{number}", config)
                searcher.on_trial_complete(f"e{number}", {"loss": objective(config)})
        assert one.suggest("next") == other.suggest("next")

    @pytest.mark.parametrize(
        ("space", "what"),
        [
            ({"x": tune.grid_search([1, 2]), "y": tune.uniform(0, 1)}, "grid_search"),
            ({"x": 1, "y": tune.choice([2])}, "constants only"),
        ],
    )
    def test_a_space_it_cannot_search_is_refused(self, space: Config, what: str) -> None:
        with pytest.raises(SpecError, match=rf"{what}.*'random'"):
            check_searcher(parse_choice(self.spelling), space)


class TestHyperOpt(ModelContract):
    spelling = "hyperopt:n_initial_points=5"


class TestOptunaTPE(ModelContract):
    spelling = "optuna:n_startup_trials=4"


class TestOptunaGP(ModelContract):
    spelling = "optuna:sampler=gp,n_startup_trials=4"
    trials = 5
    warm_up = 8


class TestMultiFidelity(ModelContract):
    spelling = "mfgp:n_initial_points=4"
    trials = 6
    warm_up = 8

    @pytest.mark.parametrize(("mode", "better"), [("min", "low"), ("max", "high")])
    def test_it_learns_which_way_is_better(self, mode: str, better: str) -> None:
        """It goes down to the end of a slope, and looks elsewhere only once it is there."""
        space = {"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)}
        trials = drive(self.build(space=space, mode=mode), 12, lambda c: c["x"] + c["y"])
        modelled = [(config["x"] + config["y"]) / 2 for config in trials][4:]
        assert (min(modelled) < 0.02) if better == "low" else (max(modelled) > 0.98)


class TestOptunaCmaEs(ModelContract):
    spelling = "optuna:sampler=cmaes"
    warm_up = 60


class TestOptunaNSGAII(ModelContract):
    spelling = "optuna:sampler=nsga2,population_size=6"
    warm_up = 80


class TestEvolution(ModelContract):
    spelling = "evolution:population_size=6,sample_size=3"


class TestOptunaQMC(SearcherContract):
    spelling = "optuna:sampler=qmc"


class TestOptunaRandom(SearcherContract):
    spelling = "optuna:sampler=random"


class TestBOHB(ModelContract):
    spelling = "bohb:random_fraction=0.1"
    trials = 40

    @pytest.fixture(autouse=True)
    def _needs_hpbandster(self) -> None:
        pytest.importorskip("hpbandster", reason="needs requirements/bohb.txt")
        pytest.importorskip("ConfigSpace", reason="needs requirements/bohb.txt")


def _searchers_under_contract(kit: type[SearcherContract] = SearcherContract) -> Iterator[str]:
    for each in kit.__subclasses__():
        yield from _searchers_under_contract(each)
        if hasattr(each, "spelling"):
            yield parse_choice(each.spelling).name


for _name in sorted(SEARCHERS.keys() - set(_searchers_under_contract())):
    _case = type(f"Test{_name.title()}", (SearcherContract,), {"spelling": _name})
    globals()[_case.__name__] = _case

"""What the searchers that fit a model make of rungs, of pending trials, and of a record."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ray import tune

from tuner.arms import parse_choice
from tuner.searchers import build_searcher
from tuner.space import contains

PLANE = {"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)}
TREE = {
    "lr": tune.loguniform(1e-4, 1),
    "kind": tune.choice([{"n": tune.randint(1, 9)}, {"n": tune.quniform(0, 1, 0.1)}, [1, 2], None]),
    "shift": tune.randn(0, 1),
    "fixed": (1, 2),
}
POINT = {"lr": 0.1, "kind": [1, 2], "shift": 0.25, "fixed": (1, 2)}
TPES = ["hyperopt:n_initial_points=5", "optuna:n_startup_trials=5"]
GP = "optuna:sampler=gp,n_startup_trials=3"


def build(spelling: str, space: dict[str, Any] = PLANE, **options: Any) -> Any:
    task = {"metric": "loss", "mode": "min", "seed": 0, "max_t": 27, **options}
    return build_searcher(parse_choice(spelling), space, **task)


def report(searcher: Any, trial_id: str, time: int, loss: float, *, ends: bool = False) -> None:
    result = {"loss": loss, "training_iteration": time}
    if ends:
        searcher.on_trial_complete(trial_id, result)
    else:
        searcher.on_trial_result(trial_id, result)


def places(searcher: Any, names: Iterator[str]) -> np.ndarray:
    """Return the (x, y) of as many suggestions as there are names, shape (n, 2)."""
    suggested = (searcher.suggest(name) for name in names)
    return np.array([(config["x"], config["y"]) for config in suggested])


@pytest.mark.parametrize(
    ("spelling", "mode"), [*itertools.product(TPES, ("min", "max")), (GP, "min")]
)
def test_values_of_different_rungs_are_not_mixed(spelling: str, mode: str) -> None:
    """Early losses are the lower ones, and say the opposite of the late ones."""
    sign = 1 if mode == "min" else -1
    searcher = build(spelling, mode=mode)
    rng = np.random.default_rng(0)
    for number in range(40):
        trial_id, x = f"t{number}", float(rng.random())
        searcher.take_over(trial_id, {"x": x, "y": float(rng.random())})
        stops = number % 2 == 1
        report(searcher, trial_id, 3, sign * (-10 + (1 - x)), ends=stops)
        if not stops:
            report(searcher, trial_id, 27, sign * x, ends=True)
    late = [searcher.suggest(f"u{number}")["x"] for number in range(2 if spelling == GP else 6)]
    assert statistics.mean(late) < 0.3


def nearest_distances(points: np.ndarray) -> np.ndarray:
    """Return each point's distance to its nearest neighbour, shape (n,)."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    return distances.min(axis=1)


@pytest.mark.parametrize("spelling", TPES)
def test_a_hundred_workers_are_sent_to_a_hundred_places(spelling: str) -> None:
    def suggest(*, pending: bool) -> np.ndarray:
        searcher = build(spelling)
        for number in range(50):
            config = searcher.suggest(f"t{number}")
            loss = (config["x"] - 0.3) ** 2 + (config["y"] - 0.7) ** 2
            report(searcher, f"t{number}", 27, loss, ends=True)

        def names() -> Iterator[str]:
            for number in range(100):
                yield f"u{number}"
                if not pending:  # as if nobody knew of it
                    searcher.on_trial_complete(f"u{number}", error=True)

        return places(searcher, names())

    together, one_by_one = suggest(pending=True), suggest(pending=False)
    assert len(np.unique(together.round(3), axis=0)) >= 98
    apart = np.median(nearest_distances(together))
    assert apart > 1.5 * np.median(nearest_distances(one_by_one))
    assert together.std(axis=0).min() > 1.3 * one_by_one.std(axis=0).min()


@pytest.mark.parametrize(
    ("spelling", "points"),
    [*itertools.product(TPES, ([], [POINT])), ("optuna:sampler=random", []), (GP, [])],
)
def test_a_searcher_that_recalls_goes_on_as_one_that_drew(
    spelling: str, points: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = build(spelling, TREE, points_to_evaluate=points)
    recalling = build(spelling, TREE, points_to_evaluate=points)
    trials, more = (5, 1) if spelling == GP else (30, 3)
    with monkeypatch.context() as patched:
        patched.setattr(recalling._model, "draw", None)
        for number in range(trials):
            config = drawing.suggest(f"t{number}")
            assert recalling.recall(f"t{number}", config) == config
            for searcher in (drawing, recalling):
                report(searcher, f"t{number}", 3, config["lr"], ends=number % 3 == 0)
                report(searcher, f"t{number}", 27, config["lr"] / 2, ends=number % 3 == 1)
    for number in range(trials, trials + more):
        assert drawing.suggest(f"t{number}") == recalling.suggest(f"t{number}")


def test_what_was_drawn_again_does_not_change_what_follows_a_recall() -> None:
    few = {"a": tune.choice([1, 2, 3]), "b": tune.choice([1, 2, 3]), "x": tune.quniform(0, 1, 0.5)}
    for spelling in TPES:
        drawing, recalling = build(spelling, few), build(spelling, few)
        configs = []
        for number in itertools.count():
            config = drawing.suggest(f"t{number}")
            if number == 20:  # of 27; draws that were tried already are drawn again
                break
            configs.append(config)
            recalling.recall(f"t{number}", config)
            for searcher in (drawing, recalling):
                report(searcher, f"t{number}", 27, config["a"] + config["x"], ends=True)
        assert len({str(config) for config in configs}) == 20
        assert recalling.suggest("t20") == config


@pytest.mark.parametrize("sampler", ["cmaes", "nsga2", "qmc"])
def test_a_sampler_that_keeps_a_state_has_to_draw_again(sampler: str) -> None:
    searcher, again = (build(f"optuna:sampler={sampler}") for _ in range(2))
    for number in range(5):
        config = searcher.suggest(f"t{number}")
        assert again.recall(f"t{number}", config) is None
        assert again.suggest(f"t{number}") == config


def test_a_configuration_that_is_not_in_the_space_cannot_be_recalled() -> None:
    searcher = build("hyperopt")
    assert searcher.recall("t0", {"x": 7.0, "y": 0.5}) is None
    assert searcher.suggest("t0") == build("hyperopt").suggest("t0")


@pytest.mark.parametrize("spelling", TPES)
def test_what_a_model_is_given_does_not_grow_with_the_sweep(
    spelling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher = build(spelling)
    rng = np.random.default_rng(0)
    for number in range(2000):
        searcher.take_over(f"t{number}", {"x": float(rng.random()), "y": float(rng.random())})
        if number % 2:
            report(searcher, f"t{number}", 27, float(rng.random()), ends=True)
    sizes: list[int] = []
    propose = searcher._model._propose

    def measured(history: Any, seed: int) -> Any:
        sizes.append(len(history.observations))
        return propose(history, seed)

    monkeypatch.setattr(searcher._model, "_propose", measured)
    searcher.suggest("next")
    assert 300 < sizes[0] <= 525


@pytest.mark.parametrize("name", ["hyperopt:n_initial_points=3", "optuna:n_startup_trials=3"])
def test_equal_options_are_recalled_as_they_were_drawn(name: str) -> None:
    space = {"kind": tune.choice(["p", "p", "q"]), "n": tune.randint(0, 50)}
    whole = build_searcher(parse_choice(name), space, metric="loss", mode="min", seed=1)
    resumed = build_searcher(parse_choice(name), space, metric="loss", mode="min", seed=1)
    for number in range(14):
        trial_id = f"t{number}"
        config = whole.suggest(trial_id)
        assert isinstance(config, dict)
        if number < 8:
            assert resumed.recall(trial_id, config) == config
        else:
            assert resumed.suggest(trial_id) == config
        for searcher in (whole, resumed):
            searcher.on_trial_complete(trial_id, {"loss": config["n"], "training_iteration": 1})


@pytest.mark.parametrize("spelling", [GP, "optuna:n_startup_trials=3", "optuna:sampler=cmaes"])
def test_the_widest_whole_numbers_are_drawn_and_learned_from(spelling: str) -> None:
    """Optuna's Gaussian process would list every whole number of a range."""
    space = {
        "n": tune.randint(0, 2**62), "scale": tune.lograndint(1, 2**63 - 1),
        "step": tune.qrandint(0, 2**40, 8),
    }  # fmt: skip
    searcher = build(spelling, space)
    for number in range(6):
        config = searcher.suggest(f"t{number}")
        assert contains(space, config) == []
        assert {type(value) for value in config.values()} == {int}
        report(searcher, f"t{number}", 27, config["n"] / 2**62, ends=True)
    edges = {"n": 2**62 - 1, "scale": 2**63 - 2, "step": 2**40}
    assert searcher.take_over("edge", edges)
    report(searcher, "edge", 27, 0.0, ends=True)
    assert contains(space, searcher.suggest("after")) == []

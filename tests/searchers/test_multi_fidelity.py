"""What the process over all rungs makes of short and long trainings."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from ray import tune

from tuner.arms import Choice
from tuner.searchers import build_searcher
from tuner.searchers.encoding import Encoding
from tuner.searchers.parameters import decompose

SPACE = {"x": tune.uniform(0, 1), "kind": tune.choice(["a", "b"])}
CONDITIONAL = {
    "lr": tune.loguniform(1e-4, 1),
    "opt": tune.choice([{"momentum": tune.uniform(0, 1)}, {"beta": tune.randint(0, 5)}, "none"]),
}


def searcher(**options: Any) -> Any:
    return build_searcher(
        Choice("mfgp", options), SPACE, metric="loss", mode="min", seed=1, max_t=16
    )


def train(model: Any, trial_id: str, config: dict[str, Any], epochs: int) -> None:
    for epoch in range(1, epochs + 1):
        loss = abs(config["x"] - 0.7) + (config["kind"] == "a") + 1 / epoch
        model.on_trial_result(trial_id, {"training_iteration": epoch, "loss": loss})


def test_short_trainings_show_where_long_ones_will_be_good() -> None:
    model = searcher()
    for number in range(16):
        train(model, f"t{number}", model.suggest(f"t{number}"), 16 if number < 3 else 2)
    config = model.suggest("late")
    assert config["kind"] == "b"
    assert abs(config["x"] - 0.7) < 0.1


def test_trials_promise_what_the_model_expects_of_them() -> None:
    model = searcher()
    for number, x in enumerate(np.linspace(0, 1, 11)):
        config = {"x": float(x), "kind": "b"}
        assert model.take_over(f"t{number}", config)
        train(model, f"t{number}", config, 4)
    promises = model.promises([f"t{number}" for number in range(11)] + ["unknown"])
    assert "unknown" not in promises
    assert max(promises, key=promises.get) == "t7"
    assert searcher().promises(["t0"]) is None


def test_nothing_is_suggested_while_one_that_waits_promises_nearly_as_much() -> None:
    model = searcher()
    for number in range(12):
        train(model, f"t{number}", model.suggest(f"t{number}"), 16 if number < 4 else 2)
    config = {"x": 0.7, "kind": "b"}
    assert model.take_over("near", config)
    train(model, "near", config, 2)  # nothing can promise more than the optimum itself
    model.yield_to(lambda: ["near"])
    assert model.suggest("t12") is None
    model.yield_to(lambda: ["diverged, or unknown"])
    assert model.suggest("t12") is not None


def test_every_eighth_is_drawn_at_random_however_sure_the_model_is() -> None:
    model, suggested = searcher(), []
    for number in range(96):
        suggested.append(model.suggest(f"t{number}"))
        train(model, f"t{number}", suggested[-1], 16)
    chance = [config["kind"] for config in suggested[31::8]]
    choice = [config["kind"] for at, config in enumerate(suggested[31:]) if at % 8]
    assert choice.count("b") > 0.9 * len(choice)
    assert 0 < chance.count("a") < len(chance)


def test_the_first_lies_in_the_middle_of_the_space() -> None:
    assert searcher().suggest("t0")["x"] == 0.5


def test_a_copy_knows_no_scheduler(tmp_path: Path) -> None:
    model = searcher()
    model.yield_to((each for each in [threading.Lock()]).__iter__)  # cannot be pickled
    model.save(str(tmp_path / "state"))
    again = searcher()
    again.restore(str(tmp_path / "state"))
    assert again.suggest("t0") == searcher().suggest("t0")


def test_of_workers_that_ask_at_once_each_goes_elsewhere() -> None:
    model = searcher()
    for number in range(12):
        train(model, f"t{number}", model.suggest(f"t{number}"), 2)
    asked = [model.suggest(f"u{number}") for number in range(6)]
    assert len({(round(config["x"], 4), config["kind"]) for config in asked}) == 6


def test_all_diverged_is_no_model_but_no_failure_either() -> None:
    model = searcher(n_initial_points=2)
    for number in range(4):
        model.suggest(f"t{number}")
        model.on_trial_result(f"t{number}", {"training_iteration": 1, "loss": float("nan")})
    assert model.promises(["t0"]) is None
    assert model.suggest("u") is not None


def test_points_are_read_back_and_branches_compared_by_what_they_have() -> None:
    encoding = Encoding(CONDITIONAL)
    configs: list[dict[str, Any]] = [
        {"lr": 0.01, "opt": {"momentum": 0.25}},
        {"lr": 0.01, "opt": {"beta": 3}},
        {"lr": 0.01, "opt": "none"},
    ]
    values = [decompose(CONDITIONAL, config) for config in configs]
    points = encoding.points(values)
    for point, expected in zip(points, values, strict=True):
        found = encoding.values(point)
        assert found.keys() == expected.keys()
        np.testing.assert_allclose(list(found.values()), list(expected.values()))
    elsewhere = points.copy()
    elsewhere[2, 2:] = 0.9  # parameters of branches that are not chosen
    np.testing.assert_array_equal(encoding.inputs(points), encoding.inputs(elsewhere))

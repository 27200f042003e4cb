from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune

from tuner.schedulers.explore import Explorer, moved
from tuner.searchers.parameters import parameter
from tuner.space import contains, domains, flatten

SPACE: dict[str, Any] = {
    "lr": tune.loguniform(1e-4, 1.0),
    "momentum": tune.uniform(0.0, 0.9),
    "shift": tune.uniform(-1.0, 1.0),
    "noise": tune.randn(0.0, 2.0),
    "units": tune.lograndint(1, 100),
    "layers": tune.randint(1, 5),
    "drop": tune.quniform(0.0, 1.0, 0.25),
    "batch_size": tune.choice([64, 16, 32]),
    "act": tune.choice(["relu", "tanh", "gelu"]),
    "net": {"width": tune.qrandint(8, 64, 8), "kind": "mlp"},
    "opt": tune.choice(
        [{"name": "sgd", "lr": tune.uniform(0.1, 1.0)}, {"name": "adam", "eps": tune.uniform(1, 2)}]
    ),
    "grid": {"grid_search": [1, 2]},
    "made": tune.sample_from(lambda config: 3),
}
CONFIG: dict[str, Any] = {
    "lr": 0.01, "momentum": 0.5, "shift": 0.0, "noise": 0.0, "units": 1, "layers": 4,
    "drop": 0.5, "batch_size": 32, "act": "tanh", "net": {"width": 16, "kind": "mlp"},
    "opt": {"name": "sgd", "lr": 0.2}, "grid": 2, "made": 3, "extra": [1],
}  # fmt: skip


@pytest.mark.parametrize(
    ("domain", "value", "factor", "expected"),
    [
        (tune.uniform(0.0, 1.0), 0.5, 1.2, 0.6),
        (tune.uniform(0.0, 1.0), 0.9, 1.2, 1.0),  # 1.08 is outside
        (tune.uniform(0.0, 2.0), 0.0, 1.2, 0.4),  # a fifth of the width
        (tune.uniform(-1.0, 1.0), 0.5, 0.8, 0.1),  # likewise: 0.5 - 0.2 * 2
        (tune.loguniform(0.01, 1.0), 0.1, 0.8, 0.08),
        (tune.loguniform(0.01, 1.0), 0.011, 0.8, 0.01),
        (tune.randint(1, 10), 1, 1.2, 2),  # 1.2 rounds to 1, which is no move
        (tune.randint(1, 10), 2, 0.8, 1),
        (tune.randint(1, 10), 9, 1.2, 9),  # 10 is exclusive
        (tune.randint(0, 10), 0, 0.8, 0),
        (tune.lograndint(1, 1000), 100, 1.2, 120),
        (tune.qrandint(0, 10, 2), 10, 0.8, 8),
        (tune.qrandint(0, 10, 2), 4, 1.2, 6),  # 4.8 rounds to 4
        (tune.quniform(0.0, 1.0, 0.25), 0.5, 1.2, 0.75),
        (tune.randn(0.0, 2.0), 1.0, 1.2, 1.4),
        (tune.randn(0.0, 2.0), 0.0, 0.8, -0.4),
    ],
)
def test_moves_by_hand(domain: Any, value: float, factor: float, expected: float) -> None:
    found: Any = parameter(domain)
    result = moved(found, value, factor)
    assert result == pytest.approx(expected)
    assert type(result) is type(expected)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_it_stays_in_the_space_and_leaves_alone_what_it_must(
    seed: int, resample_probability: float
) -> None:
    explorer = Explorer(space=SPACE, resample_probability=resample_probability)
    rng, config = np.random.default_rng(seed), CONFIG
    for _ in range(5):
        config = explorer.explore(config, rng)
        inside = {name: value for name, value in config.items() if name != "extra"}
        assert contains(SPACE, inside) == []
        assert list(config) == list(CONFIG)
        fixed = (config["net"]["kind"], config["opt"]["name"], config["grid"], config["made"])
        assert fixed == ("mlp", "sgd", 2, 3)
        assert {name: type(value) for name, value in flatten(config).items()} == {
            name: type(value) for name, value in flatten(CONFIG).items()
        }


def test_only_what_is_mutable_moves() -> None:
    mutable = {"units", "opt[0]/lr", "opt[1]/eps"}
    assert mutable < domains(SPACE).keys()
    explorer = Explorer(space=SPACE, mutable=mutable, resample_probability=0.0)
    before = flatten(CONFIG)
    after = flatten(explorer.explore(CONFIG, np.random.default_rng(0)))
    changed = {name for name in before if before[name] != after[name]}
    assert {"opt/lr"} <= changed <= {"units", "opt/lr"}


def test_numbers_go_to_their_neighbours_and_words_are_drawn_anew_or_stay() -> None:
    space, config = {k: SPACE[k] for k in ("batch_size", "act")}, {"batch_size": 16, "act": "relu"}
    rng = np.random.default_rng(1)
    moving = Explorer(space=space, resample_probability=0)
    seen = [moving.explore(config, rng) for _ in range(60)]
    assert {config["batch_size"] for config in seen} == {16, 32}
    assert {config["act"] for config in seen} == {"relu"}
    drawing = Explorer(space=space, resample_probability=1)
    seen = [drawing.explore(config, rng) for _ in range(60)]
    assert {config["act"] for config in seen} == {"relu", "tanh", "gelu"}


def test_a_factor_of_one_moves_nothing() -> None:
    explorer = Explorer(space=SPACE, resample_probability=0, factors=(1.0,))
    rng = np.random.default_rng(2)
    config = explorer.fill({}, rng)
    assert explorer.explore(config, rng) == config


def test_an_integer_leaves_one_and_comes_back() -> None:
    explorer = Explorer(space={"n": tune.randint(1, 4)}, resample_probability=0.0)
    rng, config = np.random.default_rng(0), {"n": 1}
    seen = set()
    for _ in range(50):
        config = explorer.explore(config, rng)
        seen.add(config["n"])
    assert seen == {1, 2, 3}


def test_a_constraint_holds_and_where_nothing_is_feasible_nothing_moves() -> None:
    space = {"a": tune.randint(1, 50), "b": tune.randint(1, 50)}
    explorer = Explorer(space=space, constraint=lambda config: config["a"] < config["b"])
    rng, config = np.random.default_rng(0), {"a": 5, "b": 6}
    for _ in range(50):
        config = explorer.explore(config, rng)
        assert config["a"] < config["b"]
    never = Explorer(space=space, constraint=lambda config: False)
    assert never.explore({"a": 5, "b": 6}, rng) == {"a": 5, "b": 6}


def test_what_a_configuration_lacks_is_drawn() -> None:
    space = {name: SPACE[name] for name in ("lr", "opt", "net")}
    filled = Explorer(space=space).fill({"lr": 0.5, "seed": 1}, np.random.default_rng(0))
    assert (filled["lr"], filled.pop("seed")) == (0.5, 1)
    assert contains(space, filled) == []


def test_the_generator_decides_alone() -> None:
    np.random.seed(0)
    before = np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    explorer = Explorer(space=SPACE)
    first, again = (explorer.explore(CONFIG, np.random.default_rng(7)) for _ in range(2))
    assert first == again
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index, union-attr]

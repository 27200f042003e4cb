from __future__ import annotations

from typing import Any

from ray import tune

from tuner.gpu_sharing import representatives
from tuner.space import contains, is_feasible

SPACE = {
    "width": tune.randint(16, 1025),
    "depth": tune.choice([2, 8, 4]),
    "lr": tune.loguniform(1e-4, 1e-1),
    "model": tune.choice([{"kind": "mlp"}, {"kind": "cnn", "channels": tune.qrandint(8, 64, 8)}]),
    "head": {"size": tune.quniform(2.5, 10, 2.5)},
    "bias": tune.choice([True, False]),
}


def sizes(config: dict[str, Any]) -> tuple[Any, ...]:
    return config["width"], config["depth"], config["head"]["size"], config["model"]


def test_the_largest_of_each_branch_and_the_smallest_are_among_them() -> None:
    found = representatives(SPACE, None)
    assert len(found) <= 8
    assert all(not contains(SPACE, config) for config in found)
    told = [sizes(config) for config in found]
    assert (1024, 8, 10.0, {"kind": "mlp"}) in told
    assert (1024, 8, 10.0, {"kind": "cnn", "channels": 64}) in told
    assert any(each[:3] == (16, 2, 2.5) for each in told)
    assert len({str(config) for config in found}) == len(found)


def test_they_are_feasible_and_the_same_for_a_seed() -> None:
    def fits(config: dict[str, Any]) -> bool:
        return bool(config["width"] * config["depth"] <= 2048)

    found = representatives(SPACE, fits, seed=3)
    assert len(found) >= 3
    assert all(is_feasible(fits, config) for config in found)
    assert found == representatives(SPACE, fits, seed=3)


def test_spaces_with_grids_and_functions_are_drawn_from() -> None:
    space = {
        "width": tune.grid_search([16, 64, 256]),
        "half": tune.sample_from(lambda config: config["width"] // 2),
    }
    found = representatives(space, None)
    assert {config["width"] for config in found} == {16, 64, 256}
    assert all(config["half"] == config["width"] // 2 for config in found)


def test_a_space_of_one_configuration_has_one() -> None:
    assert representatives({"lr": tune.choice([0.1])}, None) == [{"lr": 0.1}]

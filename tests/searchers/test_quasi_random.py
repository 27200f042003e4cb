"""Halton and Sobol: even coverage, conditional spaces, and points that follow from seed and n."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from ray import tune
from scipy.stats import qmc

from tuner.arms import parse_choice
from tuner.errors import SpecError
from tuner.searchers import build_searcher, check_searcher

BOTH = ["halton", "sobol"]


def configs(name: str, space: dict[str, Any], number: int, **task: Any) -> list[dict[str, Any]]:
    searcher = build_searcher(
        parse_choice(name), space, **{"metric": "loss", "mode": "min", "seed": 0, **task}
    )
    return [dict(searcher.suggest(f"t{n}") or {}) for n in range(number)]


@pytest.mark.parametrize("name", BOTH)
def test_the_cube_is_covered_more_evenly_than_by_chance(name: str) -> None:
    space = {f"x{axis}": tune.uniform(0, 1) for axis in range(4)}
    unevenness = {
        each: np.mean(
            [
                qmc.discrepancy(
                    np.array([list(c.values()) for c in configs(each, space, 64, seed=s)])
                )
                for s in range(5)
            ]
        )
        for each in (name, "random")
    }
    assert unevenness[name] < 0.5 * unevenness["random"]


def test_a_power_of_two_sobol_points_is_a_net() -> None:
    space = {"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)}
    cells = Counter(
        (int(config["x"] * 8), int(config["y"] * 8)) for config in configs("sobol", space, 64)
    )
    assert set(cells.values()) == {1}
    assert len(cells) == 64


@pytest.mark.parametrize("name", BOTH)
def test_options_have_equal_shares(name: str) -> None:
    space = {"kind": tune.choice(["a", "b", "c", "d"]), "x": tune.uniform(0, 1)}
    counted = Counter(config["kind"] for config in configs(name, space, 64))
    assert len(counted) == 4
    assert max(counted.values()) - min(counted.values()) <= 2


@pytest.mark.parametrize("name", BOTH)
def test_a_branch_has_a_dimension_of_its_own(name: str) -> None:
    """What a branch holds is spread as evenly as if it stood outside."""
    inside = {"o": tune.choice([{"x": tune.uniform(0, 1)}, {"x": tune.uniform(5, 6)}])}
    outside = {"o": tune.choice([0, 1]), "x": tune.uniform(0, 1), "y": tune.uniform(5, 6)}
    for conditional, flat in zip(
        configs(name, inside, 30), configs(name, outside, 30), strict=True
    ):
        assert conditional["o"]["x"] == flat["y" if flat["o"] else "x"]


@pytest.mark.parametrize("name", BOTH)
def test_the_nth_point_follows_from_seed_and_n(name: str) -> None:
    space = {"x": tune.loguniform(1e-3, 1), "n": tune.randint(0, 100)}
    alone = configs(name, space, 20, seed=7)
    searcher = build_searcher(parse_choice(name), space, metric="loss", mode="max", seed=7)
    for number, config in enumerate(alone):  # whatever is told, and to whatever end
        assert searcher.suggest(f"other{number}") == config
        searcher.on_trial_complete(f"other{number}", {"loss": float(number)}, error=number % 2 == 0)


@pytest.mark.parametrize("name", BOTH)
def test_points_do_not_disturb_the_sequence(name: str) -> None:
    space = {"x": tune.uniform(0, 1)}
    later = configs(name, space, 12, points_to_evaluate=[{"x": 0.5}, {"x": 0.25}])
    assert later[2:] == configs(name, space, 10)


@pytest.mark.parametrize("name", BOTH)
def test_any_number_of_points_gives_no_warning(name: str, recwarn: Any) -> None:
    configs(name, {"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)}, 37)
    assert not recwarn.list


def test_more_dimensions_than_sobol_has_are_refused() -> None:
    space = {f"x{axis}": tune.uniform(0, 1) for axis in range(qmc.Sobol.MAXDIM + 1)}
    with pytest.raises(SpecError, match=r"at most 21,201 dimensions.*'halton'"):
        check_searcher(parse_choice("sobol"), space)
    check_searcher(parse_choice("halton"), space)


BRANCHES: dict[str, Any] = {
    "optimizer": tune.choice(
        [{"kind": "sgd", "nesterov": tune.choice([False, True])}, {"kind": "adam"}]
    ),
    "act": tune.choice(["relu", "tanh", "gelu"]),
    "x": tune.uniform(0, 1),
    "n": tune.randint(0, 1000),
}


@pytest.mark.parametrize("name", BOTH)
def test_strata_get_the_same_points_in_turns(name: str) -> None:
    space = {key: BRANCHES[key] for key in ("act", "x", "n")}
    drawn = configs(f"{name}:over=act", space, 30)
    by_act = {
        act: [(c["x"], c["n"]) for c in drawn if c["act"] == act]
        for act in ("relu", "tanh", "gelu")
    }
    assert [len(points) for points in by_act.values()] == [10, 10, 10]
    assert by_act["relu"] == by_act["tanh"] == by_act["gelu"]
    assert len(set(by_act["relu"])) == 10


def test_a_choice_inside_a_branch_is_part_of_its_combinations_only() -> None:
    over = 'halton:over="optimizer,optimizer[0]/nesterov"'
    drawn = configs(over, BRANCHES, 30)
    kinds = Counter((c["optimizer"]["kind"], c["optimizer"].get("nesterov")) for c in drawn)
    assert kinds == {("sgd", False): 10, ("sgd", True): 10, ("adam", None): 10}


def test_infeasible_points_cost_no_stratum_its_share() -> None:
    space = {key: BRANCHES[key] for key in ("act", "x")}
    drawn = configs(
        "halton:over=act", space, 30, constraint=lambda c: c["act"] != "relu" or c["x"] < 0.3
    )
    assert Counter(c["act"] for c in drawn) == {"relu": 10, "tanh": 10, "gelu": 10}
    assert all(c["x"] < 0.3 for c in drawn if c["act"] == "relu")
    assert [c["x"] for c in drawn if c["act"] == "tanh"] == [
        c["x"] for c in drawn if c["act"] == "gelu"
    ]


def test_strata_of_choices_alone_end_when_all_is_tried() -> None:
    searcher = build_searcher(
        parse_choice("halton:over=a"), {"a": tune.choice([1, 2]), "b": tune.choice([1, 2])},
        metric="loss", mode="min", seed=0,
    )  # fmt: skip
    told = [searcher.suggest(f"t{n}") for n in range(5)]
    assert {(c["a"], c["b"]) for c in told[:4] if isinstance(c, dict)} == {
        (1, 1), (1, 2), (2, 1), (2, 2)
    }  # fmt: skip
    assert told[4] == "FINISHED"


@pytest.mark.parametrize(("over", "message"), [("x", "got 'x'"), ("acts", "did you mean 'act'")])
def test_strata_are_of_choices(over: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        check_searcher(parse_choice(f"halton:over={over}"), BRANCHES)

"""Editing a space: configurations keep their shape, and every path is accounted for."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from ray import tune

from tuner.searchers.parameters import compose
from tuner.space import Keep, contains, domains, edited, to_json

SPACE: dict[str, Any] = {
    "lr": tune.loguniform(1e-4, 1.0),
    "model": {"width": tune.randint(1, 9), "depth": 3},
    "optimizer": tune.choice(
        [
            {"kind": "sgd", "momentum": tune.uniform(0, 1)},
            {"kind": "adam", "beta": tune.choice([0.9, 0.99])},
            "none",
        ]
    ),
    "grid": {"grid_search": [1, 2, 3]},
}


def test_nothing_changes_without_changes() -> None:
    space, paths = edited(SPACE, {})
    assert to_json(space) == to_json(SPACE)
    assert paths == {name: name for name in domains(SPACE)}


def test_a_dropped_option_moves_the_paths_of_later_branches() -> None:
    space, paths = edited(SPACE, {"optimizer": Keep((1, 2))})
    assert list(domains(space)) == [paths[name] for name in domains(SPACE) if name in paths]
    assert paths["optimizer[1]/beta"] == "optimizer[0]/beta"
    assert "optimizer[0]/momentum" not in paths
    assert not contains(space, {**_config(), "optimizer": {"kind": "adam", "beta": 0.9}})
    assert contains(space, {**_config(), "optimizer": {"kind": "sgd", "momentum": 0.5}})


def test_the_only_option_left_takes_the_place_of_the_choice() -> None:
    space, paths = edited(SPACE, {"optimizer": Keep((0,))})
    assert space["optimizer"]["kind"] == "sgd"
    assert paths["optimizer[0]/momentum"] == "optimizer/momentum"
    assert "optimizer" not in paths
    assert not contains(space, {**_config(), "optimizer": {"kind": "sgd", "momentum": 0.5}})
    assert edited(SPACE, {"optimizer": Keep((2,))})[0]["optimizer"] == "none"


def test_a_grid_stays_a_grid() -> None:
    assert edited(SPACE, {"grid": Keep((0, 2))})[0]["grid"] == {"grid_search": [1, 3]}
    assert edited(SPACE, {"grid": Keep((1,))})[0]["grid"] == 2


def test_a_change_inside_a_branch() -> None:
    narrow = tune.uniform(0.4, 0.6)
    space, _ = edited(SPACE, {"optimizer[0]/momentum": narrow, "model/width": 4, "lr": None})
    assert domains(space)["optimizer[0]/momentum"] is narrow
    assert space["model"] == {"width": 4, "depth": 3}
    assert space["lr"] is None


@given(st.sets(st.sampled_from([0, 1, 2]), min_size=1), st.floats(0, 1))
def test_whatever_the_new_space_holds_lies_in_the_old_one(kept: set[int], place: float) -> None:
    whole = {name: value for name, value in SPACE.items() if name != "grid"}
    space, _ = edited(whole, {"optimizer": Keep(tuple(sorted(kept)))})
    config = compose(space, lambda _, found: found.from_unit(place))
    assert not contains(whole, config)
    assert not contains(space, config)


def _config() -> dict[str, Any]:
    return {"lr": 0.1, "model": {"width": 2, "depth": 3}, "grid": 1}

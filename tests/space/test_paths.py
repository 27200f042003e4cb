"""Flat names of nested values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from space_strategies import SPACES, same, unhurried

from tuner.errors import SpaceError
from tuner.space import flatten, unflatten


def test_only_dicts_are_entered() -> None:
    grid = {"grid_search": [{"x": 1}]}
    tree = {"a": 1, "m": {"lr": 0.1, "n": {"u": [{"v": 1}]}}, "g": grid, "e": {}}
    assert flatten(tree) == {"a": 1, "m/lr": 0.1, "m/n/u": [{"v": 1}], "g": grid, "e": {}}


@unhurried
@given(space=SPACES)
def test_unflatten_is_the_reverse(space: dict[str, Any]) -> None:
    assert same(unflatten(flatten(space)), space)


@pytest.mark.parametrize(
    "flat", [{"a": 1, "a/b": 2}, {"a/b": 2, "a": 1}, {"a": {}, "a/b": 1}, {"a/b/c": 1, "a/b": {}}]
)
def test_a_value_cannot_be_a_group_too(flat: dict[str, Any]) -> None:
    with pytest.raises(SpaceError, match="either a value or a group"):
        unflatten(flat)


def test_unflatten_leaves_its_argument_alone() -> None:
    flat: dict[str, Any] = {"a/b": {}, "a/c": 1}
    unflatten(flat)["a"]["b"]["new"] = 1
    assert flat["a/c"] == 1

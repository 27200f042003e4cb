"""Importance recovers planted effects, and the marginals of a tree are exact."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor

from tuner.analysis.importance import Importance, forest_importance
from tuner.analysis.importance_marginals import leaf_boxes, variance_shares
from tuner.errors import NoResultError, SpecError

Floats = npt.NDArray[np.float64]


def drawn(count: int, names: str = "abcd", seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(random.random((count, len(names))), columns=list(names))


def effect(found: Importance, name: str, column: str = "main") -> float:
    return float(found.effects.set_index("name")[column][name])


def pair(found: Importance, one: str, other: str) -> float:
    rows = found.pairs
    here = rows[rows["name"].isin([one, other]) & rows["other"].isin([one, other])]
    return float(here["share"].iloc[0])


@settings(max_examples=40)
@given(
    cells=st.lists(st.integers(2, 4), min_size=2, max_size=3),
    depth=st.integers(1, 6),
    seed=st.integers(0, 999),
)
def test_shares_are_those_of_the_tree_tabulated(cells: list[int], depth: int, seed: int) -> None:
    """The analysis of variance by its definition, over every point of the grid."""
    random = np.random.default_rng(seed)
    codes = np.stack([random.integers(count, size=40) for count in cells], axis=1).astype(float)
    tree = DecisionTreeRegressor(max_depth=depth, random_state=seed)
    tree.fit(codes, random.normal(size=40))
    grid = np.array(list(itertools.product(*map(range, cells))), dtype=float)
    table = tree.predict(grid).reshape(cells)
    expected_main, expected_pairs = by_definition(table)
    found = variance_shares(*leaf_boxes(tree.tree_, cells), cells)
    assert found is not None
    np.testing.assert_allclose(found[0], expected_main, atol=1e-9)
    np.testing.assert_allclose(found[1], expected_pairs, atol=1e-9)


def by_definition(table: Floats) -> tuple[Floats, Floats]:
    axes = range(table.ndim)
    main = np.array([np.var(table.mean(axis=tuple(a for a in axes if a != p))) for p in axes])
    pairs = np.zeros((table.ndim, table.ndim))
    for p, q in itertools.permutations(axes, 2):
        joint = table.mean(axis=tuple(a for a in axes if a not in (p, q)))
        pairs[p, q] = np.var(joint) - main[p] - main[q]
    return main / np.var(table), pairs / np.var(table)


def test_main_effects_have_their_shares() -> None:
    """4a + 2b has variances of 16 and 4 parts, by hand: 80 % and 20 %."""
    inputs = drawn(600)
    costs = (4 * inputs["a"] + 2 * inputs["b"]).to_numpy(float)
    found = forest_importance(inputs, costs, ranks=False, trees=32)
    assert found.r2 > 0.9
    assert effect(found, "a") == pytest.approx(0.8, abs=0.07)
    assert effect(found, "b") == pytest.approx(0.2, abs=0.07)
    for dummy in "cd":
        assert effect(found, dummy, "total_high") < 0.02
        assert abs(effect(found, dummy, "drop_high")) < 0.02
    for column in ("main", "total", "drop"):
        low, high = effect(found, "a", f"{column}_low"), effect(found, "a", f"{column}_high")
        assert low <= effect(found, "a", column) <= high
    assert list(found.effects["name"])[:2] == ["a", "b"]


def test_an_interaction_is_found_where_neither_matters_alone() -> None:
    inputs = drawn(800)
    costs = ((inputs["a"] - 0.5) * (inputs["b"] - 0.5)).to_numpy(float)
    found = forest_importance(inputs, costs, ranks=False, trees=32)
    assert pair(found, "a", "b") > 0.6
    assert effect(found, "a") < 0.1
    assert effect(found, "a", "total") > 0.6
    assert effect(found, "c", "total") < 0.1
    assert (found.pairs["name"].iloc[0], found.pairs["other"].iloc[0]) == ("a", "b")


def test_a_conditional_one_is_not_mistaken_for_its_choice() -> None:
    """Only the option matters; what hangs on it does not, though absent exactly with the other."""
    inputs = drawn(400, "ab").assign(kind=lambda frame: (frame["a"] > 0.5).astype(float))
    inputs["momentum"] = inputs["b"].where(inputs["kind"] == 1)
    found = forest_importance(
        inputs[["kind", "momentum"]], inputs["kind"].to_numpy(float), options={"kind": 2}, trees=32
    )
    assert effect(found, "kind") > 0.95
    assert effect(found, "momentum", "total") < 0.02


def test_a_conditional_one_matters_where_it_is() -> None:
    inputs = drawn(600, "ab").assign(kind=lambda frame: (frame["a"] > 0.5).astype(float))
    inputs["momentum"] = inputs["b"].where(inputs["kind"] == 1)
    costs = inputs["momentum"].fillna(0.5).to_numpy(float)
    found = forest_importance(inputs[["kind", "momentum"]], costs, options={"kind": 2}, trees=32)
    assert effect(found, "momentum") > 0.3
    assert pair(found, "kind", "momentum") > 0.2


def test_ranks_bear_infinities_and_huge_values() -> None:
    inputs = drawn(300, "ab")
    costs = inputs["a"].to_numpy(float).copy()
    tame = forest_importance(inputs, costs, trees=32)
    wild = costs.copy()
    wild[costs > 0.9] = np.inf
    wild[(costs > 0.8) & (costs <= 0.9)] *= 1e9
    found = forest_importance(inputs, wild, trees=32)
    assert effect(found, "a") == pytest.approx(effect(tame, "a"), abs=0.02)


def test_noise_is_not_believed() -> None:
    inputs = drawn(80)
    found = forest_importance(inputs, np.random.default_rng(1).normal(size=80), trees=32)
    assert found.r2 < 0.2


def test_the_same_seed_gives_the_same_answer() -> None:
    inputs = drawn(60, "ab").assign(c=np.where(np.arange(60) % 2, np.nan, 0.3))
    costs = inputs["a"].to_numpy(float)
    one, again = (forest_importance(inputs, costs, trees=32, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.effects, again.effects)


def test_many_trials_are_sampled() -> None:
    inputs = drawn(3000, "ab")
    found = forest_importance(inputs, inputs["a"].to_numpy(float), trees=32)
    assert found.trials == 2000


def test_trials_that_are_all_alike_show_nothing() -> None:
    found = forest_importance(drawn(20), np.ones(20), trees=32)
    assert np.isnan(found.r2)
    assert (found.effects.drop(columns="name") == 0).all(axis=None)


@pytest.mark.parametrize(
    ("count", "costs", "options", "error"),
    [
        (20, [1.0] * 19, {}, SpecError),
        (20, [np.nan] * 20, {}, SpecError),
        (20, [np.inf] * 20, {"ranks": False}, SpecError),
        (20, [1.0] * 20, {"trees": 31}, SpecError),
        (9, [1.0] * 9, {}, NoResultError),
    ],
)
def test_nonsense_is_refused(
    count: int, costs: Sequence[float], options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        forest_importance(drawn(count), costs, **options)

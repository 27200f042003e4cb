"""Regularised evolution: who lives, who has children, and what a child has of its parents."""

from __future__ import annotations

import math
from typing import Any

import pytest
from ray import tune

from tuner.arms import parse_choice
from tuner.errors import SpecError
from tuner.searchers import build_searcher, check_searcher
from tuner.space import flatten

FLAT = {f"x{axis}": tune.uniform(0, 1) for axis in range(6)}


def build(spelling: str, space: dict[str, Any], **task: Any) -> Any:
    task = {"metric": "loss", "mode": "min", "seed": 0, **task}
    return build_searcher(parse_choice(spelling), space, **task)


def fill(searcher: Any, configs: list[dict[str, Any]], losses: list[Any]) -> None:
    """Have trials of these configurations, taken over, end with these values."""
    for number, (config, loss) in enumerate(zip(configs, losses, strict=True)):
        assert searcher.take_over(f"p{number}", config)
        searcher.on_trial_complete(f"p{number}", {"loss": loss, "training_iteration": 1})


def changed(child: dict[str, Any], parent: dict[str, Any]) -> set[str]:
    return {path for path, value in flatten(child).items() if flatten(parent).get(path) != value}


def members(number: int) -> list[dict[str, Any]]:
    return [dict.fromkeys(FLAT, (n + 1) / (number + 1)) for n in range(number)]


def test_a_child_is_its_parent_but_for_one_parameter() -> None:
    searcher = build("evolution:population_size=4,sample_size=4,crossover=0", FLAT)
    population = members(4)
    fill(searcher, population, [4.0, 3.0, 1.0, 2.0])
    children = [searcher.suggest(f"c{number}") for number in range(30)]
    assert {len(changed(child, population[2])) for child in children} == {1}
    assert {path for child in children for path in changed(child, population[2])} == set(FLAT)


def test_with_max_the_largest_wins() -> None:
    searcher = build("evolution:population_size=4,sample_size=4,crossover=0", FLAT, mode="max")
    population = members(4)
    fill(searcher, population, [4.0, 3.0, 1.0, 2.0])
    assert len(changed(searcher.suggest("c"), population[0])) == 1


def test_a_tournament_of_one_is_no_selection() -> None:
    searcher = build("evolution:population_size=4,sample_size=1,crossover=0", FLAT)
    population = members(4)
    fill(searcher, population, [4.0, 3.0, 1.0, 2.0])
    parents = set()
    for number in range(60):
        child = searcher.suggest(f"c{number}")
        parents.add(min(range(4), key=lambda n: len(changed(child, population[n]))))
    assert parents == {0, 1, 2, 3}


def test_the_oldest_dies_however_good_it_is() -> None:
    searcher = build("evolution:population_size=3,sample_size=3,crossover=0", FLAT)
    population = members(4)
    fill(searcher, population, [0.0, 3.0, 1.0, 2.0])
    assert len(changed(searcher.suggest("c"), population[2])) == 1


@pytest.mark.parametrize("useless", [math.nan, math.inf, -math.inf, None, "diverged"])
def test_a_trial_that_diverged_or_failed_is_no_parent(useless: Any) -> None:
    searcher = build("evolution:population_size=3,sample_size=1,crossover=0", FLAT)
    population = members(4)
    fill(searcher, population, [3.0, 1.0, 2.0, useless])
    children = [searcher.suggest(f"c{number}") for number in range(30)]
    assert all(len(changed(child, population[3])) == 6 for child in children)


def test_a_trial_stopped_early_is_no_parent() -> None:
    searcher = build("evolution:population_size=4,sample_size=4,crossover=0", FLAT)
    population = members(8)
    for number, config in enumerate(population[:7]):
        searcher.take_over(f"p{number}", config)
        for epoch in range(1, 10):
            report = {"loss": 7 - number + 1 / epoch, "training_iteration": epoch}
            searcher.on_trial_result(f"p{number}", report)
        searcher.on_trial_complete(f"p{number}", report)
    searcher.take_over("p7", population[7])
    searcher.on_trial_complete("p7", {"loss": 0.0, "training_iteration": 1})
    assert len(changed(searcher.suggest("c"), population[6])) == 1


def test_until_there_is_a_population_it_draws_at_random() -> None:
    searcher = build("evolution:population_size=5", FLAT)
    fill(searcher, members(4), [1.0, 2.0, 3.0, 4.0])
    assert len(changed(searcher.suggest("c0"), members(4)[0])) == 6
    configs = [searcher.suggest(f"c{number}") for number in range(1, 9)]  # and never waits
    assert len({str(config) for config in configs}) == 8


def test_a_child_mixes_two_parents() -> None:
    searcher = build("evolution:population_size=2,sample_size=1,crossover=1", FLAT)
    one, other = members(2)
    fill(searcher, [one, other], [1.0, 2.0])
    mixed = 0
    for number in range(30):
        flat = flatten(searcher.suggest(f"c{number}"))
        ones = sum(flat[path] == one[path] for path in FLAT)
        others = sum(flat[path] == other[path] for path in FLAT)
        assert ones + others >= 5  # one is mutated
        mixed += ones > 0 < others
    assert mixed >= 15


BRANCHES = {
    "o": tune.choice(
        [
            {"k": "a", "v": tune.uniform(0, 1), "w": tune.uniform(0, 1)},
            {"k": "b", "v": tune.uniform(5, 6)},
        ]
    ),
    "x": tune.uniform(0, 1),
}


def test_another_branch_is_drawn_anew_and_the_rest_kept() -> None:
    searcher = build("evolution:population_size=2,sample_size=2,crossover=0", BRANCHES)
    parent = {"o": {"k": "a", "v": 0.5, "w": 0.25}, "x": 0.75}
    fill(searcher, [parent, {"o": {"k": "b", "v": 5.5}, "x": 0.5}], [1.0, 2.0])
    children = [searcher.suggest(f"c{number}") for number in range(60)]
    switched = [child for child in children if child["o"]["k"] == "b"]
    stayed = [child for child in children if child["o"]["k"] == "a"]
    assert all(child["x"] == 0.75 for child in switched)
    assert len({child["o"]["v"] for child in switched}) == len(switched) >= 5
    assert all(len(changed(child, parent)) == 1 for child in stayed)


def test_parents_of_different_branches_have_whole_children() -> None:
    searcher = build("evolution:population_size=2,sample_size=1,crossover=1", BRANCHES)
    one = {"o": {"k": "a", "v": 0.5, "w": 0.25}, "x": 0.75}
    other = {"o": {"k": "b", "v": 5.5}, "x": 0.5}
    fill(searcher, [one, other], [1.0, 2.0])
    for number in range(40):
        child = searcher.suggest(f"c{number}")
        assert child["o"].keys() == ({"k", "v", "w"} if child["o"]["k"] == "a" else {"k", "v"})


def test_it_climbs_where_random_search_does_not() -> None:
    def loss(config: dict[str, Any]) -> float:
        return sum((config[path] - 0.3) ** 2 for path in FLAT)

    def best(spelling: str, seed: int) -> float:
        searcher = build(spelling, FLAT, seed=seed)
        values = []
        for number in range(80):
            values.append(loss(searcher.suggest(f"t{number}")))
            result = {"loss": values[-1], "training_iteration": 1}
            searcher.on_trial_complete(f"t{number}", result)
        return min(values)

    wins = [best("evolution", seed) < 0.7 * best("random", seed) for seed in range(8)]
    assert sum(wins) >= 6


@pytest.mark.parametrize(
    ("spelling", "problem"),
    [
        ("evolution:population_size=1", "population_size must be from 2 to 100; got 1"),
        ("evolution:sample_size=0", "sample_size must be >= 1; got 0"),
        ("evolution:crossover=1.5", "crossover must be from 0 to 1; got 1.5"),
        ("evolution:step=0", "step must be from 1e-06 to 1; got 0"),
    ],
)
def test_keywords_out_of_bounds_are_refused(spelling: str, problem: str) -> None:
    with pytest.raises(SpecError, match=problem):
        check_searcher(parse_choice(spelling), FLAT)

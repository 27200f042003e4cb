"""The terms of a comparison as plain values, and what makes two of them differ."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from tuner.budgets import parse_budget
from tuner.comparison.contestants import parse_contestants
from tuner.comparison.terms import Terms, differences, seeds_of
from tuner.errors import SpecError, StorageError

MakeTerms = Callable[..., Terms]


def test_they_survive_json(make_terms: MakeTerms) -> None:
    terms = make_terms(arms=parse_contestants(["a=pbt+random@num_samples=4"]), options={"max_t": 3})
    again = Terms.from_json(json.loads(json.dumps(terms.to_json())))
    assert again == terms
    assert differences(terms, again) == []


def test_cells_are_balanced_over_seeds(make_terms: MakeTerms) -> None:
    cells = list(make_terms().cells())
    assert len(cells) == len(set(cells)) == make_terms().size == 4
    assert [cell.seed for cell in cells] == [0, 0, 1, 1]
    assert str(cells[1]) == "asha+random on bowl, seed 0"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"budget": parse_budget("61epochs")}, "budget 60epochs and 61epochs"),
        ({"seeds": (0, 1, 2)}, "seeds 0, 1 and 0, 1, 2"),
        ({"cluster": "4"}, "cluster 1 and 4"),
        ({"options": {"max_t": 3}}, "options none and max_t"),
        ({"arms": parse_contestants(["fifo+random", "x=asha+random"])},
         "arms fifo+random, asha+random and fifo+random, x=asha+random"),
    ],
)  # fmt: skip
def test_differences_are_named(make_terms: MakeTerms, changes: Any, words: str) -> None:
    assert differences(make_terms(), make_terms(**changes)) == [words]


def test_a_task_that_is_another_one_now_differs(make_terms: MakeTerms) -> None:
    terms = make_terms()
    changed = {"bowl": {**terms.tasks["bowl"], "max_t": 99}}
    other = dataclasses.replace(terms, tasks=changed)
    assert differences(terms, other) == ["the max_t of bowl"]


def test_seeds_are_a_number_or_a_list() -> None:
    assert seeds_of(3) == (0, 1, 2)
    assert seeds_of([5, 0]) == (5, 0)


@pytest.mark.parametrize("given", [0, -1, True, [], [1, 1], [-1], [1.5], "3", None])
def test_other_seeds_are_refused(given: Any) -> None:
    with pytest.raises(SpecError, match="seed"):
        seeds_of(given)


def test_damaged_terms_are_refused(make_terms: MakeTerms) -> None:
    for key in make_terms().to_json():
        damaged = {k: v for k, v in make_terms().to_json().items() if k != key}
        with pytest.raises(StorageError, match="terms are damaged"):
            Terms.from_json(damaged)

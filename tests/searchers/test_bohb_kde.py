"""BOHB beside the kit: what its scheduler needs of it, and what it learns from."""

from __future__ import annotations

import math
import statistics
from typing import Any

import pytest
from ray import tune

from tuner.arms import parse_choice
from tuner.searchers import build_searcher

pytest.importorskip("hpbandster", reason="needs requirements/bohb.txt")
pytest.importorskip("ConfigSpace", reason="needs requirements/bohb.txt")

SPACE = {"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)}


def build(seed: int = 0) -> Any:
    choice = parse_choice("bohb:random_fraction=0")
    return build_searcher(choice, SPACE, metric="loss", mode="min", seed=seed)


def test_paused_trials_leave_room_for_others() -> None:
    searcher = build()
    assert searcher.set_max_concurrency(1)
    assert searcher.suggest("a") is not None
    assert searcher.suggest("b") is None
    searcher.on_pause("a")
    assert searcher.suggest("b") is not None
    searcher.on_unpause("a")
    searcher.on_trial_complete("b", {"loss": 1.0})
    assert searcher.suggest("c") is None


def suggested_after(seed: int, mark: dict[str, Any]) -> float:
    """Return the mean suggestion after 30 trials, each with a report marked like this."""
    searcher = build(seed)
    for number in range(30):
        config = searcher.suggest(f"t{number}")
        searcher.on_trial_result(f"t{number}", {"loss": config["x"], **mark})
        searcher.on_trial_complete(f"t{number}", {"loss": config["x"]})
    return statistics.mean(searcher.suggest(f"u{number}")["x"] for number in range(10))


def test_it_learns_at_rungs_only() -> None:
    taught = [suggested_after(seed, {"hyperband_info": {"budget": 1}}) for seed in range(3)]
    untaught = [suggested_after(seed, {}) for seed in range(3)]
    assert statistics.median(taught) < 0.1 < 0.25 < statistics.median(untaught)


def test_a_suggestion_can_be_recalled_instead_of_drawn() -> None:
    drawing, recalling = build(), build()
    for number in range(15):
        config = drawing.suggest(f"t{number}")
        assert recalling.recall(f"t{number}", config) == config
        for searcher in (drawing, recalling):
            result = {"loss": config["x"], "hyperband_info": {"budget": 1}}
            searcher.on_trial_result(f"t{number}", result)
    assert [drawing.suggest(f"u{n}") for n in range(3)] == [
        recalling.suggest(f"u{n}") for n in range(3)
    ]


@pytest.mark.parametrize("info", [{}, {"budget": None}, None])
def test_a_result_without_a_budget_teaches_nothing(info: Any) -> None:
    searcher, twin = build(), build()
    for each in (searcher, twin):
        each.suggest("t0")
    searcher.on_trial_result("t0", {"loss": math.nan, "hyperband_info": info})
    assert searcher.suggest("t1") == twin.suggest("t1")

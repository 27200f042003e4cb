"""BOHB beside the kit: what its scheduler needs of it, and what it learns from."""

from __future__ import annotations

import math
from typing import Any

import pytest
from ray import tune

from tuner.arms import parse_choice
from tuner.searchers import build_searcher

pytest.importorskip("hpbandster", reason="needs requirements/bohb.txt")
pytest.importorskip("ConfigSpace", reason="needs requirements/bohb.txt")

SPACE = {"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)}


def build(spelling: str = "bohb:random_fraction=0") -> Any:
    return build_searcher(parse_choice(spelling), SPACE, metric="loss", mode="min", seed=0)


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


def test_it_learns_at_rungs_only() -> None:
    taught, untaught = build(), build()
    for number in range(30):
        for searcher, mark in ((taught, {"hyperband_info": {"budget": 1}}), (untaught, {})):
            config = searcher.suggest(f"t{number}")
            searcher.on_trial_result(f"t{number}", {"loss": config["x"], **mark})
            searcher.on_trial_complete(f"t{number}", {"loss": config["x"]})
    late_taught = [taught.suggest(f"u{number}")["x"] for number in range(10)]
    late_untaught = [untaught.suggest(f"u{number}")["x"] for number in range(10)]
    assert sum(late_taught) / 10 < 0.25 < sum(late_untaught) / 10


@pytest.mark.parametrize("info", [{}, {"budget": None}, None])
def test_a_result_without_a_budget_teaches_nothing(info: Any) -> None:
    searcher, twin = build(), build()
    for each in (searcher, twin):
        each.suggest("t0")
    searcher.on_trial_result("t0", {"loss": math.nan, "hyperband_info": info})
    assert searcher.suggest("t1") == twin.suggest("t1")

"""How many trials a sweep has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ray.tune.search import Searcher

from tuner.arms import Choice, parse_choice
from tuner.errors import SpecError
from tuner.option_values import whole
from tuner.scenario import Scenario
from tuner.searchers import default_num_samples, total_trials
from tuner.searchers.base import DEFAULT_NUM_SAMPLES
from tuner.spec import SweepSpec

__all__ = ["check_size", "most_trials", "number_of_samples", "total_of"]

_LARGEST_GRID = 10_000


def number_of_samples(
    given: Mapping[str, Any], searcher: Choice | Searcher, scenario: Scenario, *, bounded: bool
) -> int | None:
    """Return the number of samples that is asked for, or fits; None for no bound.

    Args:
        given: The options of the call.
        searcher: What suggests the trials.
        scenario: What is tuned.
        bounded: Whether something else ends the sweep.

    Raises:
        SpecError: The number is none, or nothing would ever end the sweep.
    """
    wanted = given.get("num_samples")
    if wanted == -1:
        if given.get("time_budget_s") is None and not bounded:
            raise SpecError("num_samples=-1 never ends; give time_budget_s as well")
        return None
    if wanted is not None:
        return whole("num_samples", wanted, at_least=1)
    if bounded:
        return None
    if isinstance(searcher, Choice):
        return default_num_samples(searcher, scenario.space)
    return DEFAULT_NUM_SAMPLES


def check_size(num_trials: int | None, given: Mapping[str, Any], *, bounded: bool) -> None:
    """Refuse a grid that nobody can have meant; whoever names a number or a time means it."""
    named = given.get("num_samples") is not None or given.get("time_budget_s") is not None
    meant = bounded or named
    if num_trials is not None and num_trials > _LARGEST_GRID and not meant:
        raise SpecError(
            f"the grid has {num_trials:,} combinations; name num_samples or time_budget_s, take "
            "fewer points (grid:points=2), or use hyperopt or random"
        )


def most_trials(
    searcher: Choice | Searcher,
    scenario: Scenario,
    num_samples: int | None,
    points: Sequence[Mapping[str, Any]],
) -> int | None:
    """Return how many trials there will be at most; None for no bound."""
    if isinstance(searcher, Choice):
        return total_trials(searcher, scenario.space, num_samples, points)
    return num_samples


def total_of(stored: SweepSpec, scenario: Scenario) -> int | None:
    """Return how many trials a stored sweep was to have, at most; None for no bound."""
    if "." in stored.searcher.partition(":")[0]:  # an object of the user's
        return stored.num_samples
    points = stored.points_to_evaluate or ()
    return most_trials(parse_choice(stored.searcher), scenario, stored.num_samples, points)

"""Statistics of comparisons, and of the trials of a sweep: pure functions of frames.

Of comparisons, from `Outcomes` to an answer each:

* ``outcomes``: `Outcomes`, the runs and incumbents of a comparison, checked; who is paired.
* ``steps``: one run, as a step function of what was spent.
* ``bootstrap``: `Bootstrap`, how intervals are made.
* ``curves``: `best_so_far` against spend.
* ``regret``: `regrets`, `mean_regret` and `paired_differences`, at fractions of the budget.
* ``targets``: `time_to_target` and `waiting_times`; ``speedups``: `speedups` over a baseline.
* ``ranks``: `average_ranks` and `compare_ranks`, by the tests in ``significance``.
* ``proportions``: `win_rates`.
* ``costs``: `mean_usage` and `saved_by_stopping`.
* ``caveats``: `caveats`, what limits the answers.

Intervals are over seeds on the given tasks; tests are over tasks.

Of the trials of one sweep, imported from where they are:

* ``importance``: `forest_importance`, by the marginals in ``importance_marginals``.
* ``best_of``: `expected_best`, what the best of n trials is worth.
* ``hypervolume``: `hypervolumes`, what the trials so far dominate in several objectives.
"""

from __future__ import annotations

from tuner.analysis.bootstrap import Bootstrap
from tuner.analysis.caveats import FEWEST_SEEDS, caveats
from tuner.analysis.costs import mean_usage, saved_by_stopping
from tuner.analysis.curves import best_so_far
from tuner.analysis.outcomes import Extremes, Outcomes
from tuner.analysis.proportions import wilson_interval, win_rates
from tuner.analysis.ranks import FEWEST_TASKS, RankComparison, average_ranks, compare_ranks
from tuner.analysis.regret import (
    ALL_TASKS,
    FRACTIONS,
    mean_regret,
    paired_differences,
    regrets,
    task_scores,
)
from tuner.analysis.significance import Friedman, friedman_test, holm, signed_rank_test
from tuner.analysis.speedups import speedups
from tuner.analysis.steps import UNITS
from tuner.analysis.targets import final_targets, fixed_targets, time_to_target, waiting_times

__all__ = [
    "ALL_TASKS",
    "FEWEST_SEEDS",
    "FEWEST_TASKS",
    "FRACTIONS",
    "UNITS",
    "Bootstrap",
    "Extremes",
    "Friedman",
    "Outcomes",
    "RankComparison",
    "average_ranks",
    "best_so_far",
    "caveats",
    "compare_ranks",
    "final_targets",
    "fixed_targets",
    "friedman_test",
    "holm",
    "mean_regret",
    "mean_usage",
    "paired_differences",
    "regrets",
    "saved_by_stopping",
    "signed_rank_test",
    "speedups",
    "task_scores",
    "time_to_target",
    "waiting_times",
    "wilson_interval",
    "win_rates",
]

"""The statistics of a comparison, each made once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import pandas as pd

from tuner import analysis
from tuner.analysis import ALL_TASKS, Outcomes, RankComparison
from tuner.budgets import budget_text

__all__ = ["Findings", "over_all"]


class Findings:
    """What the runs of a comparison show.

    Args:
        outcomes: The runs.
        baseline: The arm that others are measured against.
        target: The value to reach on every task; None for the baseline's final quality, the
            median over seeds.
        optima: The best value that any configuration can reach, by task, where it is known.
    """

    def __init__(
        self,
        outcomes: Outcomes,
        *,
        baseline: str,
        target: float | None,
        optima: Mapping[str, float],
    ) -> None:
        self.outcomes = outcomes
        self.baseline = baseline
        self.target = target
        self._optima = {task: best for task, best in optima.items() if task in outcomes.tasks}

    @cached_property
    def curves(self) -> pd.DataFrame:
        """The best value so far against what was spent, by task."""
        return analysis.best_so_far(self.outcomes)

    @cached_property
    def regret(self) -> pd.DataFrame:
        """Normalised regret at fractions of the budget, by task and over all."""
        return analysis.mean_regret(self.outcomes, optima=self._optima)

    @cached_property
    def final_regret(self) -> pd.DataFrame:
        """The row of each arm at the end of the budget over all tasks, the best first."""
        rows = self.regret[self.regret["fraction"] == 1.0]
        return over_all(rows).sort_values("regret", kind="stable")

    @cached_property
    def standing(self) -> list[str]:
        """The arms by their regret at the end of the budget, the best first."""
        return [str(arm) for arm in self.final_regret.index]

    @cached_property
    def behind_leader(self) -> pd.DataFrame:
        """How much higher the regret of each arm is than the best arm's, over all tasks."""
        leader = self.standing[0]
        return over_all(analysis.paired_differences(self.outcomes, leader, optima=self._optima))

    @cached_property
    def targets(self) -> pd.DataFrame:
        """The value that each run is to reach."""
        if self.target is None:
            return analysis.final_targets(self.outcomes, self.baseline)
        values = dict.fromkeys(self.outcomes.tasks, self.target)
        return analysis.fixed_targets(self.outcomes, values)

    @cached_property
    def waiting_times(self) -> pd.DataFrame:
        """What each arm spends until the target, by task."""
        return analysis.waiting_times(self.outcomes, self.targets)

    @cached_property
    def speedups(self) -> pd.DataFrame:
        """How many times sooner than the baseline each arm reaches the target."""
        return analysis.speedups(self.outcomes, self.targets, self.baseline)

    @cached_property
    def win_rates(self) -> pd.DataFrame:
        """How often each arm ends better than each other one."""
        return analysis.win_rates(self.outcomes)

    @cached_property
    def against_baseline(self) -> pd.DataFrame:
        """How often each arm ends better than the baseline, by arm."""
        return self.win_rates[self.win_rates["other"] == self.baseline].set_index("arm")

    @cached_property
    def scores(self) -> pd.DataFrame:
        """What arms are ranked by, a row per task."""
        return analysis.task_scores(self.outcomes, optima=self._optima)

    @cached_property
    def average_ranks(self) -> pd.Series[float]:
        """The average rank of each arm over tasks, the best first."""
        return analysis.average_ranks(self.scores)

    @cached_property
    def ranks(self) -> RankComparison | None:
        """Which arms differ over tasks; None with too few tasks or arms to tell."""
        enough = len(self.outcomes.tasks) >= analysis.FEWEST_TASKS and len(self.outcomes.arms) > 1
        return analysis.compare_ranks(self.scores) if enough else None

    @cached_property
    def usage(self) -> pd.DataFrame:
        """What a run spent on average, by task and over all."""
        return analysis.mean_usage(self.outcomes)

    @cached_property
    def saved(self) -> pd.DataFrame:
        """What the schedulers saved against training on what they stopped."""
        return analysis.saved_by_stopping(self.outcomes)

    @cached_property
    def caveats(self) -> tuple[str, ...]:
        """What limits all this, a line each."""
        return (*analysis.caveats(self.outcomes), *self._unspent())

    def summary(self) -> pd.DataFrame:
        """Return a row per arm over all tasks; see `tuner.Comparison.summary`."""
        if not self.outcomes.tasks:
            return pd.DataFrame()
        speeds = over_all(self.speedups)[["speedup", "low", "high", "bound"]]
        speeds = speeds.rename(columns={"low": "speedup_low", "high": "speedup_high"})
        spent = ["trials", "epochs", "seconds", "gpu_seconds", "utilisation", "suggest_ms"]
        return (
            self.final_regret[["regret", "low", "high"]]
            .join(self.average_ranks.rename("rank"))
            .join(speeds)
            .join(self.against_baseline["rate"].rename("win_rate"))
            .join(over_all(self.usage)[spent])
            .join(over_all(self.saved)["saved"])
        )

    def _unspent(self) -> list[str]:
        """Return which arms ended before the budget was used up."""
        runs = self.outcomes.runs
        if self.outcomes.budget.unit == "trials":
            return []
        early, whole = runs[runs["ended"] == "trials"], budget_text(self.outcomes.budget)
        return [
            f"{arm} ran out of trials in {len(rows)} of its runs, the first after "
            f"{rows[self.outcomes.budget.unit].min():.4g} of {whole}: give it more "
            "(num_samples), or read its figures as those of a smaller budget"
            for arm, rows in early.groupby("arm", sort=False)
        ]


def over_all(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows over all tasks, by arm."""
    return frame[frame["task"] == ALL_TASKS].set_index("arm")

"""A run of a comparison as a sweep on Ray, which ends when its budget is used up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from ray.tune.experiment import Trial

from tuner.arms import parse_choice
from tuner.budgets import Budget
from tuner.comparison.cells import cell_options
from tuner.comparison.ray_spending import overheads, spending, utilisation, withheld_epochs
from tuner.comparison.record import CellRecord, Improvements, Spent, ended_by
from tuner.comparison.terms import Cell, Terms
from tuner.comparison.withheld import Withheld
from tuner.planning import resolve_plan
from tuner.runtime.ledger import Tally
from tuner.scenario import Scenario
from tuner.schedulers import SCHEDULERS
from tuner.store import Sweep, SweepLayout, load
from tuner.sweep import Enough, resume_until, run_plan

__all__ = ["RayRunner", "read_cell"]


class RayRunner:
    """Runs cells as sweeps, one after the other; one that was interrupted goes on.

    Args:
        terms: Of the comparison.
        scenarios: What is tuned, by the name of the task.
        sweeps_dir: Where the sweeps lie.
        tick: Called several times a second.
    """

    def __init__(
        self,
        terms: Terms,
        scenarios: Mapping[str, Scenario],
        sweeps_dir: Path,
        tick: Callable[[], None],
    ) -> None:
        self._tick = tick
        self._terms = terms
        self._scenarios = scenarios
        self._sweeps_dir = sweeps_dir

    def __call__(self, cell: Cell) -> CellRecord:
        """Run a cell and return what is kept of it.

        Raises:
            KeyboardInterrupt: Its sweep was interrupted.
        """
        scenario, budget = self._scenarios[cell.task], self._terms.budget
        options = cell_options(self._terms, cell, scenario)
        root = self._sweeps_dir / str(options["name"])
        if SweepLayout(root).spec_file.exists():
            begun = load(root)
            gauge = _Gauge(budget, _gpus(begun), _spent(_reports(begun)).gpu_seconds)
            enough = self._ticking(gauge)
            sweep = resume_until(enough, root, scenario=scenario, progress="none")
        else:
            plan = resolve_plan(scenario, {**options, "storage_path": str(self._sweeps_dir)})
            gauge = _Gauge(budget, float(plan.spec.resources.get("gpu", 0)))
            sweep = run_plan(plan, progress="none", enough=self._ticking(gauge))
        if sweep.state.get("status") == "interrupted":
            raise KeyboardInterrupt
        return read_cell(cell, sweep, budget)

    def _ticking(self, gauge: _Gauge) -> Enough:
        def enough(tally: Tally) -> bool:
            self._tick()
            return gauge(tally)

        return enough


def read_cell(cell: Cell, sweep: Sweep, budget: Budget) -> CellRecord:
    """Return what is kept of a run, as far as the budget goes.

    Args:
        cell: Which run.
        sweep: Its sweep, which has ended.
        budget: What it could spend; the first report beyond it is dropped, with all that follow.
    """
    reports = _reports(sweep)
    counted = reports[reports[budget.unit] <= budget.amount]
    improvements = _improvements(sweep, counted)
    spent = _spent(counted)
    cut_off = len(counted) < len(reports) or bool(sweep.state.get("message"))
    run = {
        "status": "finished",
        "error": None,
        "mode": sweep.mode,
        "ended": ended_by(spent, budget, cut_off=cut_off),
        **asdict(spent),
        **improvements.summary(),
        **overheads(sweep.events()),
        "utilisation": utilisation(counted, sweep.decisions(), sweep.events()),
        "withheld_epochs": _withheld(sweep, reports, counted),
        "max_t": sweep.spec.max_t,
    }
    return CellRecord(cell, run, improvements.rows)


class _Gauge:
    """Says when a sweep has used up its budget; trials and seconds are bounded by its spec.

    Args:
        budget: What may be spent.
        gpus: Of each trial.
        gpu_seconds: That were spent before.
    """

    def __init__(self, budget: Budget, gpus: float, gpu_seconds: float = 0.0) -> None:
        self._budget = budget
        self._gpus = gpus
        self._gpu_seconds = gpu_seconds
        self._looked = time.monotonic()

    def __call__(self, tally: Tally) -> bool:
        """Return whether it is used up."""
        before, self._looked = self._looked, time.monotonic()
        self._gpu_seconds += self._gpus * tally.statuses[Trial.RUNNING] * (self._looked - before)
        if self._budget.unit == "epochs":
            return tally.reports >= self._budget.amount
        return self._budget.unit == "gpu_seconds" and self._gpu_seconds >= self._budget.amount


def _reports(sweep: Sweep) -> pd.DataFrame:
    """Return all reports of a sweep with what had been spent."""
    return spending(
        sweep.reports(all_attempts=True),
        sweep.decisions(),
        sweep.events(),
        began=float(sweep.state["started"]),
        gpus=_gpus(sweep),
    )


def _improvements(sweep: Sweep, reports: pd.DataFrame) -> Improvements:
    improvements = Improvements(sweep.mode)
    if sweep.metric not in reports:  # nothing was reported
        return improvements
    values = reports[sweep.metric].astype(float).tolist()
    trials = sweep.trials().set_index("trial_id")
    configs = trials["best_config"].where(trials["best_config"].notna(), trials["config"])
    for place, value in enumerate(values):
        if improvements.improves(value):
            row = reports.iloc[place]
            trial_id = str(row["trial_id"])
            improvements.add(value, _spent(reports.iloc[: place + 1]), trial_id, configs[trial_id])
    return improvements


def _withheld(sweep: Sweep, reports: pd.DataFrame, counted: pd.DataFrame) -> float:
    """Return the epochs that the scheduler had kept trials from when the budget was used up."""
    decisions, spec = sweep.decisions(), sweep.spec
    if len(counted) < len(reports):
        decisions = decisions[decisions["seq"] < reports["seq"].iloc[len(counted)]]
    entry = SCHEDULERS.get(parse_choice(spec.scheduler).name)
    takes_turns = entry is not None and entry.population
    return withheld_epochs(decisions, sweep.trials(), Withheld(spec.max_t, takes_turns=takes_turns))


def _spent(reports: pd.DataFrame) -> Spent:
    """Return what had been spent at the last of some reports."""
    if reports.empty:
        return Spent(0, 0, 0.0, 0.0)
    last = reports.iloc[-1]
    return Spent(
        int(last["trials"]), int(last["epochs"]), float(last["seconds"]), float(last["gpu_seconds"])
    )


def _gpus(sweep: Sweep) -> float:
    return float(sweep.spec.resources.get("gpu", 0))

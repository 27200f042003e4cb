"""A run of a comparison in virtual time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from tuner.comparison.cells import cell_options
from tuner.comparison.record import CellRecord, Improvements, Spent, ended_by
from tuner.comparison.terms import Cell, Terms
from tuner.comparison.withheld import Withheld
from tuner.planning import resolve_plan
from tuner.schedulers import Decision
from tuner.simulating import carry_out
from tuner.simulation import ClusterModel, CurveTask, Simulation
from tuner.simulation.sources import find_task
from tuner.simulation.trials import SimulatedTrial
from tuner.simulation.usage import Usage

__all__ = ["SimulatedRunner", "Tasks"]


class Tasks:
    """The tasks of a comparison by name: given as objects, or found by their spelling.

    Args:
        given: Those that are objects.
    """

    def __init__(self, given: Mapping[str, CurveTask]) -> None:
        self._given = dict(given)
        self._found: dict[str, CurveTask] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"_given": self._given, "_found": {}}  # a surrogate is loaded where it is asked

    def __getitem__(self, name: str) -> CurveTask:
        if name in self._given:
            return self._given[name]
        if name not in self._found:
            self._found[name] = find_task(name)
        return self._found[name]


class SimulatedRunner:
    """Runs cells in virtual time.

    Args:
        terms: Of the comparison.
        tasks: What is tuned.
        cluster: Where.
    """

    def __init__(self, terms: Terms, tasks: Tasks, cluster: ClusterModel) -> None:
        self._terms = terms
        self._tasks = tasks
        self._cluster = cluster

    def __call__(self, cell: Cell) -> CellRecord:
        """Run a cell and return what is kept of it."""
        task = self._tasks[cell.task]
        plan = resolve_plan(task.scenario, cell_options(self._terms, cell, task.scenario))
        plan.searcher.suggest = suggest = _Timed(plan.searcher.suggest)  # type: ignore[method-assign]
        withheld = Withheld(plan.spec.max_t, takes_turns=plan.population is not None)
        history = _Incumbents(Improvements(plan.spec.mode), plan.spec.metric, withheld)
        simulation = carry_out(
            task,
            plan,
            cluster=self._cluster,
            budget=self._terms.budget,
            history=history,
            explains=False,
        )
        spent = history.spent()
        run = {
            "status": "finished",
            "error": None,
            "mode": plan.spec.mode,
            "ended": ended_by(spent, self._terms.budget, cut_off=simulation.is_cut_off),
            **asdict(spent),
            **history.improvements.summary(),
            **_overheads(simulation.usage()),
            "suggest_s": suggest.seconds,
            "withheld_epochs": withheld.epochs,
            "max_t": plan.spec.max_t,
        }
        return CellRecord(cell, run, history.improvements.rows)


class _Incumbents:
    """The history of a simulation, as far as a comparison wants it."""

    def __init__(self, improvements: Improvements, metric: str, withheld: Withheld) -> None:
        self.improvements = improvements
        self._metric = metric
        self._withheld = withheld
        self._epochs = 0
        self._started: set[int] = set()
        self._simulation: Simulation | None = None

    def watch(self, simulation: Simulation) -> None:
        """This is what will be told of."""
        self._simulation = simulation

    def spent(self) -> Spent:
        """Return what was spent so far."""
        simulation = self._simulation
        assert simulation is not None  # which is told before anything happens
        return Spent(
            len(self._started), self._epochs, simulation.now, float(simulation.gpu_seconds)
        )

    def suggested(self, trial: SimulatedTrial, now: float) -> None:
        """There is a new trial."""

    def started(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has a worker."""
        self._started.add(trial.number)
        self._withheld.goes_on(trial.trial_id)

    def reported(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has finished an epoch."""
        self._epochs += 1
        assert trial.curve is not None  # which it reports
        values = trial.curve.metrics.get(self._metric)
        # What is no curve is a count, such as time_total_s, or missing, which ends the sweep.
        value = trial.report().get(self._metric) if values is None else values[trial.epoch - 1]
        if value is not None and self.improvements.improves(value):
            self.improvements.add(value, self.spent(), trial.trial_id, trial.config)

    def failed(self, trial: SimulatedTrial, now: float, cause: str) -> None:
        """An attempt of a trial has failed."""

    def ended(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has ended."""

    def decided(self, decision: Decision) -> None:
        """The scheduler decided something other than to go on."""
        place = decision.trial_id, decision.training_iteration, decision.time
        if decision.outcome == "stopped":
            self._withheld.stops(*place)
        elif decision.kind == "PAUSE":
            self._withheld.pauses(*place)


class _Timed:
    """Calls a function and adds up the CPU time that this takes.

    Attributes:
        seconds: Of this process.
    """

    def __init__(self, call: Callable[..., Any]) -> None:
        self.seconds = 0.0
        self._call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        began = time.process_time()
        try:
            return self._call(*args, **kwargs)
        finally:
            self.seconds += time.process_time() - began


def _overheads(usage: Usage) -> dict[str, float]:
    names = ("utilisation", "start_s", "save_s", "load_s", "wait_s", "lost_s")
    return {name: getattr(usage, name) for name in names}

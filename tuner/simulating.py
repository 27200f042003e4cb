"""`simulate`: a sweep in virtual time, from the call to its record.

What is refused, defaulted, seeded and recorded is what `tuner.run` refuses, defaults, seeds and
records; only that no trial trains: each reports what a curve source knows of its configuration.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict
from typing import Any, Protocol, Unpack

from tuner.budgets import Budget, budget_text
from tuner.errors import SpecError, StorageError, SweepFailedError, TunerError
from tuner.planning import Plan, resolve_plan
from tuner.plurals import counted
from tuner.progress.live_line import live_line
from tuner.progress.wording import duration_text
from tuner.provenance import provenance
from tuner.runtime.concurrency import concurrency
from tuner.runtime.stopping import Stop, stop_signals
from tuner.schedulers import Decision, Supervisor, milestones_of
from tuner.seeds import SweepSeeds
from tuner.simulation import ClusterModel, CurveTask, History, Simulation
from tuner.simulation.history import Recording
from tuner.simulation.keeping import FolderTables, MemoryRecord, Tables
from tuner.simulation.nodes import ONE_NODE_EACH
from tuner.simulation.options import SimulationOptions, as_budget, as_cluster, sweep_options
from tuner.simulation.result import SimulatedSweep
from tuner.simulation.sources import find_task
from tuner.store import load
from tuner.store.past import write_past_trials
from tuner.store.staging import create_folder
from tuner.warm_start import teach

__all__ = ["SimulatedSweep", "Witness", "assumptions", "carry_out", "simulate"]

_COPIES = (
    "a copied trial goes on along the curve of its new configuration, from the epoch of the "
    "checkpoint that it copied"
)
_FREE = "starting workers, and saving and loading checkpoints, takes no time"


def assumptions(task: CurveTask, plan: Plan, cluster: ClusterModel) -> list[str]:
    """Return what the result of a simulated sweep rests on, a line each."""
    remarks = [*plan.remarks, *task.remarks]
    if plan.copies:
        remarks.append(_COPIES)
    if not (cluster.start_s or cluster.reset_s or cluster.save_s or cluster.load_s):
        remarks.append(_FREE)
    if plan.spec.bundles:
        remarks.append(ONE_NODE_EACH)
    return remarks


class Witness(History, Protocol):
    """A history that is also told of decisions, and knows the simulation that it is told of."""

    def watch(self, simulation: Simulation) -> None:
        """The simulation is about to run."""

    def decided(self, decision: Decision) -> None:
        """The scheduler decided something other than to go on."""


def carry_out(
    task: CurveTask,
    plan: Plan,
    *,
    cluster: ClusterModel,
    budget: Budget | None,
    history: Witness,
    explains: bool = True,
) -> Simulation:
    """Simulate a planned sweep to its end.

    Args:
        task: What the trials report.
        plan: The sweep, of the task's scenario; its scheduler and searcher are fresh.
        cluster: Where the trials run.
        budget: What may be spent; None for no bound.
        history: Told of everything.
        explains: Whether decisions are told with their reasons, which takes time to find.

    Returns:
        The simulation, over.

    Raises:
        ResourcesError: No node of the cluster holds a trial.
        ReportError: The curves lack what the scenario promises.
        ScenarioError: The scenario's divergence rule fails.
        SweepFailedError: The scheduler raised.
    """
    spec = plan.spec
    bounds = concurrency(
        sum(cluster.places(spec.resources)),
        bound=spec.max_concurrent_trials,
        population=plan.population,
        growing=False,
        bracket=plan.bracket,
    )
    supervisor = Supervisor(
        plan.scheduler,
        metric=spec.metric,
        mode=spec.mode,
        time_attr=spec.time_attr,
        max_t=spec.max_t,
        seed=SweepSeeds.spawn(spec.seed).scheduler,
        observe=history.decided,
        diverges=plan.scenario.diverges,
    )
    supervisor.explains = explains
    if plan.warm_start is not None:
        teach(plan.searcher, plan.warm_start.trials, spec.objectives, spec.time_attr)
    simulation = Simulation(
        supervisor=supervisor,
        searcher=plan.searcher,
        curves=task.curves,
        cluster=cluster,
        time_attr=spec.time_attr,
        num_samples=plan.num_trials,
        limit=bounds.trials,
        waiting=bounds.waiting,
        history=history,
        saves_every=spec.checkpoint_frequency,
        budget=budget,
        resources=spec.resources,
        workers=bounds.workers,
        max_failures=spec.max_failures,
        copies=plan.copies,
        seed=spec.seed,
    )
    history.watch(simulation)
    try:
        simulation.run()
    except TunerError:
        raise
    except Exception as failure:  # of the searcher, or of what knows the curves
        raise _failed(failure) from failure
    if supervisor.refusal is not None:
        raise supervisor.refusal
    if supervisor.failure is not None:
        raise _failed(supervisor.failure) from supervisor.failure
    return simulation


def _failed(failure: Exception) -> SweepFailedError:
    told = " ".join(str(failure).split()) or "no message"
    frames = traceback.extract_tb(failure.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return SweepFailedError(
        f"the simulation cannot go on: {type(failure).__name__}: {told}{place}; TUNER_DEBUG=1 "
        "shows the whole traceback"
    )


def simulate(curves: str | CurveTask, **options: Unpack[SimulationOptions]) -> SimulatedSweep:
    """Simulate a sweep, and return its record.

    A simulation with the same arguments and the same ``seed`` is the same, bit by bit.

    Args:
        curves: What the trials report: a `CurveTask`, or how one is spelled, such as
            ``"lcbench:189873"``.
        **options: The keywords of `SimulationOptions`.

    Returns:
        The simulated sweep. After Ctrl-C it is the sweep as far as it went.

    Raises:
        UsageError: The call, the curves or the folder cannot work.
        SweepFailedError: The scheduler raised; what was simulated until then is kept.
    """
    given = {name: value for name, value in options.items() if value is not None}
    chosen, budget, cluster = sweep_options(given), as_budget(given), as_cluster(given)
    if chosen.get("num_samples") == -1 and budget is None:
        raise SpecError("num_samples=-1 never ends; give a budget as well, such as 500epochs")
    task = find_task(curves) if isinstance(curves, str) else curves
    if not isinstance(task, CurveTask):
        raise SpecError(f"curves are a CurveTask or its spelling, got {curves!r}")
    if "cluster" not in given:
        chosen.pop("max_concurrent_trials", None)  # which says how many workers there are
    if budget is not None and budget.unit == "trials":
        chosen.setdefault("num_samples", int(budget.amount))
    plan = resolve_plan(task.scenario, chosen, bounded=given.get("budget") is not None)
    cluster.places(plan.spec.resources)
    if budget is not None and budget.unit == "gpu_seconds" and not plan.spec.resources.get("gpu"):
        raise SpecError(
            f"a budget of GPU time is for trials that take GPUs, got {budget} for trials that take "
            "none; give resources={'gpu': 1} (--gpus-per-trial 1), or a budget in epochs or seconds"
        )
    run = _Run(task, plan, cluster, budget, options.get("progress", "auto"))
    return run.into_memory() if "storage_path" not in given else run.into_folder()


class _Run:
    """One simulated sweep, from its plan to its record."""

    def __init__(
        self,
        task: CurveTask,
        plan: Plan,
        cluster: ClusterModel,
        budget: Budget | None,
        progress: str,
    ) -> None:
        self._task = task
        self._plan = plan
        self._cluster = cluster
        self._budget = budget
        self._progress = progress
        self._stop = Stop()
        self._began = time.time()
        self._origin: dict[str, Any] = {}

    def into_memory(self) -> SimulatedSweep:
        """Run it; nothing is written."""
        record = MemoryRecord()
        self._run(record, lambda: None)
        return SimulatedSweep(record, None)

    def into_folder(self) -> SimulatedSweep:
        """Run it, and write its folder meanwhile."""
        plan = self._plan
        folder = create_folder(plan.storage / plan.spec.name)
        try:
            folder.lock(lambda line: None)
            tables = FolderTables(folder.layout, plan.spec.time_attr)
            if plan.warm_start is not None:
                write_past_trials(folder.layout.warm_start_file, plan.warm_start.trials)
            self._origin = provenance()
            try:
                self._run(tables, folder.tick)
            finally:
                folder.finish()
        finally:
            folder.release()
        return SimulatedSweep(load(folder.place), folder.place)

    def _run(self, tables: Tables, tick: Callable[[], None]) -> None:
        """Simulate, and leave a whole record, however that ends."""
        recording = Recording(self._plan.spec, tables, on_end=lambda: self._look(tick))
        tables.say(self._content(recording, "running"))
        status, message = "failed", ""
        try:
            with stop_signals(self._stop), self._shown(recording):
                simulation = carry_out(
                    self._task,
                    self._plan,
                    cluster=self._cluster,
                    budget=self._budget,
                    history=recording,
                )
            status = "finished"
            if self._budget is not None and simulation.is_cut_off:
                message = f"budget of {budget_text(self._budget)} used up"
        except KeyboardInterrupt:
            status = "interrupted"
        except TunerError as failure:
            message = str(failure)
            raise
        finally:
            # A disk that refuses has been reported already.
            with suppress(StorageError) if status == "failed" else nullcontext():
                recording.close()
            with suppress(StorageError) if status == "failed" else nullcontext():
                tables.say(self._content(recording, status, message))

    def _look(self, tick: Callable[[], None]) -> None:
        """Between two trials: show that the driver is alive, and end where somebody asks for it."""
        tick()
        if self._stop.reason is not None:
            raise KeyboardInterrupt

    def _shown(self, recording: Recording) -> AbstractContextManager[None]:
        if self._progress == "none":
            return nullcontext()
        began = time.monotonic()

        def line() -> str:
            simulation = recording.simulation
            if simulation is None:
                return f"simulating {self._task.name}"
            rate = simulation.events / max(time.monotonic() - began, 1e-3)
            return (
                f"simulating {self._task.name}: {duration_text(simulation.now)} of virtual time, "
                f"{counted(recording.trials, 'trial')}, {counted(simulation.reports, 'epoch')}, "
                f"{rate:,.0f} events/s"
            )

        return live_line(sys.stderr, line)

    def _content(self, recording: Recording, status: str, message: str = "") -> dict[str, Any]:
        """Return what ``sweep.json`` says."""
        simulation = recording.simulation
        now = 0.0 if simulation is None else simulation.now
        return {
            "started": 0.0,
            **self._origin,
            "resumed": [],
            "spec": self._plan.spec.to_json(),
            "rungs": milestones_of(self._plan.scheduler),
            "status": status,
            "message": message,
            "ended": None if status == "running" else now,
            "simulated": {
                "task": self._task.name,
                "cluster": str(self._cluster),
                "budget": None if self._budget is None else str(self._budget),
                "at": self._began,
                "took_s": time.time() - self._began,
                "seconds": now,
                "events": 0 if simulation is None else simulation.events,
                "epochs": 0 if simulation is None else simulation.reports,
                "full_epochs": recording.full_epochs,
                "usage": None if simulation is None else asdict(simulation.usage()),
                "remarks": assumptions(self._task, self._plan, self._cluster),
            },
        }

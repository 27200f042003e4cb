"""Where the runs of a comparison take place: in virtual time, or on Ray."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, TypeAlias, get_args

from tuner.comparison.on_ray import RayRunner
from tuner.comparison.simulated import SimulatedRunner, Tasks
from tuner.comparison.terms import Cell, How, Terms, describe_scenario
from tuner.comparison.workforce import Runner
from tuner.errors import SpecError
from tuner.planning import Plan
from tuner.scenario import Scenario, load_scenario
from tuner.simulating import assumptions
from tuner.simulation import ClusterModel, CurveTask
from tuner.simulation.options import as_cluster

__all__ = ["Arena", "TaskLike", "arena_of"]


TaskLike: TypeAlias = "str | CurveTask | Scenario"


class Arena(Protocol):
    """Where runs take place.

    Attributes:
        how: Its name.
        scenarios: What is tuned, by the name of the task.
        cluster: The simulated cluster, as it is spelled; None on Ray.
        is_parallel: Whether runs can take place in several processes at once.
    """

    @property
    def how(self) -> How: ...  # noqa: D102
    @property
    def scenarios(self) -> Mapping[str, Scenario]: ...  # noqa: D102
    @property
    def cluster(self) -> str | None: ...  # noqa: D102
    @property
    def is_parallel(self) -> bool: ...  # noqa: D102

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return what defines each task, as JSON-able values."""

    def assumptions(self, plans: Mapping[Cell, Plan]) -> list[str]:
        """Return what the results of these plans rest on, a line each."""

    def runner(self, terms: Terms, sweeps_dir: Path, tick: Callable[[], None]) -> Runner:
        """Return what runs the cells of a comparison.

        Args:
            terms: What is compared.
            sweeps_dir: Where sweeps go.
            tick: To be called several times a second by runs that take long in this process.
        """


@dataclass(frozen=True)
class SimulatedArena:
    """Learning curves on a simulated cluster."""

    tasks: Tasks
    model: ClusterModel
    scenarios: Mapping[str, Scenario]
    how: How = "simulated"
    is_parallel: bool = True

    @classmethod
    def of(
        cls,
        tasks: Sequence[str | CurveTask],
        cluster: ClusterModel | str | None,
        workers: int | None,
    ) -> Self:
        """Return the arena of these tasks.

        Raises:
            SpecError: There is no such task, or both a cluster and a number of workers.
        """
        if cluster is not None and workers is not None:
            raise SpecError(
                f"a simulated cluster is given once, got cluster={cluster} and workers={workers}; "
                "leave one of them out"
            )
        chosen = {"cluster": cluster, "max_concurrent_trials": workers}
        found = Tasks({task.name: task for task in tasks if isinstance(task, CurveTask)})
        names = [task if isinstance(task, str) else task.name for task in tasks]
        scenarios = {name: found[name].scenario for name in names}
        return cls(found, as_cluster(chosen), scenarios)

    @property
    def cluster(self) -> str:
        """The cluster as it is spelled."""
        return str(self.model)

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return what defines each task, its optimum with it where that is known."""
        return {
            name: {**describe_scenario(each), "optimum": self.tasks[name].optimum}
            for name, each in self.scenarios.items()
        }

    def assumptions(self, plans: Mapping[Cell, Plan]) -> list[str]:
        """Return what the simulation and the tasks assume."""
        lines: dict[str, None] = {}
        for cell, plan in plans.items():
            task = self.tasks[cell.task]
            for line in assumptions(task, plan, self.model):
                is_own = line in task.remarks and cell.task not in line
                lines[f"{cell.task}: {line}" if is_own else line] = None
        return list(lines)

    def runner(self, terms: Terms, sweeps_dir: Path, tick: Callable[[], None]) -> Runner:
        """Return what runs cells in virtual time."""
        return SimulatedRunner(terms, self.tasks, self.model)


@dataclass(frozen=True)
class RayArena:
    """Sweeps on Ray, one after the other."""

    scenarios: Mapping[str, Scenario]
    how: How = "ray"
    cluster: None = None
    is_parallel: bool = False

    @classmethod
    def of(
        cls,
        scenarios: Sequence[str | Scenario],
        cluster: ClusterModel | str | None,
        workers: int | None,
    ) -> Self:
        """Return the arena of these scenarios.

        Raises:
            ScenarioError: One cannot be loaded.
            SpecError: A simulated cluster is given.
        """
        if cluster is not None or workers is not None:
            given = f"cluster={cluster}" if workers is None else f"workers={workers}"
            raise SpecError(
                f"the cluster of real runs is Ray's, got {given}; give max_concurrent_trials, "
                "num_cpus or address"
            )
        loaded = {
            each if isinstance(each, str) else each.name: load_scenario(each) for each in scenarios
        }
        return cls(loaded)

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return what defines each task."""
        return {name: describe_scenario(each) for name, each in self.scenarios.items()}

    def assumptions(self, plans: Mapping[Cell, Plan]) -> list[str]:
        """Return what limits runs on Ray."""
        remarks = dict.fromkeys(line for plan in plans.values() for line in plan.remarks)
        order = "with more than one worker, the order in which trials report is the machine's"
        return [*remarks, order]

    def runner(self, terms: Terms, sweeps_dir: Path, tick: Callable[[], None]) -> Runner:
        """Return what runs cells as sweeps."""
        return RayRunner(terms, self.scenarios, sweeps_dir, tick)


def arena_of(
    tasks: TaskLike | Sequence[TaskLike],
    how: How | None,
    cluster: ClusterModel | str | None,
    workers: int | None,
) -> Arena:
    """Return where runs of these tasks take place, as `tuner.compare` takes them.

    Raises:
        UsageError: Tasks of both kinds, an unknown one, or one that is named twice.
    """
    several = isinstance(tasks, Sequence) and not isinstance(tasks, str)
    given: list[Any] = list(tasks) if several else [tasks]  # type: ignore[arg-type]
    names = [_task_name(task) for task in given]
    if not given:
        raise SpecError("a comparison has at least one task, got none; for instance branin")
    if how not in (None, *get_args(How)):
        raise SpecError(f"how is one of {', '.join(get_args(How))}, got {how!r}")
    for name in names:
        if names.count(name) > 1:
            raise SpecError(f"every task counts once, got {name!r} {names.count(name)} times")
    real = {isinstance(each, Scenario) or (isinstance(each, str) and how == "ray")
            for each in given}  # fmt: skip
    if len(real) > 1 or (how is not None and real != {how == "ray"}):
        raise SpecError(
            "a comparison is simulated (of learning curves) or real (of scenarios, how='ray'), "
            f"got {', '.join(names)} with how={how!r}"
        )
    return (RayArena if True in real else SimulatedArena).of(given, cluster, workers)


def _task_name(task: TaskLike) -> str:
    if not isinstance(task, str | CurveTask | Scenario):
        raise SpecError(
            f"a task is the spelling of learning curves, a CurveTask or a Scenario, got {task!r}"
        )
    return task if isinstance(task, str) else task.name

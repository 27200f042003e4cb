"""The keywords of `tuner.simulate`: those of `tuner.run` that mean something in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tuner.budgets import Budget, parse_budget
from tuner.errors import SpecError, nearest
from tuner.options import CommonOptions, SweepOptions
from tuner.simulation.cluster import ClusterModel, parse_cluster

if TYPE_CHECKING:
    from tuner.places import Uri

__all__ = ["SimulationOptions", "as_budget", "as_cluster", "sweep_options"]


class SimulationOptions(CommonOptions, total=False):
    """What `tuner.simulate` accepts beside the curves; `SweepSpec` explains those of a sweep.

    ``cluster`` is a `ClusterModel` or its spelling, such as ``"8x4gpu:start_s=10"``; without one
    there are as many equal workers as ``max_concurrent_trials`` says, or a single one. ``budget``
    is a `Budget` or its spelling, such as ``"500epochs"``; with one, and no ``num_samples``,
    trials are made until it is used up. ``time_budget_s`` counts simulated seconds. Without
    ``storage_path`` the result is kept in memory. ``progress`` is ``"auto"`` (a line that follows
    the simulation, in a terminal) or ``"none"``.
    """

    storage_path: str | Path | Uri | None
    cluster: ClusterModel | str | None
    budget: Budget | str | None


_DESCRIBE = "a simulation needs no Ray; describe the machines with cluster"
_STAY_WARM = "simulated workers stay warm; cluster says what that saves (start_s, reset_s)"
_NO_FILES = "a simulation saves nothing but its tables"
_MEANINGLESS = {
    "address": _DESCRIBE,
    "num_cpus": _DESCRIBE,
    "num_gpus": _DESCRIBE,
    "wait_for_resources_s": _DESCRIBE,
    "trial_timeout_s": "no simulated trial ever hangs",
    "worker_mode": _STAY_WARM,
    "max_trials_per_worker": _STAY_WARM,
    "fuse": "simulated trials take no process",
    "keep_checkpoints": _NO_FILES,
    "keep_final": _NO_FILES,
    "callbacks": "there are no trials of Ray's to tell them of",
    "fail_fast": "what fails in a simulation is the cluster's doing; leave it out",
}


def sweep_options(given: Mapping[str, Any]) -> SweepOptions:
    """Return the options of `tuner.run` among those of `tuner.simulate`.

    Raises:
        SpecError: One is unknown, or means nothing in virtual time.
    """
    known = SimulationOptions.__annotations__
    for name in given:
        if name in _MEANINGLESS:
            raise SpecError(f"tuner.simulate does not take {name}: {_MEANINGLESS[name]}")
        if name not in known:
            raise SpecError(f"tuner.simulate has no option {name!r}{nearest(name, known)}")
    progress = given.get("progress", "auto")
    if progress not in ("auto", "none"):
        raise SpecError(f"progress of a simulation is 'auto' or 'none', got {progress!r}")
    both = SweepOptions.__annotations__.keys() - {"progress"}
    options = {name: value for name, value in given.items() if name in both and value is not None}
    return cast(SweepOptions, options)


def as_budget(given: Mapping[str, Any]) -> Budget | None:
    """Return what may be spent, by ``budget`` or ``time_budget_s``.

    Raises:
        SpecError: Both are given, or the budget spells none.
    """
    budget, seconds = given.get("budget"), given.get("time_budget_s")
    if budget is not None and seconds is not None:
        raise SpecError(
            f"a simulation has one budget, got budget={str(budget)!r} and time_budget_s={seconds}; "
            "leave one of them out"
        )
    if seconds is not None:
        return Budget(seconds, "seconds")
    if budget is None or isinstance(budget, Budget):
        return budget
    if not isinstance(budget, str):
        raise SpecError(f"budget is a Budget or text such as '500epochs', got {budget!r}")
    return parse_budget(budget)


def as_cluster(given: Mapping[str, Any]) -> ClusterModel:
    """Return where trials run.

    Raises:
        SpecError: The cluster spells none.
    """
    cluster = given.get("cluster")
    if cluster is None:
        return ClusterModel(given.get("max_concurrent_trials") or 1)
    if isinstance(cluster, ClusterModel):
        return cluster
    if not isinstance(cluster, str):
        raise SpecError(f"cluster is a ClusterModel or text such as '8x4gpu', got {cluster!r}")
    return parse_cluster(cluster)

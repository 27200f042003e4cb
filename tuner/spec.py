"""`SweepSpec`: everything that decides a sweep, as plain values that survive JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeAlias

from tuner.bundles import Placement, Shape
from tuner.objectives import Mode, Objective

__all__ = ["SweepSpec", "WorkerMode"]

WorkerMode: TypeAlias = Literal["warm", "cold"]
"""Whether a worker process serves many trials, or one."""


@dataclass(frozen=True, kw_only=True)
class SweepSpec:
    """A sweep, resolved: every default filled in.

    Attributes:
        name: The sweep's name, its folder below ``storage_path``.
        storage_path: The folder that holds sweeps, absolute, or its URI without credentials.
        scenario: The scenario's name.
        source: How the scenario is loaded again (bundled name, module, file); None if it was
            built in Python.
        space: The search space as JSON (`tuner.space.to_json`).
        own_space: Whether it is another one than the scenario's: given when the sweep was
            resumed, or made by ``tuner.explore`` or ``tuner.refine``.
        metric: What is tuned; of several objectives the primary.
        mode: Whether lower (``"min"``) or higher (``"max"``) is better.
        objectives: All that is tuned, ``metric`` with ``mode`` first; filled in where it is left
            out.
        own_objectives: Whether they were given in place of the scenario's.
        own_limits: Which of ``max_t``, ``grace_period`` and ``resources`` were given so.
        roles: What hyperparameters are, by full flat name (see `tuner.Scenario`); of those that
            ``tuner.explore`` fixed, too.
        lineage: Of a sweep that refines another one, where it comes from, as plain values
            (`tuner.playbook.refinement.lineage.Lineage`); None for others.
        time_attr: What counts as a trial's time.
        max_t: Trials end there, in units of ``time_attr``.
        grace_period: Schedulers leave younger trials alone, in units of ``time_attr``.
        scheduler: As in an arm, ``"asha:reduction_factor=3"``; a class path for an object.
        searcher: Likewise.
        num_samples: How many trials; with a grid in a ``random`` sweep, how many times the grid;
            None for as many as the searcher makes or the time budget allows.
        max_concurrent_trials: Bound on trials that run at once; None for what the cluster holds.
        time_budget_s: Bound on the sweep's wall time in seconds; None for none.
        resources: What one trial takes: ``cpu``, ``gpu`` (shares allowed), custom names; of
            several bundles the sum. Nothing where the scenario has a function that says so of a
            configuration; the share that was measured where it asked for ``"auto"``.
        bundles: How that is divided, the trial's own process first; empty for a single bundle.
        placement: Whether trials, and the bundles of each, go to as few nodes as possible
            (``"pack"``) or to as many (``"spread"``); see `tuner.Scenario`.
        points_to_evaluate: Configurations to try first.
        warm_start: Where the earlier sweeps lie from which the searcher learns first.
        seed: The master seed.
        address: Of a running Ray cluster; None for a local Ray.
        num_cpus: Logical CPUs of the local Ray; None for what the machine has.
        num_gpus: Logical GPUs of the local Ray; None for what the machine has.
        share: The sweep's weight among those that share the cluster: while others want it too,
            it uses its part of the sum of their weights; what they leave, it takes.
        metrics: Whether metrics go to Ray's exporter for Prometheus; None for on a cluster only.
        wait_for_resources_s: How long to wait for a node that can hold a trial; None to wait
            only where an autoscaler is active.
        max_failures: How often a failed trial is tried again; -1 for always.
        fail_fast: End the sweep at the first failed trial.
        trial_timeout_s: A trial silent for longer has hung; None for no bound.
        checkpoint_frequency: Save a class trainable every so many reports; 0 for never.
        keep_checkpoints: How many of the best trials that ended keep their last checkpoint.
        keep_final: Every trial saves when it ends, and all those checkpoints are kept.
        worker_mode: ``"warm"``: a worker process serves many trials; ``"cold"``: one.
        max_trials_per_worker: A warm worker's process is replaced after so many trials; 0 for
            never. What is seen to grow (`tuner.runtime.upkeep`) replaces it earlier. The default
            bounds what no reading shows, and costs little: a process takes 2 to 7 s to start,
            which is less than 1 % of a thousand trials of one second.
        fuse: How many trials a worker process trains at once, as one batch of models; it takes so
            many times what one trial takes. 1 for each in a process of its own.
        notes: Free text.
        tags: Free labels.
    """

    name: str
    storage_path: str
    scenario: str
    source: str | None
    space: Mapping[str, Any] = field(repr=False)
    metric: str
    mode: Mode
    time_attr: str
    max_t: int
    grace_period: int
    scheduler: str
    searcher: str
    seed: int
    resources: Mapping[str, float]
    bundles: Sequence[Mapping[str, float]] = ()
    placement: Placement = "pack"
    num_samples: int | None = None
    max_concurrent_trials: int | None = None
    time_budget_s: float | None = None
    points_to_evaluate: Sequence[Mapping[str, Any]] = ()
    warm_start: Sequence[str] = ()
    address: str | None = None
    num_cpus: int | None = None
    num_gpus: int | None = None
    share: float = 1.0
    metrics: bool | None = None
    wait_for_resources_s: float | None = None
    max_failures: int = 0
    fail_fast: bool = False
    trial_timeout_s: float | None = None
    checkpoint_frequency: int = 0
    keep_checkpoints: int = 5
    keep_final: bool = False
    worker_mode: WorkerMode = "warm"
    max_trials_per_worker: int = 1000
    fuse: int = 1
    notes: str = ""
    tags: Sequence[str] = ()
    own_space: bool = False
    objectives: Sequence[Objective] = ()
    own_objectives: bool = False
    own_limits: Sequence[str] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    lineage: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        objectives = tuple(self.objectives) or (Objective(self.metric, self.mode),)
        object.__setattr__(self, "objectives", objectives)

    @property
    def arm(self) -> str:
        """Scheduler and searcher in one spelling, ``"asha:reduction_factor=3+hyperopt"``."""
        return f"{self.scheduler}+{self.searcher}"

    @property
    def shape(self) -> Shape:
        """What one trial takes, and where."""
        return Shape.of(self.resources, self.bundles, self.placement)

    def to_json(self) -> dict[str, Any]:
        """Return the spec as JSON-able values, in the order of its fields."""
        return {**asdict(self), "objectives": [asdict(each) for each in self.objectives]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SweepSpec:
        """Return the spec that `to_json` gave; names this version does not know are left out."""
        known = {item.name for item in fields(cls)}
        objectives = [Objective(**each) for each in data.get("objectives", ())]
        values = {name: value for name, value in data.items() if name in known}
        if not data.get("reuse_actors", True):  # what worker_mode was once
            values["worker_mode"] = "cold"
        return cls(**{**values, "objectives": objectives})

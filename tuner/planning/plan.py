"""A sweep that can start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from tuner.places import Place
from tuner.scenario import Scenario
from tuner.schedulers import SchedulerEntry
from tuner.schedulers.policy import PolicyReplay
from tuner.spec import SweepSpec
from tuner.warm_start import WarmStart

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """A sweep that can start.

    Attributes:
        spec: What it is, as plain values.
        storage: The folder or URI that holds sweeps; it may have credentials, the spec has none.
        scenario: What is tuned, with the call's overrides.
        scheduler: Ray's scheduler, fresh.
        searcher: Ray's searcher, fresh.
        entry: What is known of the scheduler; None for a user's own kind.
        num_trials: How many trials there will be at most; None for no bound.
        numbers: Those of the trials, from which their seeds follow; none to count from 0.
        warm_start: What the searcher is taught first; None for nothing that is not stored yet.
        remarks: What the user should know, a line each.
    """

    spec: SweepSpec
    storage: Place
    scenario: Scenario
    scheduler: TrialScheduler
    searcher: Searcher
    entry: SchedulerEntry | None
    num_trials: int | None
    numbers: tuple[int, ...] = ()
    warm_start: WarmStart | None = None
    remarks: tuple[str, ...] = ()

    @property
    def bracket(self) -> int | None:
        """How many trials the largest bracket of Ray's HyperBand holds; None for others.

        Other schedulers pause trials until a bracket is filled, and need no more than run.
        """
        scheduler: Any = self.scheduler
        if self.entry is None or self.entry.name != "ray_hyperband":
            return None
        return max(int(scheduler._get_n0(s)) for s in range(scheduler._s_max_1))

    @property
    def copies(self) -> bool:
        """Whether a trial that pauses may go on otherwise: from its checkpoint, and only there."""
        return self.population is not None or isinstance(self.scheduler, PolicyReplay)

    @property
    def population(self) -> int | None:
        """How many trials must exist from the start; None for schedulers without a population."""
        if self.entry is None or not self.entry.population:
            return None
        return self.num_trials

"""A Ray Tune trial of a sweep, without what only Ray's own loggers and snapshots are in need of."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ray.actor import ActorHandle
from ray.air.constants import TRAINING_ITERATION
from ray.train._internal.storage import StorageContext
from ray.tune import PlacementGroupFactory
from ray.tune.experiment import Trial
from ray.tune.experiment.trial import _get_trainable_kwargs
from ray.tune.trainable import Trainable

from tuner.resources import Bundle
from tuner.runtime.exhaustion import (
    Enlarged,
    Infeasible,
    Sequel,
    after_exhaustion,
    enlarged_again,
    exhausted,
)

__all__ = ["SweepTrial"]

_MOST_LOSSES = 5  # of its worker, in a row: a trial may itself be what brings nodes down


class SweepTrial(Trial):
    """A trial that knows its trainable, and keeps no statistics of its reports.

    Ray looks trainables up by name, in a registry that all sweeps of a process share: three calls
    to Ray's head node for each trial, and one unpickling. It has each worker that takes up a trial
    say where it runs, twice, for the case that the trial never reports; makes a folder for each on
    the driver; and keeps lowest, highest and latest values of all numbers: 18 KB per trial, and a
    quarter of what a report costs.

    Attributes:
        trainable_class: What trains.
        keeps_files: Whether callbacks write files of the trial on the driver.
        excuse: What its latest failure is put down to, if not to the trial itself: then the trial
            is tried again, and the failure is not counted.
        larger: The bundles that it takes once it is tried again, where they are larger.
    """

    trainable_class: type[Trainable]
    keeps_files = False
    excuse: str | None = None
    larger: Sequence[Bundle] | None = None
    _furthest = 0
    _losses = 0

    def get_trainable_cls(self) -> type[Trainable]:
        """Return the class that trains."""
        return self.trainable_class

    def create_placement_group_factory(self) -> None:
        """Find out what the trial takes, once: what it was given since then is kept."""
        if self.placement_group_factory is None:
            super().create_placement_group_factory()  # type: ignore[no-untyped-call]

    def init_local_path(self) -> None:
        """Name the trial's folder, and make it where somebody writes into it."""
        if self.keeps_files:
            super().init_local_path()  # type: ignore[no-untyped-call]
        elif not self.relative_logdir:
            self.relative_logdir = self.trial_id  # type: ignore[assignment]
            self.storage.trial_dir_name = self.trial_id  # type: ignore[union-attr]

    def lost(self, why: str) -> None:
        """Its worker is gone, which is not its fault, unless it never gets further than that.

        Args:
            why: In a few words.
        """
        reached = int((self.last_result or {}).get(TRAINING_ITERATION) or 0)
        if reached > self._furthest:
            self._furthest, self._losses = reached, 0
        self._losses += 1
        self.excuse = why if self._losses <= _MOST_LOSSES else None

    def weigh(self, error: str, *, peak: float | None, nodes: Sequence[Bundle]) -> Sequel | None:
        """Look into a failure: one for want of memory is no fault of the trial's.

        Args:
            error: What it is told as, whole.
            peak: Bytes of host memory that it is known to have held at most.
            nodes: Each node's total resources, in Ray's spelling.

        Returns:
            What becomes of the trial; None where it lacked no memory that it had asked for.
        """
        shape: Any = self.placement_group_factory
        asked = shape.required_resources.get("memory")
        what = exhausted(error, asked=asked, peak=peak)
        if what is None:
            return None
        sequel = after_exhaustion(what, shape.bundles, nodes, shape.strategy.lower())
        if isinstance(sequel, Enlarged):
            self.excuse, self.larger = sequel.why, sequel.bundles
        elif isinstance(sequel, Infeasible):
            self.max_failures = 0
        return sequel

    def enlarge_as(self, recorded: Sequence[Bundle]) -> None:
        """Have the trial take, once it is tried again, what it took then, or more."""
        shape: Any = self.placement_group_factory
        self.larger = enlarged_again(shape.bundles, recorded)

    def take(self, bundles: Sequence[Bundle]) -> None:
        """Have the trial take something else from now on; it must have no worker."""
        shape: Any = self.placement_group_factory
        head: list[Bundle] = [{}] if shape.head_bundle_is_empty else []
        self.placement_group_factory = PlacementGroupFactory(  # type: ignore[assignment]
            [dict(bundle) for bundle in [*head, *bundles]], strategy=shape.strategy
        )
        self.larger = None

    def worker_arguments(self) -> tuple[dict[str, Any], StorageContext]:
        """Return what its class is made with, or reset with: a configuration and its storage."""
        arguments = _get_trainable_kwargs(self)
        return arguments["config"], arguments["storage"]

    def handle_error(self, exc: Exception | None = None) -> None:
        """Keep an error, in the trial's folder; count it where there is no excuse."""
        if self.local_path is not None:
            Path(self.local_path).mkdir(parents=True, exist_ok=True)
        counted = self.run_metadata.num_failures
        super().handle_error(exc)  # type: ignore[arg-type]
        if self.excuse is not None:
            self.run_metadata.num_failures = counted

    def should_recover(self) -> bool:
        """Return whether it is to be tried again after its latest failure."""
        if self.excuse is not None:
            return True
        return bool(super().should_recover())  # type: ignore[no-untyped-call]

    def set_ray_actor(self, ray_actor: ActorHandle[Any] | None) -> None:
        """Say which worker runs the trial."""
        self.temporary_state.ray_actor = ray_actor

    def update_last_result(self, result: dict[str, Any]) -> None:
        """Keep the latest report."""
        self.run_metadata.last_result = result
        self.run_metadata.last_result_time = time.time()

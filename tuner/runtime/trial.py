"""A Ray Tune trial of a sweep, without what only Ray's own loggers and snapshots are in need of."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ray.actor import ActorHandle
from ray.tune.experiment import Trial
from ray.tune.trainable import Trainable

__all__ = ["SweepTrial"]


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
    """

    trainable_class: type[Trainable]
    keeps_files = False

    def get_trainable_cls(self) -> type[Trainable]:
        """Return the class that trains."""
        return self.trainable_class

    def init_local_path(self) -> None:
        """Name the trial's folder, and make it where somebody writes into it."""
        if self.keeps_files:
            super().init_local_path()  # type: ignore[no-untyped-call]
        elif not self.relative_logdir:
            self.relative_logdir = self.trial_id  # type: ignore[assignment]
            self.storage.trial_dir_name = self.trial_id  # type: ignore[union-attr]

    def handle_error(self, exc: Exception | None = None) -> None:
        """Keep an error, in the trial's folder."""
        if self.local_path is not None:
            Path(self.local_path).mkdir(parents=True, exist_ok=True)
        super().handle_error(exc)  # type: ignore[arg-type]

    def set_ray_actor(self, ray_actor: ActorHandle[Any] | None) -> None:
        """Say which worker runs the trial."""
        self.temporary_state.ray_actor = ray_actor

    def update_last_result(self, result: dict[str, Any]) -> None:
        """Keep the latest report."""
        self.run_metadata.last_result = result
        self.run_metadata.last_result_time = time.time()

"""A sweep that a test drives step by step, while something follows its folder."""

from __future__ import annotations

import json
from pathlib import Path

from stored_sweeps import configs, planted, stored

from tuner.store import SweepLayout, SweepWriter, load, write_spec
from tuner.store.lock import SweepLock


class RunningSweep:
    """Twelve trials have ended, and this process drives the sweep.

    Args:
        folder: Where the sweep's folder is made.
        trials: How many have ended; their losses fall from trial to trial.
    """

    def __init__(self, folder: Path, trials: int = 12) -> None:
        ended = [planted(config, 1.0, 1 / (2 + n)) for n, config in enumerate(configs(trials))]
        sweep = stored(folder, ended, num_samples=trials + 3)
        self.path = sweep.path
        self.layout = SweepLayout(sweep.path)
        self.lock = SweepLock.acquire(self.layout)
        self._writer = SweepWriter.reopen(
            self.layout, metric="loss", mode="min", time_attr="epoch", flush_every_s=1e9
        )
        self._status("running")

    def report(self, trial: str, epoch: int, loss: float) -> None:
        """A trial, new or not, reports."""
        if epoch == 1:
            self._writer.trial(trial, status="RUNNING", config={"x": 0.5, "y": 0.5}, attempts=1)
        self._writer.report(
            {
                "trial_id": trial, "attempt": 1, "training_iteration": epoch, "epoch": epoch,
                "time_total_s": float(epoch), "timestamp": 200.0 + epoch, "loss": loss,
            }
        )  # fmt: skip

    def end(self) -> None:
        """The sweep ends as it should."""
        self._writer.close()
        self._status("finished")
        self.lock.release()

    def die(self) -> None:
        """Leave all as a killed driver does: its lock names a process that is gone."""
        path = self.layout.lock(self.lock.number)
        path.write_text(json.dumps({**json.loads(path.read_text()), "started": 1}))

    def _status(self, status: str) -> None:
        spec = load(self.path).spec.to_json()
        ended = None if status == "running" else 300.0
        write_spec(self.layout, {"spec": spec, "status": status, "started": 100.0, "ended": ended})

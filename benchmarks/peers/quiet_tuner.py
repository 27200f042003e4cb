"""Syne Tune over a simulated backend, without what it prints and stores as it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from syne_tune import StoppingCriterion, Tuner
from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback

__all__ = ["quiet_tuner"]


def quiet_tuner(
    backend: Any, scheduler: Any, stop: StoppingCriterion, workers: int, folder: str
) -> Tuner:
    """Return a tuner; after ``run()``, ``callbacks[0].results`` has a row per report.

    Args:
        backend: Simulated.
        scheduler: What decides.
        stop: When to end.
        workers: How many trials train at once.
        folder: Where it may leave files.
    """
    tuner = Tuner(
        trial_backend=backend,
        scheduler=scheduler,
        stop_criterion=stop,
        n_workers=workers,
        sleep_time=0,
        callbacks=[SimulatorCallback()],
        save_tuner=False,
        results_update_interval=1e9,
        print_update_interval=1e9,
        tuner_name="peer",
    )
    tuner.tuner_path = Path(folder)
    return tuner

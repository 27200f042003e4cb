"""What so many trials on one GPU do together, in sweeps like any other."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass

import pandas as pd

import tuner
from gpus.workloads import Workload
from tuner.gpu_sharing import share_of

_DEATHS = ("failed", "infeasible", "hung")


@dataclass(frozen=True)
class Throughput:
    """One sweep.

    Attributes:
        trials: How many shared the GPU.
        reports_per_s: Of all together, while all of them trained.
        deaths: How many of them ran out of memory, were tried again or failed.
        seconds: How long all of them trained at once.
    """

    trials: int
    reports_per_s: float
    deaths: int
    seconds: float


def measure(workload: Workload, trials: int, *, cpu: float, seconds: float) -> Throughput:
    """Train so many trials of the typical configuration on one GPU.

    Args:
        workload: What they train.
        trials: How many.
        cpu: What each takes of the CPUs.
        seconds: How long the sweep runs, starting workers included.
    """
    with tempfile.TemporaryDirectory(prefix="tuner-gpu-") as folder:
        sweep = tuner.run(
            workload.scenario,
            scheduler="fifo",
            searcher="random",
            num_samples=trials,
            points_to_evaluate=[dict(workload.typical)] * trials,
            resources={"cpu": cpu, "gpu": share_of(trials)},
            max_t=1_000_000,
            max_concurrent_trials=trials,
            time_budget_s=seconds,
            seed=0,
            storage_path=folder,
            progress="none",
        )
        rate, lasted = rate_of(sweep.reports(), trials)
        retries = (sweep.decisions()["decision"] == "RETRY").sum()
        deaths = int(retries + sweep.trials()["outcome"].isin(_DEATHS).sum())
    return Throughput(trials, rate, deaths, lasted)


def rate_of(reports: pd.DataFrame, trials: int) -> tuple[float, float]:
    """Return the reports per second of all trials while all of them trained, and for how long.

    Args:
        reports: With ``trial_id``, ``time_total_s`` and ``timestamp``.
        trials: How many there must be; with fewer the rate is 0.
    """
    first = reports.groupby("trial_id")["timestamp"].min()
    if len(first) < trials:
        return 0.0, 0.0
    shared = reports[reports["timestamp"] >= first.max()].groupby("trial_id")["time_total_s"]
    spans, counts = shared.max() - shared.min(), shared.count() - 1
    if len(spans) < trials or not (counts > 0).all():
        return 0.0, 0.0
    return float((counts / spans).sum()), float(spans.min())

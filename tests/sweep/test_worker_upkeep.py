"""What one trial does to its worker process, and the next one sees of it."""

from __future__ import annotations

from typing import Any

from ray import tune
from sweeping import Run, make_scenario

import tuner


def test_a_worker_is_as_new_for_each_trial_and_is_replaced_in_time(run: Run) -> None:
    @tuner.cached
    def load() -> list[int]:
        return []

    def meddle(config: dict[str, Any]) -> None:
        import os
        import sys

        left = ("OF_A_TRIAL" in os.environ) + ("/of/a/trial" in sys.path)
        os.environ["OF_A_TRIAL"] = "1"
        sys.path.append("/of/a/trial")
        load().append(1)
        served = len(load())
        report = {"loss": config["x"], "epoch": 1, "worker": os.getpid()}
        tune.report(report | {"left": left, "served": served})

    sweep = run(
        make_scenario(meddle, max_t=1),
        num_samples=5,
        max_concurrent_trials=1,
        max_trials_per_worker=3,
    )
    reports = sweep.reports()
    assert set(reports.left) == {0}
    assert list(reports.served) == [1, 2, 3, 1, 2]
    assert list(reports.groupby("worker", sort=False).size()) == [3, 2]

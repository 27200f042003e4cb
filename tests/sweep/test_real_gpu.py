"""Shares of a real GPU: held, outgrown and measured."""

from __future__ import annotations

from typing import Any

import pytest
from sweeping import Run, make_class, make_scenario

import tuner
from tuner.capping import CONTEXT_BYTES, ShareCap
from tuner.runtime.exhaustion import Exhausted, exhausted

pytestmark = pytest.mark.gpu


def make_hungry() -> type[tuner.EpochTrainable]:
    class Hungry(make_class()):  # type: ignore[misc]
        """Holds 0.3 of its GPU's memory from its second epoch on."""

        def train_epoch(self) -> dict[str, float]:
            import torch

            if self.steps:
                total = torch.cuda.get_device_properties(0).total_memory
                self.held = torch.empty(int(0.3 * total), dtype=torch.uint8, device="cuda")
            report: dict[str, float] = super().train_epoch()
            return report

    return Hungry


def test_a_process_cannot_take_more_than_its_share() -> None:
    import torch

    total = torch.cuda.get_device_properties(0).total_memory
    try:
        ShareCap(0.1, environment={}, mps_runs=lambda: False)
        small = torch.empty(int(0.1 * total) - 2 * CONTEXT_BYTES, dtype=torch.uint8, device="cuda")
        with pytest.raises(torch.cuda.OutOfMemoryError) as caught:
            torch.empty(int(0.1 * total) - len(small), dtype=torch.uint8, device="cuda")
        assert exhausted(f"{type(caught.value).__name__}: {caught.value}") is Exhausted.device
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def test_a_trial_outgrows_its_share(run: Run) -> None:
    sweep = run(
        make_scenario(make_hungry()),
        resources={"cpu": 0.5, "gpu": 0.25},
        num_samples=2,
        checkpoint_frequency=1,
    )
    trials = sweep.trials()
    assert set(trials.outcome) == {"completed"}
    assert set(trials.gpu) == {0.5}
    assert (sweep.decisions()["decision"] == "RETRY").sum() == 2


def test_a_share_is_measured(ray_cluster: str) -> None:
    probe = tuner.probe("digits_cnn", resources={"cpu": 0.5}, progress="none")
    assert 1 <= probe.trials <= 4  # the node has two CPUs
    assert all(_plausible(each, probe.total_bytes) for each in probe.alone)
    assert all(each.reports_per_s > 0 for each in probe.together)


def _plausible(alone: Any, total_bytes: int) -> bool:
    return 0 < alone.peak_bytes < total_bytes and 0 < alone.context_bytes < total_bytes

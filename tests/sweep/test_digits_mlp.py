"""The bundled scenario with arms of several kinds, on two nodes with shared GPUs."""

from __future__ import annotations

import pytest
from sweeping import Run

import tuner


def check(sweep: tuner.Sweep) -> None:
    assert set(sweep.trials().outcome) <= {"completed", "stopped"}
    reports = sweep.reports()
    columns = {"train_loss", "val_loss", "val_accuracy", "val_precision", "val_recall", "val_error"}
    assert columns <= set(reports.columns)
    assert reports.val_error.between(0, 1).all()
    assert sweep.exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheduler", "searcher"),
    [("asha:reduction_factor=3", "hyperopt"), ("pbt:perturbation_interval=2", "random")],
)
def test_digits_mlp_on_half_a_gpu(run: Run, scheduler: str, searcher: str) -> None:
    options = {"num_samples": 6, "max_t": 4, "resources": {"cpu": 1, "gpu": 0.5}}
    check(run("digits_mlp", scheduler=scheduler, searcher=searcher, **options))


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize("scheduler", ["hyperband", "fifo"])
def test_digits_mlp_with_other_schedulers(run: Run, scheduler: str) -> None:
    check(run("digits_mlp", scheduler=scheduler, searcher="hyperopt", num_samples=6, max_t=4))

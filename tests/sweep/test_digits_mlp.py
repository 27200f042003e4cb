"""The bundled scenario with the arms that the README names, on two nodes with shared GPUs."""

from __future__ import annotations

import pytest
from sweeping import Run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheduler", "searcher"),
    [
        ("asha:reduction_factor=3", "hyperopt"),
        ("hyperband", "hyperopt"),
        ("pbt:perturbation_interval=2", "random"),
        ("fifo", "hyperopt"),
    ],
)
def test_digits_mlp_on_a_quarter_of_a_gpu(run: Run, scheduler: str, searcher: str) -> None:
    sweep = run(
        "digits_mlp",
        scheduler=scheduler,
        searcher=searcher,
        num_samples=6,
        max_t=4,
        resources={"cpu": 0.5, "gpu": 0.25},
    )
    assert set(sweep.trials().outcome) <= {"completed", "stopped"}
    reports = sweep.reports()
    columns = {"train_loss", "val_loss", "val_accuracy", "val_precision", "val_recall", "val_error"}
    assert columns <= set(reports.columns)
    assert reports.val_error.between(0, 1).all()
    assert sweep.exit_code == 0

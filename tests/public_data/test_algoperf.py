"""The published logs of AlgoPerf become two tables."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from tuner.errors import DataError
from tuner.public_data import algoperf

LOGS = "previous_leaderboards/algoperf_v05/logs"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Three logs; one of them does not say of which workload it is."""
    logs = {
        f"{LOGS}/external_tuning/baseline/study_0/ogbg_model_size_jax/trial_2": (
            "global_step,total_duration,validation/mean_average_precision,validation/loss\n"
            "1,20.5,0.25,9\n50,40.5,0.5,8\n"
        ),
        f"{LOGS}/self_tuning/adamg/study_3/criteo1tb_pytorch/trial_1": (
            "validation/loss,total_duration\n0.5,7\nNaN,8\n"
        ),
        f"{LOGS}/external_tuning/schedule_free_adamw/study_0/trial_1": "total_duration\n1\n",
    }
    for path, text in logs.items():
        folder = tmp_path / "clone" / path
        folder.mkdir(parents=True)
        (folder / "eval_measurements.csv").write_text(text)
    return tmp_path / "clone"


def test_a_row_per_training_and_a_row_per_evaluation(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(algoperf, "_TRAININGS", 2)

    algoperf.convert(clone, tmp_path)

    trials = pd.read_parquet(tmp_path / algoperf.TRIALS)
    first, second = trials.to_dict("records")
    assert first == {
        "trial_id": 0, "version": "algoperf_v05", "track": "external_tuning",
        "submission": "baseline", "study": 0, "workload": "ogbg_model_size", "framework": "jax",
        "trial_no": 2, "metric": "mean_average_precision", "mode": "max", "gpu_count": 8,
    }  # fmt: skip
    assert (second["workload"], second["metric"], second["mode"]) == ("criteo1tb", "loss", "min")
    curves = pd.read_parquet(tmp_path / algoperf.CURVES)
    assert curves[["trial_id", "epoch"]].to_numpy().tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]]
    assert curves["elapsed_total_incl_eval"].tolist() == [20.5, 40.5, 7.0, 8.0]
    assert curves["metric_value"].tolist()[:3] == [0.25, 0.5, 0.5]
    assert math.isnan(curves["metric_value"].iloc[3])


def test_another_commit_is_refused(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the logs of 2 trainings, not of 4359: check out"):
        algoperf.convert(clone, tmp_path)

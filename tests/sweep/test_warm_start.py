"""Sweeps whose searcher learns from earlier ones, and with several objectives."""

from __future__ import annotations

import shutil

import pytest
from sweeping import Run, make_scenario

import tuner
from tuner.errors import StorageError
from tuner.store import SweepLayout


def configs(sweep: tuner.Sweep) -> list[dict[str, float]]:
    return sweep.trials()["config"].tolist()


@pytest.mark.usefixtures("one_process")
def test_what_was_taught_is_taught_again_where_the_sweep_goes_on(
    run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    earlier = run(name="earlier", num_samples=6, max_t=2)
    taught = {
        "searcher": "hyperopt:n_initial_points=2",
        "warm_start": [earlier.path],
        "max_concurrent_trials": 1,
        "max_t": 2,
        "progress": "lines",
    }
    capfd.readouterr()
    whole = run(name="whole", num_samples=4, **taught)
    folder, first, *_ = capfd.readouterr().err.splitlines()
    assert folder.endswith("whole")
    assert first.startswith(f"warm start from {earlier.path}: 6 trials used, 0 skipped")
    half = run(name="half", num_samples=2, **taught)
    shutil.rmtree(earlier.path)
    again = tuner.resume(half.path, scenario=make_scenario(), num_samples="+2", progress="none")
    assert configs(again) == configs(whole)
    assert again.spec.warm_start == [str(earlier.path)]

    SweepLayout(half.path).warm_start_file.unlink()
    with pytest.raises(StorageError, match=r"warm_start\.parquet is gone, .* bring it back"):
        tuner.resume(half.path, scenario=make_scenario(), num_samples="+1", progress="none")


@pytest.mark.usefixtures("one_process")
def test_several_objectives(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    sweep = run(
        scheduler="asha",
        searcher="optuna:sampler=nsga2,population_size=2",
        metric=["loss", "time_total_s", "nowhere"],
        mode=["min", "min", "max"],
        max_t=2,
        progress="lines",
    )
    told = capfd.readouterr().err
    _, remark, *_ = told.splitlines()
    assert remark == "asha judges trials by loss alone, not by time_total_s, nowhere"
    assert "ended without nowhere: such a trial is in no Pareto front" in told
    assert told.count("ended without") == 1
    assert sweep.pareto().empty
    assert sweep.trials()["last/time_total_s"].notna().all()
    assert sweep.best().value == sweep.trials()["best/loss"].min()

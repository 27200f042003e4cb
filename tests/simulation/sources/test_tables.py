"""The tables hold what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tuner.errors import SpecError
from tuner.simulation.sources import find_task
from tuner.simulation.sources.tables import BUNDLED

DIGITS = BUNDLED / "digits_mlp.parquet"


def test_the_bundled_recording_is_whole() -> None:
    recording = pd.read_parquet(DIGITS)

    assert DIGITS.stat().st_size < 500_000
    assert b"recording" in pq.read_schema(DIGITS).metadata
    assert recording["trial_id"].nunique() == 200
    assert recording["epoch"].max() == find_task("digits_mlp").scenario.max_t == 27
    configs = recording.filter(regex="^config/").drop_duplicates()
    assert configs.shape == (200, 12)
    assert not configs.isna().to_numpy().any()
    assert bool(recording["complete"].all())
    epochs = recording.groupby("trial_id")["epoch"]
    assert all(list(each) == list(range(1, len(each) + 1)) for _, each in epochs)


def test_the_bundled_recording_has_something_to_find() -> None:
    final = pd.read_parquet(DIGITS).groupby("trial_id")["val_error"].last()

    assert final.min() < 0.02
    assert final.median() > 2 * final.min()
    assert final.max() > 0.5


def test_a_cell_of_nasbench_nlp(public_data: Callable[[str], Path]) -> None:
    recorded = pd.read_parquet(public_data("nasbench_nlp") / "curves.parquet")
    task = find_task("nasbench_nlp")
    cell = recorded[recorded["config_id"] == 7]

    curve = task.curves.curve({"cell": 7}, 0)

    assert task.scenario.max_t == 50
    assert list(curve.metrics["val_loss"]) == cell["val_loss"].tolist()
    assert list(curve.seconds) == cell["epoch_seconds"].tolist()


def test_a_cell_that_diverged_ends_with_nan(
    public_data: Callable[[str], Path], simulate: Any
) -> None:
    public_data("nasbench_nlp")
    values = find_task("nasbench_nlp").curves.curve({"cell": 186}, 0).metrics["val_loss"]

    assert len(values) < 50
    assert [math.isnan(value) for value in values] == [False] * (len(values) - 1) + [True]


def test_trials_of_algoperf_take_turns_in_its_seeds(public_data: Callable[[str], Path]) -> None:
    folder = public_data("algoperf")
    trials = pd.read_parquet(folder / "trials.parquet")
    recorded = pd.read_parquet(folder / "curves.parquet")
    trials = trials[trials["workload"].eq("ogbg") & trials["submission"].eq("baseline")]
    trials = trials[trials["version"].eq("algoperf_v06") & trials["trial_no"].eq(3)]
    task = find_task("algoperf:ogbg")

    lasts = []
    for number in range(2 * len(trials)):
        curve = task.curves.curve({"configuration": "baseline-jax-v06-3"}, number)
        rows = recorded[recorded["trial_id"] == trials["trial_id"].iloc[number % len(trials)]]
        assert sum(curve.seconds) == pytest.approx(rows["elapsed_total_incl_eval"].max())
        assert list(curve.metrics["mean_average_precision"]) == rows["metric_value"].tolist()
        lasts.append(curve.metrics["mean_average_precision"][-1])

    assert len(trials) == 3
    assert len(set(lasts)) == 3
    assert lasts[:3] == lasts[3:]
    assert (task.scenario.mode, dict(task.scenario.resources)) == ("max", {"cpu": 1, "gpu": 8})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("algoperf:ogb", r"no workload 'ogb'; did you mean 'ogbg'\?"),
        ("algoperf:ogbg,track=self", r"no track 'self'"),
    ],
)
def test_what_algoperf_has_not_is_refused(
    public_data: Callable[[str], Path], text: str, words: str
) -> None:
    public_data("algoperf")
    with pytest.raises(SpecError, match=words):
        find_task(text)

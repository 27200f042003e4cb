"""Tables of recorded trainings: public ones, and one that comes with tuner.

Which configurations there are is fixed: each task's space is one choice among them. So they suit
schedulers and models of a cluster; a searcher has nothing to learn from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from ray import tune

from tuner.errors import SpecError, nearest
from tuner.objectives import Mode
from tuner.public_data import find_data
from tuner.scenario import Scenario
from tuner.simulation.sources.recordings import RecordedCurves
from tuner.simulation.tasks import CurveTask, Known

__all__ = ["BUNDLED", "algoperf_task", "algoperf_workloads", "digits_task", "nasbench_nlp_task"]

BUNDLED = Path(__file__).parents[1] / "recordings"
"""The folder of the recordings that come with tuner."""


def nasbench_nlp_task() -> CurveTask:
    """Return the recorded trainings of NAS-Bench-NLP (Klyuchnikov et al., IEEE Access 2022).

    345 recurrent cells on WikiText-2, 50 epochs; only the cell varies. The loss of four of them
    became NaN, with which their curves end.

    Raises:
        MissingDependencyError: The data set is not on this machine.
    """
    frame = pd.read_parquet(find_data("nasbench_nlp") / "curves.parquet")
    frame = frame.sort_values(["config_id", "epoch"])
    frame = frame.rename(columns={"config_id": "cell"})
    curves = RecordedCurves.of_frame(
        frame.assign(complete=True), key="cell", metrics=("val_loss", "test_loss")
    )
    return _task(
        "nasbench_nlp",
        curves,
        metric="val_loss",
        mode="min",
        time_attr="epoch",
        description="a recurrent cell on WikiText-2",
        remarks=(f"nasbench_nlp: a choice among {len(curves.choices)} recorded cells",),
        gpu=1,
    )


def algoperf_task(workload: str, *, track: str = "external_tuning") -> CurveTask:
    """Return the recorded trainings of an AlgoPerf workload (Dahl et al. 2023, MLCommons).

    A configuration is a submission's optimizer with one of its points; it was trained up to five
    times, with other seeds, and trials take turns in them. What counts as an epoch is an
    evaluation, with the time of training and evaluating on eight GPUs. A training that reached
    its target ended there; metrics that became NaN are.

    Args:
        workload: Such as ``"ogbg"`` or ``"imagenet_resnet"``.
        track: ``"external_tuning"``, or ``"self_tuning"``: no hyperparameters, thrice the time.

    Raises:
        SpecError: There is no such workload or track.
        MissingDependencyError: The data set is not on this machine.
    """
    folder = find_data("algoperf")
    trials = pd.read_parquet(folder / "trials.parquet")
    trials = _chosen(trials, "workload", workload)
    trials = _chosen(trials, "track", track)
    about = trials[["trial_id"]].assign(configuration=_configurations(trials))
    metric, mode = trials["metric"].iloc[0], trials["mode"].iloc[0]
    wanted = ["trial_id", "epoch", "elapsed_total_incl_eval", "metric_value"]
    within = [("trial_id", "in", about["trial_id"].tolist())]
    frame = pd.read_parquet(folder / "curves.parquet", columns=wanted, filters=within)
    frame = frame.merge(about, on="trial_id").sort_values(["trial_id", "epoch"])
    elapsed = frame["elapsed_total_incl_eval"]
    before = elapsed.groupby(frame["trial_id"]).shift(fill_value=0.0)
    frame = frame.assign(epoch_seconds=elapsed - before, complete=True)
    curves = RecordedCurves.of_frame(
        frame.rename(columns={"metric_value": metric}),
        key="configuration",
        run="trial_id",
        metrics=(metric,),
    )
    remarks = (
        f"algoperf:{workload}: a choice among {len(curves.choices)} recorded configurations; "
        f"trials of one take turns in its {len(trials)} trainings" ,
        f"algoperf:{workload}: an epoch is an evaluation; a training that reached its target, "
        "ran out of time or failed ended there",
    )  # fmt: skip
    return _task(
        f"algoperf:{workload}",
        curves,
        metric=metric,
        mode=mode,
        time_attr="evaluation",
        description=f"AlgoPerf's workload {workload}",
        remarks=remarks,
        gpu=int(trials["gpu_count"].iloc[0]),
    )


def algoperf_workloads() -> list[str]:
    """Return the names of all workloads.

    Raises:
        MissingDependencyError: The data set is not on this machine.
    """
    trials = pd.read_parquet(find_data("algoperf") / "trials.parquet", columns=["workload"])
    return sorted(trials["workload"].unique())


def digits_task() -> CurveTask:
    """Return the recorded trainings of the bundled scenario ``digits_mlp``.

    Random configurations, trained one after the other to their end; those that have a patience
    end where their loss no longer falls. ``benchmarks/record_digits.py`` makes the recording.
    """
    path = BUNDLED / "digits_mlp.parquet"
    notes = json.loads(pq.read_schema(path).metadata[b"recording"])
    frame = pd.read_parquet(path)
    curves = RecordedCurves.of_frame(frame, key="trial_id", metrics=("val_error", "val_loss"))
    remarks = (
        f"digits_mlp: a choice among {len(curves.choices)} recorded trainings of random "
        f"configurations, timed on {notes['hardware']}",
    )
    return _task(
        "digits_mlp",
        curves,
        metric="val_error",
        mode="min",
        time_attr="epoch",
        description="a multilayer perceptron on scikit-learn's handwritten digits",
        remarks=remarks,
    )


def _configurations(trials: pd.DataFrame) -> pd.Series:
    """Name what each was trained with: a submission's code, and which of its points."""
    names = ("submission", "framework", "version", "trial_no")
    submission, framework, version, point = (trials[name].astype(str) for name in names)
    return submission + "-" + framework + "-" + version.str.removeprefix("algoperf_") + "-" + point


def _chosen(frame: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    known = sorted(frame[column].unique())
    if value not in known:
        raise SpecError(f"AlgoPerf has no {column} {value!r}{nearest(value, known)}")
    return frame[frame[column] == value]


def _task(
    name: str,
    curves: RecordedCurves,
    *,
    metric: str,
    mode: Mode,
    time_attr: str,
    description: str,
    remarks: Sequence[str],
    gpu: int = 0,
) -> CurveTask:
    scenario = Scenario(
        name=name.replace(":", "-"),
        trainable=Known,
        space={curves.name: tune.choice(curves.choices)},
        metric=metric,
        mode=mode,
        time_attr=time_attr,
        max_t=curves.longest,
        resources={"cpu": 1, "gpu": gpu} if gpu else {"cpu": 1},
        description=description,
    )
    return CurveTask(name, scenario, curves, tuple(remarks), curves.best(metric, mode))

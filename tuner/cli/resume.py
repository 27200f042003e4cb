"""``tuner resume``: go on with a sweep that was stopped or killed, or extend one that ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tuner.cli import launch
from tuner.cli import run_options as opt
from tuner.cli.locate import where
from tuner.cli.option_names import errors_name_options
from tuner.cli.reading import AsJson, SweepPath
from tuner.cli.spellings import duration_s, read_space, resources_of

__all__ = ["resume"]

_EXTEND = "Extend"

MoreSamples = Annotated[
    str | None,
    typer.Option(
        "--num-samples", help="How many trials in all, or +100 for so many more.",
        metavar="N|+N", rich_help_panel=_EXTEND, show_default=False,
    ),
]  # fmt: skip
LargerMaxT = Annotated[
    int | None,
    typer.Option(
        help="Run longer; ended trials go on from the checkpoints that --keep-final kept.",
        rich_help_panel=_EXTEND, show_default=False,
    ),
]  # fmt: skip
NewSpace = Annotated[
    Path | None,
    typer.Option(
        "--space", help="Search another space from now on: a scenario's .py file, or JSON as in "
        "sweep.json.", metavar="FILE", rich_help_panel=_EXTEND, show_default=False,
    ),
]  # fmt: skip
ScenarioPlace = Annotated[
    str | None,
    typer.Option(
        "--scenario", help="Where the scenario is now, if it has moved.",
        metavar="NAME|MODULE|FILE", show_default=False,
    ),
]  # fmt: skip


def resume(
    path: SweepPath,
    scenario: ScenarioPlace = None,
    num_samples: MoreSamples = None,
    max_t: LargerMaxT = None,
    space: NewSpace = None,
    time_budget: opt.TimeBudget = None,
    max_concurrent_trials: opt.MaxConcurrentTrials = None,
    cpus_per_trial: opt.CpusPerTrial = None,
    gpus_per_trial: opt.GpusPerTrial = None,
    resources: opt.Resources = None,
    address: opt.Address = None,
    num_cpus: opt.NumCpus = None,
    num_gpus: opt.NumGpus = None,
    placement: opt.Placement = None,
    share: opt.Share = None,
    metrics: opt.Metrics = None,
    wait_for_resources: opt.WaitForResources = None,
    worker_mode: opt.WorkerMode = None,
    max_trials_per_worker: opt.MaxTrialsPerWorker = None,
    fuse: opt.Fuse = None,
    max_failures: opt.MaxFailures = None,
    fail_fast: opt.FailFast = None,
    trial_timeout: opt.TrialTimeout = None,
    keep_checkpoints: opt.KeepCheckpoints = None,
    progress: opt.Progress = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a sweep as if it had never stopped, or extend it.

    Trials that ended are not run again; those that ran go on from their last checkpoint. Whatever
    is not said here stays as it was. A sweep that was started from Python with a scenario or with
    Ray objects that are not stored is resumed from there: tuner.resume(path, scenario=...).

    Exit codes: as those of tuner run.
    """
    given: dict[str, Any] = {
        "num_samples": _samples(num_samples),
        "max_t": max_t,
        "space": None if space is None else read_space(space),
        "time_budget_s": _seconds("--time-budget", time_budget),
        "max_concurrent_trials": max_concurrent_trials,
        "resources": resources_of(cpus_per_trial, gpus_per_trial, resources or ()),
        "address": address,
        "num_cpus": num_cpus,
        "num_gpus": num_gpus,
        "placement": None if placement is None else placement.value,
        "share": share,
        "metrics": metrics,
        "wait_for_resources_s": _seconds("--wait-for-resources", wait_for_resources),
        "worker_mode": None if worker_mode is None else worker_mode.value,
        "max_trials_per_worker": max_trials_per_worker,
        "fuse": fuse,
        "max_failures": max_failures,
        "fail_fast": fail_fast,
        "trial_timeout_s": _seconds("--trial-timeout", trial_timeout),
        "keep_checkpoints": keep_checkpoints,
        "progress": None if progress is None else progress.value,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    folder = where(path)
    with errors_name_options(changes):
        raise typer.Exit(launch.go_on(folder, scenario, changes, as_json=as_json))


def _samples(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.lstrip("-").isdigit() else text


def _seconds(option: str, text: str | None) -> float | None:
    return None if text is None else duration_s(option, text)

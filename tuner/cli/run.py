"""``tuner run``: every option of `tuner.run`, on the command line or in a launch file."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import typer

from tuner.cli import launch
from tuner.cli import run_options as opt
from tuner.cli.known_names import check_names
from tuner.cli.launch_file import is_launch_file, with_launch_file
from tuner.cli.locate import open_sweep
from tuner.cli.option_names import errors_name_options
from tuner.cli.reading import AsJson
from tuner.cli.shared_options import also_takes
from tuner.cli.spellings import duration_s, one_or_all, read_points, resources_of

__all__ = ["options_of_run", "run"]


def options_of_run(
    scheduler: opt.Scheduler = None,
    searcher: opt.Searcher = None,
    arm: opt.Arm = None,
    metric: opt.Metric = None,
    mode: opt.ModeOf = None,
    points_to_evaluate: opt.PointsToEvaluate = None,
    warm_start: opt.WarmStart = None,
    seed: opt.Seed = None,
    num_samples: opt.NumSamples = None,
    time_budget: opt.TimeBudget = None,
    max_t: opt.MaxT = None,
    grace_period: opt.GracePeriod = None,
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
    checkpoint_frequency: opt.CheckpointFrequency = None,
    keep_checkpoints: opt.KeepCheckpoints = None,
    keep_final: opt.KeepFinal = None,
    storage_path: opt.StoragePath = None,
    name: opt.Name = None,
    notes: opt.Notes = None,
    tag: opt.Tag = None,
    progress: opt.Progress = None,
) -> dict[str, Any]:
    """Return what the command line says of a sweep, as keywords of `tuner.run`.

    None stands for what it is silent about. Verbs that take the same options take them from here.
    """
    return {
        "scheduler": scheduler,
        "searcher": searcher,
        "arm": arm,
        "metric": one_or_all(metric),
        "mode": one_or_all(mode),
        "points_to_evaluate": None
        if points_to_evaluate is None
        else read_points(points_to_evaluate),
        "warm_start": warm_start or None,
        "seed": seed,
        "num_samples": num_samples,
        "time_budget_s": _seconds("--time-budget", time_budget),
        "max_t": max_t,
        "grace_period": grace_period,
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
        "checkpoint_frequency": checkpoint_frequency,
        "keep_checkpoints": keep_checkpoints,
        "keep_final": keep_final,
        "storage_path": storage_path,
        "name": name,
        "notes": notes,
        "tags": tag or None,
        "progress": None if progress is None else progress.value,
    }


@also_takes(options_of_run)
def run(
    scenario: opt.Scenario,
    *,
    dry_run: opt.DryRun = False,
    as_json: AsJson = False,
    **words: Any,
) -> None:
    """Run a sweep: the trials of a scenario, on this machine or on a Ray cluster.

    A launch file holds the same options, with underscores, and those given here override it.

    Exit codes: 0 fine, 1 no trial succeeded, 2 usage, 3 some trials failed, 130 interrupted.
    """
    chosen, options = with_launch_file(scenario, options_of_run(**words))
    check_names(chosen, options)
    if isinstance(options.get("warm_start"), list):
        options["warm_start"] = [open_sweep(path) for path in options["warm_start"]]
    # The keys of a launch file are the keywords that errors name.
    with nullcontext() if is_launch_file(scenario) else errors_name_options(options):
        if dry_run:
            launch.preview(chosen, options, as_json=as_json)
        else:
            raise typer.Exit(launch.carry_out(chosen, options, as_json=as_json))


def _seconds(option: str, text: str | None) -> float | None:
    return None if text is None else duration_s(option, text)

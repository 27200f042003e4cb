"""``tuner run``: every option of `tuner.run`, on the command line or in a launch file."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tuner.cli import launch
from tuner.cli.launch_file import overridden, read_launch_file, split_arm
from tuner.cli.locate import DEFAULT_STORAGE
from tuner.cli.reading import AsJson
from tuner.cli.spellings import duration_s, read_points, resources_of
from tuner.errors import SpecError

__all__ = ["run"]


class Progress(StrEnum):
    """How a running sweep is shown."""

    auto = "auto"
    live = "live"
    lines = "lines"
    none = "none"


class WorkerMode(StrEnum):
    """Whether a worker process serves one trial or many."""

    warm = "warm"
    cold = "cold"


def _option(group: str, text: str, *names: str, metavar: str | None = None) -> Any:
    """Return an option that, where it is not given, leaves the matter to the launch file."""
    return typer.Option(
        *names, help=text, metavar=metavar, rich_help_panel=group, show_default=False
    )


_SEARCH, _BUDGET = "What to try", "How long"
_PLACE, _FAILURES, _RECORD = "Resources and cluster", "Failures", "Record and output"


def run(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO",
            help="A bundled name, a module (pkg.module), a .py file, or a .toml launch file.",
            show_default=False,
        ),
    ],
    scheduler: Annotated[
        str | None,
        _option(_SEARCH, "Such as asha:grace_period=3.", metavar="NAME:KEY=VALUE"),
    ] = None,
    searcher: Annotated[
        str | None, _option(_SEARCH, "Such as optuna:sampler=gp.", metavar="NAME:KEY=VALUE")
    ] = None,
    arm: Annotated[
        str | None,
        _option(_SEARCH, "Both at once: asha+hyperopt.", metavar="SCHEDULER+SEARCHER"),
    ] = None,
    points_to_evaluate: Annotated[
        Path | None,
        _option(_SEARCH, "Configurations to try first: a list of objects.", metavar="FILE.json"),
    ] = None,
    seed: Annotated[int | None, _option(_SEARCH, "The master seed.")] = None,
    num_samples: Annotated[
        int | None, _option(_BUDGET, "How many trials; -1 with --time-budget for no bound.")
    ] = None,
    time_budget: Annotated[
        str | None, _option(_BUDGET, "Wall time of the sweep: 90s, 10m, 2h.", metavar="DURATION")
    ] = None,
    max_t: Annotated[int | None, _option(_BUDGET, "Most that one trial may run.")] = None,
    grace_period: Annotated[
        int | None, _option(_BUDGET, "Schedulers leave younger trials alone.")
    ] = None,
    max_concurrent_trials: Annotated[
        int | None, _option(_PLACE, "How many trials may run at once.")
    ] = None,
    cpus_per_trial: Annotated[float | None, _option(_PLACE, "CPUs that one trial takes.")] = None,
    gpus_per_trial: Annotated[
        float | None, _option(_PLACE, "GPUs that one trial takes; a share such as 0.25 is fine.")
    ] = None,
    resources: Annotated[
        list[str] | None,
        _option(_PLACE, "Another resource one trial takes; repeatable.", metavar="NAME=AMOUNT"),
    ] = None,
    address: Annotated[
        str | None,
        _option(_PLACE, "Join a Ray cluster: auto, or its head.", metavar="auto|HOST:PORT"),
    ] = None,
    num_cpus: Annotated[int | None, _option(_PLACE, "Logical CPUs of the local Ray.")] = None,
    num_gpus: Annotated[int | None, _option(_PLACE, "Logical GPUs of the local Ray.")] = None,
    wait_for_resources: Annotated[
        str | None,
        _option(_PLACE, "How long to wait for a node that can hold a trial.", metavar="DURATION"),
    ] = None,
    worker_mode: Annotated[
        WorkerMode | None,
        _option(_PLACE, "warm: a worker process serves many trials (default); cold: one."),
    ] = None,
    max_failures: Annotated[
        int | None, _option(_FAILURES, "How often to try a failed trial again; -1 for always.")
    ] = None,
    fail_fast: Annotated[
        bool | None,
        _option(
            _FAILURES, "End the sweep at the first failed trial.", "--fail-fast/--no-fail-fast"
        ),
    ] = None,
    trial_timeout: Annotated[
        str | None, _option(_FAILURES, "A trial silent for longer has hung.", metavar="DURATION")
    ] = None,
    checkpoint_frequency: Annotated[
        int | None, _option(_FAILURES, "Save a class trainable every so many reports.")
    ] = None,
    storage_path: Annotated[
        str | None, _option(_RECORD, "The folder that holds sweeps (default ./results).")
    ] = None,
    name: Annotated[str | None, _option(_RECORD, "The sweep's folder below it; a new one.")] = None,
    notes: Annotated[str | None, _option(_RECORD, "Free text, kept with the sweep.")] = None,
    tag: Annotated[list[str] | None, _option(_RECORD, "A label; repeatable.")] = None,
    progress: Annotated[
        Progress | None,
        _option(_RECORD, "auto: live in a terminal, plain lines elsewhere."),
    ] = None,
    dry_run: Annotated[
        bool,
        _option(_RECORD, "Check everything, print the resolved spec, run nothing.", "--dry-run"),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a sweep: the trials of a scenario, on this machine or on a Ray cluster.

    A launch file holds the same options, with underscores, and those given here override it.

    Exit codes: 0 fine, 1 no trial succeeded or the sweep failed, 2 usage, 3 finished with some
    failed trials, 130 interrupted.
    """
    command = {
        "scheduler": scheduler,
        "searcher": searcher,
        "arm": arm,
        "points_to_evaluate": None
        if points_to_evaluate is None
        else read_points(points_to_evaluate),
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
        "wait_for_resources_s": _seconds("--wait-for-resources", wait_for_resources),
        "reuse_actors": None if worker_mode is None else worker_mode is WorkerMode.warm,
        "max_failures": max_failures,
        "fail_fast": fail_fast,
        "trial_timeout_s": _seconds("--trial-timeout", trial_timeout),
        "checkpoint_frequency": checkpoint_frequency,
        "storage_path": storage_path,
        "name": name,
        "notes": notes,
        "tags": tag or None,
        "progress": None if progress is None else progress.value,
    }
    chosen, options = _with_launch_file(scenario, command)
    if dry_run:
        launch.preview(chosen, options, as_json=as_json)
    else:
        raise typer.Exit(launch.carry_out(chosen, options, as_json=as_json))


def _seconds(option: str, text: str | None) -> float | None:
    return None if text is None else duration_s(option, text)


def _with_launch_file(scenario: str, command: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the scenario and the options of `tuner.run`, taking in a launch file if it is one."""
    given = {option: value for option, value in command.items() if value is not None}
    options = split_arm(given, "the command line")
    if scenario.endswith(".toml"):
        options = overridden(read_launch_file(Path(scenario)), options)
        if "scenario" not in options:
            raise SpecError(f'{scenario}: a launch file names its scenario; add scenario = "..."')
        scenario = options.pop("scenario")
    return scenario, {"storage_path": str(DEFAULT_STORAGE)} | options

"""The options of ``tuner run``: how each is spelled, what it is for, and its default in words."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tuner.cli.known_names import (
    DEFAULT_NUM_SAMPLES,
    DEFAULT_SCHEDULER,
    DEFAULT_SEARCHER,
    SCHEDULERS,
    SEARCHERS,
)
from tuner.cli.locate import DEFAULT_STORAGE
from tuner.spec import SweepSpec

__all__ = [
    "Address",
    "Arm",
    "CheckpointFrequency",
    "CpusPerTrial",
    "Direction",
    "DryRun",
    "FailFast",
    "GpusPerTrial",
    "GracePeriod",
    "KeepCheckpoints",
    "KeepFinal",
    "MaxConcurrentTrials",
    "MaxFailures",
    "MaxT",
    "MaxTrialsPerWorker",
    "Metric",
    "Metrics",
    "ModeOf",
    "Name",
    "Notes",
    "NumCpus",
    "NumGpus",
    "NumSamples",
    "Placement",
    "PlacementKind",
    "PointsToEvaluate",
    "Progress",
    "ProgressKind",
    "Resources",
    "Scenario",
    "Scheduler",
    "Searcher",
    "Seed",
    "Share",
    "StoragePath",
    "Tag",
    "TimeBudget",
    "TrialTimeout",
    "WaitForResources",
    "WarmStart",
    "WorkerKind",
    "WorkerMode",
]


class ProgressKind(StrEnum):
    """How a running sweep is shown."""

    auto = "auto"
    live = "live"
    lines = "lines"
    none = "none"


class Direction(StrEnum):
    """Which values of a metric are better."""

    min = "min"
    max = "max"


class WorkerKind(StrEnum):
    """Whether a worker process serves one trial or many."""

    warm = "warm"
    cold = "cold"


class PlacementKind(StrEnum):
    """How trials, and the bundles of each, go to nodes."""

    pack = "pack"
    spread = "spread"
    strict_pack = "strict_pack"
    strict_spread = "strict_spread"


def _option(
    group: str, text: str, *names: str, metavar: str | None = None, default: object = None
) -> Any:
    """Return an option that, where it is not given, leaves the matter to the launch file.

    Args:
        group: Under which heading it is listed.
        text: What it is for.
        *names: Its spelling, where the parameter's name does not tell.
        metavar: What its value looks like.
        default: What is taken where the launch file is silent too; None to say nothing of it.
    """
    if default is not None:
        text += f" [dim](default: {default})[/]"
    return typer.Option(
        *names, help=text, metavar=metavar, rich_help_panel=group, show_default=False
    )


_SEARCH, _BUDGET = "What to try", "How long"
_PLACE, _FAILURES, _RECORD = "Resources and cluster", "Failures", "Record and output"
_DEFAULTS = {field.name: field.default for field in fields(SweepSpec)}
_OF_SCENARIO = "the scenario's"
_OF_MACHINE = "what the machine has"

Scenario = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="A bundled name, a module (pkg.module), a .py file, or a .toml launch file.",
        show_default=False,
    ),
]

Scheduler = Annotated[
    str | None,
    _option(
        _SEARCH,
        f"{', '.join(SCHEDULERS)}; with keywords: asha:grace_period=3.",
        metavar="NAME:KEY=VALUE",
        default=f"{DEFAULT_SCHEDULER}; asha where trials cannot pause",
    ),
]

Searcher = Annotated[
    str | None,
    _option(
        _SEARCH,
        f"{', '.join(SEARCHERS)}; with keywords: optuna:sampler=gp.",
        metavar="NAME:KEY=VALUE",
        default=f"{DEFAULT_SEARCHER}; random for a grid; what the scheduler needs",
    ),
]

Arm = Annotated[
    str | None,
    _option(_SEARCH, "Both at once: asha+hyperopt.", metavar="SCHEDULER+SEARCHER"),
]

Metric = Annotated[
    list[str] | None,
    _option(
        _SEARCH,
        "What to optimise; repeated, further objectives.",
        metavar="NAME",
        default=_OF_SCENARIO,
    ),
]

ModeOf = Annotated[
    list[Direction] | None,
    _option(
        _SEARCH, "The better direction of each metric, repeated as it is.", "--mode",
        default=_OF_SCENARIO,
    ),
]  # fmt: skip

PointsToEvaluate = Annotated[
    Path | None,
    _option(_SEARCH, "Configurations to try first: a list of objects.", metavar="FILE.json"),
]

WarmStart = Annotated[
    list[str] | None,
    _option(
        _SEARCH,
        "A sweep whose ended trials the searcher learns first; repeatable.",
        metavar="PATH",
    ),
]

Seed = Annotated[int | None, _option(_SEARCH, "The master seed.", default="drawn, and recorded")]

NumSamples = Annotated[
    int | None,
    _option(
        _BUDGET,
        "How many trials; -1 with --time-budget for no bound.",
        default=f"{DEFAULT_NUM_SAMPLES}; a grid once",
    ),
]

TimeBudget = Annotated[
    str | None,
    _option(
        _BUDGET, "Wall time of the sweep: 90s, 10m, 2h.", metavar="DURATION", default="no bound"
    ),
]

MaxT = Annotated[int | None, _option(_BUDGET, "Most that one trial may run.", default=_OF_SCENARIO)]

GracePeriod = Annotated[
    int | None, _option(_BUDGET, "Schedulers leave younger trials alone.", default=_OF_SCENARIO)
]

MaxConcurrentTrials = Annotated[
    int | None,
    _option(_PLACE, "How many trials may run at once.", default="what the cluster holds"),
]

CpusPerTrial = Annotated[
    float | None, _option(_PLACE, "CPUs that one trial takes.", default=_OF_SCENARIO)
]

GpusPerTrial = Annotated[
    str | None,
    _option(
        _PLACE,
        "GPUs that one trial takes; a share such as 0.25 is fine. auto: measure which share fits.",
        metavar="NUMBER|auto",
        default=_OF_SCENARIO,
    ),
]

Resources = Annotated[
    list[str] | None,
    _option(_PLACE, "Another resource one trial takes; repeatable.", metavar="NAME=AMOUNT"),
]

Address = Annotated[
    str | None,
    _option(
        _PLACE,
        "Join a Ray cluster: auto, or its head.",
        metavar="auto|HOST:PORT",
        default="a local Ray",
    ),
]

NumCpus = Annotated[
    int | None, _option(_PLACE, "Logical CPUs of the local Ray.", default=_OF_MACHINE)
]

NumGpus = Annotated[
    int | None, _option(_PLACE, "Logical GPUs of the local Ray.", default=_OF_MACHINE)
]

WaitForResources = Annotated[
    str | None,
    _option(
        _PLACE,
        "How long to wait for a node that can hold a trial.",
        metavar="DURATION",
        default="only where an autoscaler is active",
    ),
]

Placement = Annotated[
    PlacementKind | None,
    _option(
        _PLACE,
        "Fill nodes one by one, or spread over them; strict: insist, for each trial's bundles.",
        default="the scenario's: pack",
    ),
]

Share = Annotated[
    float | None,
    _option(
        _PLACE,
        "The sweep's weight where several sweeps want the cluster.",
        default=_DEFAULTS["share"],
    ),
]

Metrics = Annotated[
    bool | None,
    _option(
        _PLACE,
        "Hand metrics to Ray's exporter for Prometheus.",
        "--metrics/--no-metrics",
        metavar="",
        default="metrics with --address",
    ),
]

WorkerMode = Annotated[
    WorkerKind | None,
    _option(
        _PLACE,
        "warm: a worker process serves many trials; cold: one.",
        default=_DEFAULTS["worker_mode"],
    ),
]

MaxTrialsPerWorker = Annotated[
    int | None,
    _option(
        _PLACE,
        "After so many trials a warm worker is replaced; 0 for never.",
        default=_DEFAULTS["max_trials_per_worker"],
    ),
]

Fuse = Annotated[
    int | None,
    _option(
        _PLACE,
        "How many trials a process trains at once, where the scenario can; it takes what all of "
        "them take.",
        default=_DEFAULTS["fuse"],
    ),
]

MaxFailures = Annotated[
    int | None,
    _option(
        _FAILURES,
        "How often to try a failed trial again; -1 for always.",
        default=_DEFAULTS["max_failures"],
    ),
]

FailFast = Annotated[
    bool | None,
    _option(
        _FAILURES,
        "End the sweep at the first failed trial.",
        "--fail-fast/--no-fail-fast",
        metavar="",
        default="fail-fast" if _DEFAULTS["fail_fast"] else "no-fail-fast",
    ),
]

TrialTimeout = Annotated[
    str | None,
    _option(
        _FAILURES,
        "A trial silent for longer has hung.",
        metavar="DURATION",
        default="no bound",
    ),
]

CheckpointFrequency = Annotated[
    int | None,
    _option(
        _FAILURES,
        "Save a class trainable every so many reports; 0 for never.",
        default=f"{_DEFAULTS['checkpoint_frequency']}; 1 with --max-failures",
    ),
]

KeepCheckpoints = Annotated[
    int | None,
    _option(
        _RECORD,
        "How many of the best trials that ended keep their last checkpoint.",
        default=_DEFAULTS["keep_checkpoints"],
    ),
]

KeepFinal = Annotated[
    bool | None,
    _option(
        _RECORD,
        "Every trial saves when it ends, and keeps that: --max-t can then be raised later.",
        "--keep-final/--no-keep-final",
        metavar="",
        default="keep-final" if _DEFAULTS["keep_final"] else "no-keep-final",
    ),
]

StoragePath = Annotated[
    str | None,
    _option(
        _RECORD, "The folder or URI that holds sweeps.", metavar="FOLDER", default=DEFAULT_STORAGE
    ),
]

Name = Annotated[
    str | None,
    _option(
        _RECORD,
        "The sweep's folder below it; a new one.",
        metavar="NAME",
        default="scenario, scheduler and time",
    ),
]

Notes = Annotated[str | None, _option(_RECORD, "Free text, kept with the sweep.", metavar="TEXT")]

Tag = Annotated[list[str] | None, _option(_RECORD, "A label; repeatable.", metavar="TEXT")]

Progress = Annotated[
    ProgressKind | None,
    _option(_RECORD, "auto: live in a terminal, plain lines elsewhere.", default=ProgressKind.auto),
]

DryRun = Annotated[
    bool,
    _option(
        _RECORD, "Check everything, print the resolved spec, run nothing.", "--dry-run", metavar=""
    ),
]

"""The verb ``plan``: what a sweep will take, before it runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli import run_options as opt
from tuner.cli.known_names import check_names
from tuner.cli.launch import stdout_kept_clean
from tuner.cli.launch_file import is_launch_file, with_launch_file
from tuner.cli.locate import open_sweep
from tuner.cli.option_names import errors_name_options, with_option_names
from tuner.cli.reading import AsJson
from tuner.cli.spellings import duration_s, resources_of
from tuner.cli.strict_json import dumps

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from tuner.forecast import Forecast

__all__ = ["forecast_parts", "plan"]

_OWN = ("seconds_per_epoch", "checkpoint_mb", "price_per_gpu_hour")
_CLUSTER = "What it costs"


def plan(
    scenario: opt.Scenario,
    scheduler: opt.Scheduler = None,
    searcher: opt.Searcher = None,
    arm: opt.Arm = None,
    seed: opt.Seed = None,
    num_samples: opt.NumSamples = None,
    time_budget: opt.TimeBudget = None,
    max_t: opt.MaxT = None,
    grace_period: opt.GracePeriod = None,
    max_concurrent_trials: opt.MaxConcurrentTrials = None,
    cpus_per_trial: opt.CpusPerTrial = None,
    gpus_per_trial: opt.GpusPerTrial = None,
    resources: opt.Resources = None,
    checkpoint_frequency: opt.CheckpointFrequency = None,
    keep_checkpoints: opt.KeepCheckpoints = None,
    keep_final: opt.KeepFinal = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="SLOTS|NODES",
            help="Where it is to run: 16, 8x4gpu, 2x(cpu=32,gpu=8):start_s=20.",
            rich_help_panel=_CLUSTER,
            show_default=False,
        ),
    ] = None,
    seconds_per_epoch: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="How long a trial trains for a unit of its time: 40s, 2m.",
            rich_help_panel=_CLUSTER,
            show_default=False,
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="An earlier sweep that says so, and how large a checkpoint is.",
            rich_help_panel=_CLUSTER,
            show_default=False,
        ),
    ] = None,
    price_per_gpu_hour: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="What a GPU costs per hour.",
            rich_help_panel=_CLUSTER,
            show_default=False,
        ),
    ] = None,
    checkpoint_mb: Annotated[
        float | None,
        typer.Option(
            metavar="MIB",
            help="How large a checkpoint is.",
            rich_help_panel=_CLUSTER,
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a sweep will take: epochs at each rung, hours, money, disk. Nothing is run.

    The options are those of tuner run; a launch file will do.
    """
    command = {
        "scheduler": scheduler,
        "searcher": searcher,
        "arm": arm,
        "seed": seed,
        "num_samples": num_samples,
        "time_budget_s": None if time_budget is None else duration_s("--time-budget", time_budget),
        "max_t": max_t,
        "grace_period": grace_period,
        "max_concurrent_trials": max_concurrent_trials,
        "resources": resources_of(cpus_per_trial, gpus_per_trial, resources or ()),
        "checkpoint_frequency": checkpoint_frequency,
        "keep_checkpoints": keep_checkpoints,
        "keep_final": keep_final,
    }
    chosen, options = with_launch_file(scenario, command)
    check_names(chosen, options)
    seconds = None
    if seconds_per_epoch is not None:
        seconds = duration_s("--seconds-per-epoch", seconds_per_epoch)
    earlier = None if like is None else open_sweep(like)
    from tuner.forecast import plan as forecast

    as_keywords: Collection[str] = () if is_launch_file(scenario) else options
    with errors_name_options(as_keywords), stdout_kept_clean(as_json):
        found = forecast(
            chosen,
            cluster=cluster,
            seconds_per_epoch=seconds,
            like=earlier,
            price_per_gpu_hour=price_per_gpu_hour,
            checkpoint_mb=checkpoint_mb,
            **options,
        )
    if as_json:
        typer.echo(dumps(found.to_json()))
    else:
        _print(found, options)


def _print(found: Forecast, options: dict[str, Any]) -> None:
    from tuner.cli.terminal import stdout_console

    console = stdout_console()
    for part in forecast_parts(found, options):
        console.print(part)


def forecast_parts(found: Forecast, options: dict[str, Any]) -> Iterator[RenderableType]:
    """Yield what a forecast says.

    Args:
        found: The forecast.
        options: The keywords of `tuner.run` that the command line sets.
    """
    from rich.text import Text

    from tuner.cli.tables import facts
    from tuner.forecast.wording import figures

    yield Text.assemble((found.scenario, "bold"), f"  {found.size}")
    yield facts(dict(figures(found)))
    yield Text()
    yield _rungs_table(found)
    if found.warnings:
        yield Text()
    for warning in found.warnings:
        yield Text(f"! {_spelled(warning, options)}", "yellow")
    for remark in found.remarks:
        yield Text(_spelled(remark, options), "dim")


def _rungs_table(found: Forecast) -> Table:
    from tuner.cli.grid import empty_table
    from tuner.forecast.wording import rungs_cells

    headings, *rows = rungs_cells(found)
    table = empty_table(*(f">{heading}" for heading in headings))
    for row in rows:
        table.add_row(*row)
    return table


def _spelled(line: str, options: dict[str, Any]) -> str:
    """Return a line with keywords as the options of the command line."""
    told = with_option_names(line, options)
    for keyword in _OWN:
        told = re.sub(rf"\b{keyword}\b", f"--{keyword.replace('_', '-')}", told)
    return told

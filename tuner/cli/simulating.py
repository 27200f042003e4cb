"""``tuner simulate``: a sweep in virtual time, over learning curves that are known."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tuner.cli import run_options as opt
from tuner.cli.known_names import DEFAULT_NUM_SAMPLES, check_methods
from tuner.cli.launch_file import split_arm
from tuner.cli.locate import DEFAULT_STORAGE, open_sweep
from tuner.cli.option_names import errors_name_options
from tuner.cli.reading import AsJson
from tuner.cli.spellings import one_or_all, read_points, resources_of
from tuner.cli.strict_json import dumps

__all__ = ["simulate"]

Curves = Annotated[
    str,
    typer.Argument(
        metavar="CURVES",
        help="What trials report: lcbench:189873, hartmann6, digits_mlp, sweep:PATH of a finished "
        "sweep, or file.py:NAME; [bold]tuner data list[/] tells more.",
        show_default=False,
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="NODES",
        help="25 (equal workers), 8x4gpu or 2x(cpu=32,gpu=8)+1x(cpu=64); then, after a colon, "
        "seconds and mishaps: 8x4gpu:start_s=10,save_s=2,node_mtbf_s=86400. "
        "[dim](default: --max-concurrent-trials workers, or one)[/]",
        rich_help_panel="Resources and cluster",
        show_default=False,
    ),
]
NumSamples = Annotated[
    int | None,
    typer.Option(
        help="How many trials; -1 with --budget for no bound. "
        f"[dim](default: {DEFAULT_NUM_SAMPLES}; a grid once; no bound with --budget)[/]",
        rich_help_panel="How long",
        show_default=False,
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        metavar="AMOUNT",
        help="End when so much is spent: 200trials, 500epochs, 2h (simulated), 8gpuh. "
        "[dim](default: no bound)[/]",
        rich_help_panel="How long",
        show_default=False,
    ),
]
StoragePath = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help=f"Keep the simulated sweep below this folder or URI. [dim](default: not kept; "
        f"{DEFAULT_STORAGE} with --name)[/]",
        rich_help_panel="Record and output",
        show_default=False,
    ),
]


def simulate(
    curves: Curves,
    scheduler: opt.Scheduler = None,
    searcher: opt.Searcher = None,
    arm: opt.Arm = None,
    metric: opt.Metric = None,
    mode: opt.ModeOf = None,
    points_to_evaluate: opt.PointsToEvaluate = None,
    warm_start: opt.WarmStart = None,
    seed: opt.Seed = None,
    num_samples: NumSamples = None,
    budget: Budget = None,
    max_t: opt.MaxT = None,
    grace_period: opt.GracePeriod = None,
    cluster: Cluster = None,
    max_concurrent_trials: opt.MaxConcurrentTrials = None,
    cpus_per_trial: opt.CpusPerTrial = None,
    gpus_per_trial: opt.GpusPerTrial = None,
    max_failures: opt.MaxFailures = None,
    checkpoint_frequency: opt.CheckpointFrequency = None,
    storage_path: StoragePath = None,
    name: opt.Name = None,
    notes: opt.Notes = None,
    tag: opt.Tag = None,
    as_json: AsJson = False,
) -> None:
    """Simulate a sweep: what would come of it, and how long it would take.

    The same schedulers and searchers decide as in a sweep, over learning curves that are known.

    Exit codes: 0 fine, 1 no trial succeeded, 2 usage, 3 some trials failed, 130 interrupted.
    """
    if name is not None and storage_path is None:
        storage_path = str(DEFAULT_STORAGE)
    command = {
        "scheduler": scheduler,
        "searcher": searcher,
        "arm": arm,
        "metric": one_or_all(metric),
        "mode": one_or_all(mode),
        "points_to_evaluate": None
        if points_to_evaluate is None
        else read_points(points_to_evaluate),
        "warm_start": [open_sweep(path) for path in warm_start or ()] or None,
        "seed": seed,
        "num_samples": num_samples,
        "budget": budget,
        "max_t": max_t,
        "grace_period": grace_period,
        "cluster": cluster,
        "max_concurrent_trials": max_concurrent_trials,
        "resources": resources_of(cpus_per_trial, gpus_per_trial, ()),
        "max_failures": max_failures,
        "checkpoint_frequency": checkpoint_frequency,
        "storage_path": storage_path,
        "name": name,
        "notes": notes,
        "tags": tag or None,
    }
    given = {option: value for option, value in command.items() if value is not None}
    options = split_arm(given, "the command line")
    check_methods(options)
    with errors_name_options(options):
        raise typer.Exit(_carry_out(curves, options, as_json=as_json))


def _carry_out(curves: str, options: dict[str, Any], *, as_json: bool) -> int:
    from tuner.cli.simulated import simulated_parts, simulated_summary
    from tuner.cli.tables import reading_hints
    from tuner.cli.terminal import stdout_console
    from tuner.simulating import simulate as run_simulation

    sweep = run_simulation(curves, **options)
    told = simulated_summary(sweep)
    if as_json:
        typer.echo(dumps(told))
    else:
        console = stdout_console()
        for part in simulated_parts(told):
            console.print(part)
        if sweep.place is not None:
            console.print()
            console.print(reading_hints(str(sweep.place)), soft_wrap=True)
    return sweep.exit_code

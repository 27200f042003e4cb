"""The verbs that read: ``scenarios``, ``ls``, ``show``, ``best``, ``pareto``, ``export``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.exchanging import write_event_files, write_study
from tuner.cli.locate import DEFAULT_STORAGE, open_sweep, sweep_places
from tuner.cli.strict_json import dumps
from tuner.errors import NoResultError, SpecError
from tuner.places import place_of

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["best", "export", "list_scenarios", "list_sweeps", "pareto", "show"]

JSON_HELP = 'Print JSON. NaN and infinities are the strings "NaN", "Infinity", "-Infinity".'

AsJson = Annotated[bool, typer.Option("--json", help=JSON_HELP, metavar="")]
SweepPath = Annotated[
    str,
    typer.Argument(
        metavar="PATH",
        help="A sweep's folder or URI, or its name below ./results.",
        show_default=False,
    ),
]


class At(StrEnum):
    """Which report of a trial counts."""

    best = "best"
    last = "last"


class Format(StrEnum):
    """What a table, or a whole sweep, is exported to."""

    csv = "csv"
    json = "json"
    parquet = "parquet"
    tensorboard = "tensorboard"
    optuna = "optuna"


class TableChoice(StrEnum):
    """Which table is exported."""

    trials = "trials"
    reports = "reports"
    decisions = "decisions"


def list_scenarios(as_json: AsJson = False) -> None:
    """List the scenarios that come with tuner."""
    from tuner.cli.tables import facts
    from tuner.scenario import bundled_scenarios

    scenarios = bundled_scenarios()
    if as_json:
        _print_json([{"name": name, "description": told} for name, told in scenarios.items()])
    else:
        _print([facts(scenarios)])


def list_sweeps(
    folder: Annotated[
        str | None,
        typer.Argument(
            metavar="STORAGE_PATH",
            help=f"The folder or URI that holds sweeps. [dim](default: {DEFAULT_STORAGE})[/]",
            show_default=False,
        ),
    ] = None,
    storage_path: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="The same, as tuner run has it.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the sweeps in a storage folder, those of studies and automl among them."""
    from tuner.cli.contents import heading
    from tuner.cli.tables import headings_parts

    if folder is not None and storage_path is not None:
        raise SpecError(
            f"a list is of one storage folder, got {place_of(folder)} and --storage-path "
            f"{place_of(storage_path)}; "
            "leave one of them out"
        )
    storage = place_of(folder or storage_path or DEFAULT_STORAGE)
    headings = [heading(sweep, storage) for sweep in sweep_places(storage)]
    if as_json:
        _print_json(headings)
    elif headings:
        _print(headings_parts(headings))
    else:
        typer.echo(f"no sweeps in {storage}", err=True)


def show(
    path: SweepPath,
    trial: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Everything about one trial.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how a sweep stands: its state, best trials, decisions and failures."""
    from tuner.cli.contents import summary, trial_details
    from tuner.cli.tables import summary_parts
    from tuner.cli.terminal import stdout_console
    from tuner.cli.trial_tables import trial_parts

    sweep = open_sweep(path)
    content = summary(sweep, n_best=3) if trial is None else trial_details(sweep, trial)
    if as_json:
        _print_json(content)
    elif trial is None:
        _print(summary_parts(content))
    else:
        _print(trial_parts(content, sweep.metric, stdout_console().width))


def best(
    path: SweepPath,
    n: Annotated[int, typer.Option("-n", min=1, metavar="N", help="How many trials.")] = 5,
    at: Annotated[At, typer.Option(help="Rank trials by their best or their last report.")] = (
        At.best
    ),
    as_json: AsJson = False,
) -> None:
    """Print the best trials of a sweep with their configurations, best first."""
    from tuner.cli.tables import best_table

    sweep = open_sweep(path)
    found = sweep.best(n, at.value)
    results = [asdict(result) for result in (found if isinstance(found, list) else [found])]
    if as_json:
        _print_json(results)
    else:
        _print([best_table(results, sweep.metric)])


def pareto(path: SweepPath, as_json: AsJson = False) -> None:
    """Print the trials that no other one beats in all objectives, by the first objective.

    Their last reports are compared. With one objective these are the best trials.
    """
    from tuner.cli.contents import pareto_rows
    from tuner.cli.tables import pareto_table

    sweep = open_sweep(path)
    rows = pareto_rows(sweep)
    if not rows:
        metrics = ", ".join(objective.metric for objective in sweep.objectives)
        raise NoResultError(f"no trial of {sweep.place} ended with finite values of {metrics}")
    if as_json:
        _print_json(rows)
    else:
        _print([pareto_table(rows, sweep.objectives)])


def export(
    path: SweepPath,
    to: Annotated[
        Format | None,
        typer.Option(
            "--to",
            help="The format.",
            show_default=False,
        ),
    ] = None,
    table: Annotated[TableChoice, typer.Option(help="Which table.")] = TableChoice.trials,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write, a folder for tensorboard; - or nothing for stdout.",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        At | None,
        typer.Option(
            help="To optuna: a trial's value is of this report. [dim](default: best)[/]",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an existing file.", metavar="")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As --to json.", metavar="")] = False,
) -> None:
    """Write a table of a sweep as CSV, JSON or one Parquet file, or the sweep for other tools.

    In CSV, lists and configurations are JSON text and an absent value is empty.

    In JSON, an absent value is null; NaN and infinities are "NaN", "Infinity" and "-Infinity".

    For TensorBoard, FILE becomes a folder with a run per trial.

    For Optuna, it becomes an SQLite study, or a journal if it ends in .log or .journal.
    """
    from tuner.cli.exporting import new_file, write_csv, write_json, write_parquet

    chosen = _format(to, as_json)
    _check_fit(chosen, table, at)
    if chosen is Format.tensorboard:
        write_event_files(path, output, replace=force)
        return
    if chosen is Format.optuna:
        write_study(path, output, at=(at or At.best).value, replace=force)
        return
    to_stdout = output is None or str(output) == "-"
    if to_stdout and chosen is Format.parquet:
        raise SpecError("Parquet is binary and goes to a file; add -o FILE.parquet")
    dataset = open_sweep(path).dataset(table.value)
    write_text = write_json if chosen is Format.json else write_csv
    if output is None or to_stdout:
        write_text(dataset, sys.stdout)
        return
    with new_file(output, replace=force) as file:
        if chosen is Format.parquet:
            write_parquet(dataset, file)
        else:
            with file.open("w", encoding="utf-8", newline="") as stream:
                write_text(dataset, stream)


def _format(to: Format | None, as_json: bool) -> Format:
    if as_json and to not in (None, Format.json):
        raise SpecError(f"--json is --to json, got --to {to} as well; leave one of them out")
    if to is None and not as_json:
        raise SpecError(f"a table has a format: add --to {', --to '.join(Format)}, or --json")
    return to or Format.json


def _check_fit(chosen: Format, table: TableChoice, at: At | None) -> None:
    """Refuse an option that the format has no use for."""
    if chosen in (Format.tensorboard, Format.optuna) and table is not TableChoice.trials:
        raise SpecError(f"--to {chosen} takes the whole sweep, got --table {table}; leave it out")
    if at is not None and chosen is not Format.optuna:
        raise SpecError(f"--at is for --to optuna, got --to {chosen}; leave it out")


def _print_json(value: Any) -> None:
    typer.echo(dumps(value))


def _print(parts: Iterable[RenderableType]) -> None:
    from tuner.cli.terminal import stdout_console

    console = stdout_console()
    for part in parts:
        console.print(part)

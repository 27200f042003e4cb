"""The verbs that read: ``scenarios``, ``ls``, ``show``, ``best``, ``export``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.locate import DEFAULT_STORAGE, open_sweep, sweep_folders
from tuner.cli.strict_json import dumps
from tuner.errors import SpecError, StorageError

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["best", "export", "list_scenarios", "list_sweeps", "show"]

JSON_HELP = 'Print JSON. NaN and infinities are the strings "NaN", "Infinity", "-Infinity".'

AsJson = Annotated[bool, typer.Option("--json", help=JSON_HELP)]
SweepPath = Annotated[
    str,
    typer.Argument(
        metavar="PATH", help="A sweep's folder, or its name below ./results.", show_default=False
    ),
]


class At(StrEnum):
    """Which report of a trial counts."""

    best = "best"
    last = "last"


class Format(StrEnum):
    """What a table is exported to."""

    csv = "csv"
    json = "json"
    parquet = "parquet"


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
    storage_path: Annotated[
        Path, typer.Argument(metavar="[STORAGE_PATH]", help="The folder that holds sweeps.")
    ] = DEFAULT_STORAGE,
    as_json: AsJson = False,
) -> None:
    """List the sweeps in a storage folder."""
    from tuner.cli.contents import heading
    from tuner.cli.tables import headings_parts

    headings = [heading(folder) for folder in sweep_folders(storage_path.expanduser())]
    if as_json:
        _print_json(headings)
    elif headings:
        _print(headings_parts(headings))
    else:
        typer.echo(f"no sweeps in {storage_path}", err=True)


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
    from tuner.cli.tables import summary_parts, trial_parts

    sweep = open_sweep(path)
    content = summary(sweep, n_best=3) if trial is None else trial_details(sweep, trial)
    if as_json:
        _print_json(content)
    elif trial is None:
        _print(summary_parts(content))
    else:
        _print(trial_parts(content, sweep.metric))


def best(
    path: SweepPath,
    n: Annotated[int, typer.Option("-n", min=1, help="How many trials.")] = 5,
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


def export(
    path: SweepPath,
    to: Annotated[Format, typer.Option("--to", help="The format.", show_default=False)],
    table: Annotated[TableChoice, typer.Option(help="Which table.")] = TableChoice.trials,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Where to write; else stdout.",
            show_default=False,
        ),
    ] = None,
) -> None:  # fmt: skip
    """Write a table of a sweep as CSV, JSON or one Parquet file.

    In CSV, lists and configurations are JSON text and an absent value is empty. In JSON, an
    absent value is null, and NaN and infinities are "NaN", "Infinity" and "-Infinity".
    """
    from tuner.cli.exporting import write_csv, write_json, write_parquet

    dataset = open_sweep(path).dataset(table.value)
    write_text = write_json if to is Format.json else write_csv
    if output is None:
        if to is Format.parquet:
            raise SpecError("Parquet is binary and goes to a file; add -o FILE.parquet")
        write_text(dataset, sys.stdout)
        return
    try:
        if to is Format.parquet:
            write_parquet(dataset, output)
        else:
            with output.open("w", encoding="utf-8", newline="") as stream:
                write_text(dataset, stream)
    except OSError as error:
        raise StorageError(f"cannot write {output}: {error.strerror or error}") from error


def _print_json(value: Any) -> None:
    typer.echo(dumps(value))


def _print(parts: Iterable[RenderableType]) -> None:
    from tuner.cli.terminal import stdout_console

    console = stdout_console()
    for part in parts:
        console.print(part)

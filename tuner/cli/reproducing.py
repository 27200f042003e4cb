"""The verb ``reproduce``: one trial again, and how far it lies from what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli import run_options as opt
from tuner.cli.launch import stdout_kept_clean
from tuner.cli.locate import where
from tuner.cli.reading import AsJson, SweepPath
from tuner.cli.strict_json import dumps
from tuner.errors import SpecError
from tuner.plurals import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tuner.reproducing import Reproduction

__all__ = ["reproduce"]


def reproduce(
    path: SweepPath,
    trial: Annotated[
        str, typer.Argument(metavar="TRIAL", help="The trial's id.", show_default=False)
    ],
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|MODULE|FILE",
            help="Where the scenario is now, if it has moved.",
            show_default=False,
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            metavar="X", help="Accept an absolute or relative difference of at most so much."
        ),
    ] = 0.0,
    storage_path: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep the new run there, as a sweep. [dim](default: not kept)[/]",
            show_default=False,
        ),
    ] = None,
    address: opt.Address = None,
    progress: opt.Progress = None,
    as_json: AsJson = False,
) -> None:
    """Run a trial again with its own seed, after those it copied, and compare its reports.

    Exit codes: 0 the same, within --tolerance; 1 otherwise.
    """
    if not tolerance >= 0:
        raise SpecError(f"a tolerance is a number >= 0, got {tolerance}")
    folder = where(path)
    from tuner.reproducing import reproduce as run_again

    with stdout_kept_clean(as_json):
        found = run_again(
            folder,
            trial,
            scenario=scenario,
            storage_path=storage_path,
            address=address,
            progress="none" if progress is None else progress.value,
        )
    if as_json:
        typer.echo(dumps(_content(found, tolerance)))
    else:
        _print(found, tolerance)
    raise typer.Exit(0 if found.within(tolerance) else 1)


def _content(found: Reproduction, tolerance: float) -> dict[str, Any]:
    from dataclasses import asdict

    verdicts = {"identical": found.identical, "within_tolerance": found.within(tolerance)}
    return {**asdict(found), **verdicts, "tolerance": tolerance}


def _print(found: Reproduction, tolerance: float) -> None:
    from tuner.cli.terminal import stdout_console

    console = stdout_console()
    for part in _parts(found, tolerance):
        console.print(part)


def _parts(found: Reproduction, tolerance: float) -> Iterator[RenderableType]:
    from rich.text import Text

    from tuner.cli.grid import empty_table
    from tuner.cli.tables import facts
    from tuner.progress.wording import value_text

    verdict, style = _verdict(found, tolerance)
    then, now = found.iterations
    count = counted(then, "report") + ("" if then == now else f" then, {now} now")
    yield Text.assemble((found.trial_id, "bold"), f"  {count}  ", (verdict, style))
    if len(found.lineage) > 1:
        yield Text(f"lineage {' → '.join(found.lineage)}", "dim")
    table = empty_table("#metric", ">max abs", ">max rel", "first difference")
    for metric in found.metrics:
        first = metric.first_iteration
        table.add_row(
            Text(metric.metric),
            value_text(metric.max_abs),
            value_text(metric.max_rel),
            "identical" if first is None else f"iteration {first}",
        )
    yield table
    if found.versions:
        yield Text("\nversions that differ", "dim")
        yield facts({name: f"{then} -> {now}" for name, (then, now) in found.versions.items()})


def _verdict(found: Reproduction, tolerance: float) -> tuple[str, str]:
    if found.identical:
        return "identical", "green"
    if found.within(tolerance):
        return f"within {tolerance:g}", "green"
    return "differs", "red"

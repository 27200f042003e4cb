"""The verb ``replay``: what other schedulers would have done on a finished sweep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from tuner.cli.locate import open_sweep
from tuner.cli.reading import AsJson, SweepPath
from tuner.cli.strict_json import dumps

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from tuner.hindsight import Hindsight

__all__ = ["replay"]

_ARMS = ("asha", "asha_promotion", "hyperband", "median")


def replay(
    path: SweepPath,
    arm: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:KEY=VALUE",
            help=f"A scheduler to try; repeatable. [dim](default: {', '.join(_ARMS)})[/]",
            show_default=False,
        ),
    ] = None,
    orderings: Annotated[
        int, typer.Option(min=1, metavar="N", help="In how many orders its trials are replayed.")
    ] = 100,
    max_concurrent_trials: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="How many trials train at once. [dim](default: as many as did)[/]",
            show_default=False,
        ),
    ] = None,
    max_unknown: Annotated[
        float,
        typer.Option(
            metavar="SHARE", help="Give no figures where a larger share of the epochs is unknown."
        ),
    ] = 0.5,
    seed: Annotated[int, typer.Option(metavar="N", help="Decides the orders.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Say what other schedulers would have done on the trials of a finished sweep.

    The recorded curves are replayed in many orders. What was not recorded is not guessed: where a
    trial would have gone on, the answer is a range.
    """
    sweep = open_sweep(path)
    from tuner.hindsight import replay as look_back

    found = look_back(
        sweep,
        arms=arm or _ARMS,
        orderings=orderings,
        max_concurrent_trials=max_concurrent_trials,
        max_unknown=max_unknown,
        seed=seed,
    )
    if as_json:
        typer.echo(dumps(found.to_json()))
    else:
        _print(found)


def _print(found: Hindsight) -> None:
    from tuner.cli.terminal import stdout_console

    console = stdout_console()
    for part in _parts(found):
        console.print(part)


def _parts(found: Hindsight) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text.assemble((found.sweep, "bold"), f"  {found.basis}")
    yield Text()
    yield _table(found)
    for refusal in {arm.refusal: None for arm in found.arms if arm.refusal is not None}:
        yield Text(f"! not known: {refusal.replace('max_unknown', '--max-unknown')}", "yellow")
    yield Text(f"\n({found.intervals})", "dim")
    for remark in found.remarks:
        yield Text(remark, "dim")


def _table(found: Hindsight) -> Table:
    from rich.text import Text

    from tuner.cli.grid import empty_table
    from tuner.hindsight.wording import HEADINGS, arm_cells

    first, *others = HEADINGS
    table = empty_table(first, *(f">{heading}" for heading in others))
    for arm in found.arms:
        name, *cells = arm_cells(arm)
        table.add_row(Text(name), *cells)
    return table

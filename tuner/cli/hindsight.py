"""The verb ``replay``: what other schedulers would have done on a finished sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from tuner.cli.locate import open_sweep
from tuner.cli.reading import AsJson, SweepPath
from tuner.cli.strict_json import dumps
from tuner.plurals import counted

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from tuner.hindsight import ArmInHindsight, Hindsight
    from tuner.hindsight.results import Bounds, Chance

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

    yield Text.assemble(
        (found.sweep, "bold"),
        f"  {found.scheduler}, {counted(found.trials, 'trial')}, {counted(found.epochs, 'epoch')}, "
        f"best {found.metric} {found.best:.4g}; in {counted(found.orderings, 'order')}, "
        f"{counted(found.concurrency, 'trial')} at a time",
    )
    yield Text()
    yield _table(found)
    for refusal in {arm.refusal: None for arm in found.arms if arm.refusal is not None}:
        yield Text(f"! not known: {refusal.replace('max_unknown', '--max-unknown')}", "yellow")
    yield Text("\n(in 90 % of the orders; of probabilities, the 95 % interval)", "dim")
    for remark in found.remarks:
        yield Text(remark, "dim")


def _table(found: Hindsight) -> Table:
    from rich.text import Text

    from tuner.cli.grid import empty_table

    headings = (">keeps the winner", ">regret", ">epochs", ">saves", ">wall saved")
    table = empty_table("arm", *headings)
    for arm in found.arms:
        table.add_row(Text(arm.arm), *_cells(arm))
    return table


def _cells(arm: ArmInHindsight) -> Iterator[str]:
    if arm.refusal is not None:
        yield f"not known: {arm.unknown:.0%}"
        return
    yield _chance(arm.keeps_winner)
    yield _mean(arm.regret, lambda value: f"{value:.2g}")
    yield _mean(arm.epochs, lambda value: f"{value:,.0f}")
    yield _saving(arm.saved)
    yield _mean(arm.saved_wall_s, _percent)


def _chance(chance: Chance | None) -> str:
    if chance is None:
        return "-"
    if chance.low != chance.high:
        return f"{_percent(chance.low)} to {_percent(chance.high)}"
    return f"{_percent(chance.low)} ({_percents(chance.smallest, chance.largest)})"


def _saving(bounds: Bounds | None) -> str:
    """Return a mean share with its range over the orders, if it is known."""
    told = _mean(bounds, _percent)
    if bounds is None or bounds.low != bounds.high or bounds.smallest == bounds.largest:
        return told
    return f"{told} ({_percents(bounds.smallest, bounds.largest)})"


def _mean(bounds: Bounds | None, text: Callable[[float], str]) -> str:
    """Return a mean, or where it is not known, the two between which it lies."""
    if bounds is None:
        return "-"
    low, high = text(bounds.low), text(bounds.high)
    return low if low == high else f"{low} to {high}"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _percents(low: float, high: float) -> str:
    return f"{100 * low:.0f} to {100 * high:.0f}"

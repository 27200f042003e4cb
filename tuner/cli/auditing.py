"""The verbs ``audit`` and ``isolate``: what a sweep can be trusted for, and what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tuner.cli.locate import open_sweep
from tuner.cli.plotting import Formats
from tuner.cli.reading import AsJson, SweepPath
from tuner.cli.strict_json import dumps
from tuner.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.text import Text

    from tuner.playbook.audit import Audit, Finding
    from tuner.playbook.isolation.outcome import Isolation

__all__ = ["audit", "isolate"]

_STYLES = {"pass": "green", "warn": "yellow", "fail": "bold red", "cannot tell": "dim"}
_VERDICT_WIDTH = 13

Figures = Annotated[
    str | None,
    typer.Option(
        metavar="DIR", help="Draw what was looked at, as HTML or --format.", show_default=False
    ),
]


def audit(
    path: SweepPath,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 on a warning too.", metavar="")
    ] = False,
    check: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Make this check only; repeatable.", show_default=False),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHECK=WARN,FAIL",
            help="Other limits of a check's figure; repeatable.",
            show_default=False,
        ),
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TRAIN,VALIDATION",
            help="Metrics to look for overfitting in; repeatable. "
            "[dim](default: such as train_x and val_x)[/]",
            show_default=False,
        ),
    ] = None,
    figures: Figures = None,
    formats: Formats = None,
    as_json: AsJson = False,
) -> None:
    """Say how far a sweep can be trusted: pass, warn or fail per check, with the remedy.

    Best points at an edge of the space, trials that brought nothing, luck, duplicates,
    hyperparameters without effect, training too short or too long, overfitting, noise, agreement
    of rungs, variance over seeds.

    Exit codes: 0 no check failed; 1 one did, or warned and --strict.
    """
    limits = dict(map(_limits, limit or ()))
    pairs = [_pair(text) for text in pair or ()]
    sweep = open_sweep(path)
    from tuner.playbook.audit import audit as look

    found = look(sweep, checks=check or None, limits=limits, pairs=pairs)
    drawn = [] if figures is None else found.save_figures(figures, formats or ["html"])
    if as_json:
        typer.echo(dumps(found.to_json()))
    else:
        _print(found)
    _name_files(drawn)
    raise typer.Exit(0 if found.passes(strict=strict) else 1)


def isolate(
    path: SweepPath,
    scientific: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="The hyperparameter to compare the values of; of several, their combinations. "
            "[dim](default: those of explore --scientific)[/]",
            show_default=False,
        ),
    ] = None,
    bins: Annotated[
        int, typer.Option(min=2, metavar="N", help="Parts of a number's domain, on its scale.")
    ] = 4,
    at: Annotated[
        float | None,
        typer.Option(
            metavar="T",
            help="Compare at this time_attr, the trials that got there. "
            "[dim](default: each trial's best)[/]",
            show_default=False,
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Compare the expected best of so many trials. "
            "[dim](default: half of the smallest group)[/]",
            show_default=False,
        ),
    ] = None,
    figures: Figures = None,
    formats: Formats = None,
    as_json: AsJson = False,
) -> None:
    """Compare the values of a scientific hyperparameter, the others tuned for each.

    What the same number of trials of each value would bring at best, with intervals.
    """
    sweep = open_sweep(path)
    from tuner.playbook.isolation.isolating import isolate as compare

    found = compare(sweep, scientific or (), bins=bins, at=at, draws=draws)
    drawn = []
    if figures is not None:
        from tuner.figures import save_figures

        drawn = save_figures({"isolation": found.figure()}, figures, formats or ["html"])
    if as_json:
        typer.echo(dumps(found.to_json()))
    else:
        _print_isolation(found)
    _name_files(drawn)


def _limits(text: str) -> tuple[str, Sequence[float]]:
    check, _, numbers = text.partition("=")
    try:
        return check.strip(), [float(number) for number in numbers.split(",")]
    except ValueError:
        message = f"--limit takes CHECK=WARN,FAIL, such as boundary=0.3,0.5; got {text!r}"
        raise SpecError(message) from None


def _pair(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or not all(names):
        raise SpecError(f"--pair takes two metrics, such as train_loss,val_loss; got {text!r}")
    return names


def _name_files(drawn: Sequence[Path]) -> None:
    for path in drawn:
        typer.echo(path, err=True)


def _print(found: Audit) -> None:
    from tuner.cli.terminal import stdout_console

    console = stdout_console()
    width = max(len(finding.check) for finding in found.findings) + 2
    console.print(found.heading, soft_wrap=True)
    for finding in found.findings:
        for line in _lines(finding, width):
            console.print(line, soft_wrap=True)
    for remark in found.remarks:
        console.print(f"note: {remark}", style="dim", soft_wrap=True)
    console.print(found.tally)


def _lines(finding: Finding, width: int) -> Iterator[Text]:
    from rich.text import Text

    verdict = finding.verdict.value
    yield Text.assemble(
        (f"{verdict:{_VERDICT_WIDTH}}", _STYLES[verdict]),
        f"{finding.check:{width}}{finding.message}",
    )
    if finding.remedy:
        yield Text(f"{'':{_VERDICT_WIDTH + width}}-> {finding.remedy}", "dim")


def _print_isolation(found: Isolation) -> None:
    from rich.text import Text

    from tuner.cli.grid import empty_table
    from tuner.cli.terminal import stdout_console

    console = stdout_console()
    console.print(found.heading, soft_wrap=True)
    heads, *rows = found.cells()
    table = empty_table(f"#{heads[0]}", *(f">{head}" for head in heads[1:]))
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    for note in found.notes():
        console.print(note, soft_wrap=True)

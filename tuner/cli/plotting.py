"""The verb ``plot``: one figure of a sweep or of a comparison, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tuner.cli.locate import located, open_sweep
from tuner.cli.reading import SweepPath

if TYPE_CHECKING:
    from tuner.comparison import Comparison
    from tuner.figures import Theme
    from tuner.store import Sweep

__all__ = ["Formats", "plot"]

Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="Of the figures: html, json, or by a Chrome png, svg, pdf; repeatable.",
        show_default=False,
    ),
]


def plot(
    path: SweepPath,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="curves, history, edf, prospects, improvement, parallel, slices, contours, "
            "ranks, importance, isolation, audit, refinement, lineage, decisions, timeline, "
            "durations, pareto, hypervolume; of a comparison best-so-far, regret, regret-by-task, "
            "critical-differences, win-rates, time-to-target, speed-up, usage.",
            show_default=False,
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]",
            help="Hyperparameters to show; of audit a check, of lineage a trial, of pareto and "
            "hypervolume two metrics or more.",
            show_default=False,
        ),
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="PATH",
            help="A sweep of the same metric in the same figure, of curves, history, edf and "
            "durations; repeatable.",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[:min|max]",
            help="What to show instead of the sweep's metric: what trials report, seconds, or "
            "seconds_per_iteration.",
            show_default=False,
        ),
    ] = None,
    merged: Annotated[
        bool,
        typer.Option("--merged", help="Of the history of several sweeps, their mean and spread."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to: .html or .json, or by a Chrome on this machine .png, .svg or .pdf. "
            "[dim](default: KIND.html)[/]",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[
        str, typer.Option(metavar="THEME", help="How it looks: light, dark or print.")
    ] = "light",
    width: Annotated[
        int | None,
        typer.Option(
            min=200,
            metavar="PIXELS",
            help="Of a picture, 96 pixels to an inch. [dim](default: 672)[/]",
            show_default=False,
        ),
    ] = None,
    height: Annotated[
        int | None,
        typer.Option(
            min=150,
            metavar="PIXELS",
            help="Of a picture. [dim](default: the figure's own)[/]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Draw one figure of a sweep, of several or of a comparison.

    HTML opens in any browser, offline, and tells of each point what it is.
    """
    found = _open(path)
    from tuner.figures import PAGE_PX, template, write_figure
    from tuner.reporting import plot as draw

    look = cast("Theme", theme)
    template(look)  # an unknown theme is refused before anything is drawn
    sources = [found, *map(open_sweep, others)] if others else found
    figure = draw(sources, kind, names=names or (), metric=metric, merged=merged)
    file = output or Path(f"{kind}.html")
    written = write_figure(figure, file, theme=look, width=width or PAGE_PX, height=height)
    typer.echo(written)


def _open(path: str) -> Sweep | Comparison:
    """Return the sweep or comparison at ``path``, or else of that name below ``./results``."""
    from tuner.comparison import load_comparison
    from tuner.store import load
    from tuner.store.layout import COMPARISON_FILE, SWEEP_FILE, is_comparison

    place = located(path, SWEEP_FILE, COMPARISON_FILE)
    if isinstance(place, Path) and is_comparison(place):
        return load_comparison(place)
    return load(place)

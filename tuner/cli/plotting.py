"""The verb ``plot``: one figure of a sweep or of a comparison, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tuner.cli.locate import DEFAULT_STORAGE, open_sweep
from tuner.cli.reading import SweepPath
from tuner.places import Uri, place_of

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
            help="curves, history, edf, prospects, parallel, slices, contours, ranks, importance, "
            "isolation, audit, refinement, lineage, decisions, timeline, durations, pareto, "
            "hypervolume; of a comparison best-so-far, regret, regret-by-task, "
            "critical-differences, win-rates, time-to-target, speed-up, usage.",
            show_default=False,
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]",
            help="Hyperparameters to show; of audit a check, of lineage a trial.",
            show_default=False,
        ),
    ] = None,
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
    """Draw one figure of a sweep or of a comparison.

    HTML opens in any browser, offline, and tells of each point what it is.
    """
    found = _open(path)
    from tuner.figures import PAGE_PX, template, write_figure
    from tuner.reporting import plot as draw

    look = cast("Theme", theme)
    template(look)  # an unknown theme is refused before anything is drawn
    figure = draw(found, kind, names=names or ())
    file = output or Path(f"{kind}.html")
    written = write_figure(figure, file, theme=look, width=width or PAGE_PX, height=height)
    typer.echo(written)


def _open(path: str) -> Sweep | Comparison:
    """Return the sweep or comparison at ``path``, or else of that name below ``./results``."""
    from tuner.comparison import load_comparison
    from tuner.store.layout import COMPARISON_FILE

    if not isinstance(place_of(path), Uri):
        for folder in (Path(path).expanduser(), DEFAULT_STORAGE / path):
            if (folder / COMPARISON_FILE).is_file():
                return load_comparison(folder)
    return open_sweep(path)

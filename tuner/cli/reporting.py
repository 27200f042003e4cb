"""The verb ``report``: sweeps, comparisons and studies as one HTML file."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuner.cli.awaiting import awaited
from tuner.cli.locate import located
from tuner.cli.spellings import duration_s
from tuner.errors import SpecError, SweepFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.places import Place

__all__ = ["report"]

_DEFAULT_EVERY_S = 5.0


def report(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="A sweep, a comparison or a study: its folder or URI, or its name below "
            "./results. Several are reported side by side.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to. [dim](default: report.html in the first folder; of a URI, here)[/]",
            show_default=False,
        ),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Of the page. [dim](default: the names)[/]", show_default=False
        ),
    ] = None,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Write it anew whenever something has changed, until nothing runs any more. The "
            "page loads itself again.",
            metavar="",
        ),
    ] = False,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="With --watch: how often to look, such as 30s. [dim](default: 5s)[/]",
            show_default=False,
        ),
    ] = None,
    serve: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            help="Watch, and serve the page on this port of 127.0.0.1 until Ctrl-C; 0 for one that "
            "is free.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write one HTML file that shows all of it, and opens offline in any browser.

    Figures, tables and where they come from; light and dark, on screens of any size and in print.
    """
    from tuner.reporting import report as write

    follows = watch or serve is not None
    sources = [awaited(path, _find) if follows else _find(path) for path in paths]
    if follows:
        every_s = _DEFAULT_EVERY_S if every is None else duration_s("--every", every)
        _follow(sources, output, title, every_s, serve)
    elif every is not None:
        raise SpecError(f"--every says how often to look, got {every} without --watch; add that")
    else:
        typer.echo(write(*sources, output=output, title=title))


def _find(path: str) -> Place:
    """Return where a sweep, a comparison or a study lies that is called so."""
    from tuner.store.layout import COMPARISON_FILE, STUDY_FILE, SWEEP_FILE

    return located(path, SWEEP_FILE, COMPARISON_FILE, STUDY_FILE)


def _follow(
    sources: Sequence[Place],
    output: Path | None,
    title: str | None,
    every_s: float,
    port: int | None,
) -> None:
    """Keep a report up to date, and serve it if there is a port, until Ctrl-C or the end."""
    from tuner.reporting.live import follow_report
    from tuner.reporting.serving import PageServer
    from tuner.reporting.writing import checked_output, gather

    file = checked_output(sources, output)
    gather(sources)  # what cannot be reported on is refused before anything is served
    follow = partial(follow_report, sources, file, title=title, every_s=every_s, say=_say)
    try:
        if port is None:
            typer.echo(follow())
            return
        with PageServer(port) as server:
            _say(f"serving {server.url}")
            try:
                typer.echo(follow(server=server))
            except SweepFailedError as failure:
                _say(str(failure))
            _say("nothing runs any more; Ctrl-C ends the serving")
            _wait_for_ctrl_c()
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _wait_for_ctrl_c() -> None:
    threading.Event().wait()


def _say(line: str) -> None:
    typer.echo(line, err=True)

"""The verbs that follow a sweep from another terminal or host: ``watch`` and ``logs``."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.awaiting import awaited
from tuner.cli.locate import open_sweep
from tuner.cli.reading import JSON_HELP, SweepPath
from tuner.cli.strict_json import dumps
from tuner.errors import SweepFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuner.cli.chronicle import Entry
    from tuner.progress import Snapshot
    from tuner.store import Sweep
    from tuner.store.journal import Kind

__all__ = ["logs", "watch"]

_LOOK_EVERY_S = 2.0
_PICTURE_SIZE = (100, 40)  # columns and lines, where the terminal does not say

AsJsonLines = Annotated[
    bool, typer.Option("--json", help=f"{JSON_HELP} An object per line.", metavar="")
]


def watch(
    path: SweepPath,
    trial: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The reports of one trial instead.", show_default=False),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Show how it stands now, and end.", metavar="")
    ] = False,
    svg: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write what a terminal shows now as a picture, and end; as large as "
            "COLUMNS and LINES say, 100 x 40 otherwise.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJsonLines = False,
) -> None:
    """Watch a sweep that runs, or is being started, from any terminal or host that sees its folder.

    Shows how trials stand, the best, rungs, learning curves, and how busy workers and GPUs are.

    Ends with the sweep, and with its exit code. Ctrl-C ends the watching only, with exit code 0.
    """
    try:
        sweep = awaited(path, open_sweep)
        if trial is not None:
            sweep.trial(trial)  # which knows the nearest name of an unknown one
            _follow(sweep, trial, ["report"], once=once, as_json=as_json)
        elif svg is not None:
            _write_picture(sweep, svg)
            return
        elif as_json:
            _print_snapshots(sweep, once=once)
        else:
            _show_snapshots(sweep, once=once)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    raise typer.Exit(0 if once else _verdict(sweep, trial))


def logs(
    path: SweepPath,
    trial: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Of one trial, with whole tracebacks.", show_default=False),
    ] = None,
    n: Annotated[
        int | None,
        typer.Option("-n", min=1, metavar="N", help="The last N entries.", show_default=False),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", "-f", help="Go on until the sweep has ended.", metavar=""),
    ] = False,
    reports: Annotated[
        bool, typer.Option("--reports", help="Include every report and checkpoint.", metavar="")
    ] = False,
    as_json: AsJsonLines = False,
) -> None:
    """Tell what happened in a sweep, in order: suggestions, starts, decisions, failures, notes.

    Of one trial its checkpoints are told as well.
    """
    kinds: list[Kind] = ["event", "decision", "report"] if reports else ["event", "decision"]
    try:
        sweep = awaited(path, open_sweep, patient=follow)
        if trial is not None:
            sweep.trial(trial)
        _follow(sweep, trial, kinds, last=n, once=not follow, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    if follow:
        _refuse_gone(sweep)


def _show_snapshots(sweep: Sweep, *, once: bool) -> None:
    """Show how a sweep stands until it does not run any more."""
    from tuner.cli.standing import Watched
    from tuner.progress import make_view
    from tuner.store.standing import standing_of

    view, watched = make_view("auto", sys.stdout), Watched(sweep)
    standing = standing_of(sweep)
    try:
        while standing == "running" and not once:
            view.update(watched.snapshot(standing))
            time.sleep(_LOOK_EVERY_S)
            standing = standing_of(sweep)
        view.close(watched.snapshot(standing))
    finally:
        view.close()


def _print_snapshots(sweep: Sweep, *, once: bool) -> None:
    """Print how a sweep stands, as often as that changes."""
    from tuner.cli.standing import Watched
    from tuner.store.standing import standing_of

    watched, told = Watched(sweep), dict[str, Any]()
    while True:
        standing = standing_of(sweep)
        now = {"standing": standing, **_facts(watched.snapshot(standing))}
        if _without_clocks(now) != _without_clocks(told):
            typer.echo(dumps(now, indent=None))
        told = now
        if once or standing != "running":
            return
        time.sleep(_LOOK_EVERY_S)


def _facts(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot as plain values; the curves are the sweep's reports."""
    facts = asdict(replace(snapshot, curves=None))
    del facts["curves"]
    return facts


def _without_clocks(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what changes only where something has happened."""
    return {
        name: [(gauge["used"], gauge["total"]) for gauge in each] if name == "gauges" else each
        for name, each in facts.items()
        if name != "elapsed_s"
    }


def _write_picture(sweep: Sweep, file: Path) -> None:
    """Write what a terminal shows of a sweep now as SVG."""
    from tuner.cli.exporting import new_file
    from tuner.cli.standing import snapshot_of
    from tuner.progress import panel_svg
    from tuner.store.standing import standing_of

    width, height = shutil.get_terminal_size(_PICTURE_SIZE)
    picture = panel_svg(
        snapshot_of(sweep, standing_of(sweep)),
        title=f"tuner watch {sweep.name}",
        width=width,
        height=height,
    )
    with new_file(file, replace=True) as unfinished:
        unfinished.write_text(picture, encoding="utf-8")
    typer.echo(f"wrote {file}", err=True)


def _follow(
    sweep: Sweep,
    trial: str | None,
    kinds: list[Kind],
    *,
    once: bool,
    as_json: bool,
    last: int | None = None,
) -> None:
    """Print what happened, and then what happens until the sweep does not run any more."""
    from tuner.cli.chronicle import line_of
    from tuner.store.standing import standing_of

    looks, simulated = _looks(sweep, trial, kinds), bool(sweep.state.get("simulated"))
    while True:
        goes_on = not once and standing_of(sweep) == "running" and not _has_ended(sweep, trial)
        found = next(looks)
        for entry in found if last is None else found[-last:]:
            line = line_of(entry, simulated=simulated)
            typer.echo(dumps(asdict(entry), indent=None) if as_json else line)
        if not goes_on:
            return
        last = None
        time.sleep(_LOOK_EVERY_S)


def _looks(sweep: Sweep, trial: str | None, kinds: list[Kind]) -> Iterator[list[Entry]]:
    """Yield what is new in a sweep, again and again."""
    from tuner.cli.chronicle import entries, merged, note_entry
    from tuner.store import SweepLayout
    from tuner.store.following import Follower
    from tuner.store.notes import read_notes

    layout = SweepLayout(sweep.path)
    follower, time_attr, notes_seen = Follower(layout, kinds, trial), sweep.spec.time_attr, 0
    while True:
        happened = entries(
            follower.look(),
            lambda trial_id: sweep.trial(trial_id).error,
            time_attr=time_attr,
            whole_errors=trial is not None,
            saves=trial is not None or "report" in kinds,
        )
        notes = read_notes(layout) if "event" in kinds else []
        new = [note_entry(note) for note in notes[notes_seen:] if trial in (None, note.trial_id)]
        notes_seen = len(notes)
        yield list(merged(happened, new))


def _has_ended(sweep: Sweep, trial: str | None) -> bool:
    return trial is not None and sweep.trial(trial).status in ("TERMINATED", "ERROR")


def _verdict(sweep: Sweep, trial: str | None) -> int:
    """Return how the sweep ended, or the trial, as an exit code.

    Raises:
        SweepFailedError: It has not ended, and never will by itself.
    """
    from tuner.store.outcomes import FAILURES

    _refuse_gone(sweep)
    if trial is not None:
        return 1 if sweep.trial(trial).outcome in FAILURES else 0
    return sweep.exit_code


def _refuse_gone(sweep: Sweep) -> None:
    """Raise SweepFailedError where a sweep has not ended, and never will by itself."""
    from tuner.store.standing import resume_hint, standing_of

    if standing_of(sweep) == "gone":
        raise SweepFailedError(f"{sweep.place} has not ended, and {resume_hint(sweep)}")

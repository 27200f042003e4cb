"""The verbs that reach a sweep from another terminal or host: ``stop`` and ``note``."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tuner.cli.locate import open_sweep, refuse_uri
from tuner.cli.reading import AsJson, SweepPath
from tuner.cli.strict_json import dumps
from tuner.errors import SpecError

if TYPE_CHECKING:
    from tuner.store import Sweep, SweepLayout
    from tuner.store.requests import Request

__all__ = ["note", "stop"]

_LOOK_EVERY_S = 0.2
_ENDED = ("TERMINATED", "ERROR")


def stop(
    path: SweepPath,
    trial: Annotated[
        str | None,
        typer.Option(metavar="ID", help="This trial only; the others go on.", show_default=False),
    ] = None,
    now: Annotated[
        bool,
        typer.Option(
            "--now", help="At once, without saving first, as a second Ctrl-C.", metavar=""
        ),
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Do not wait for an answer.", metavar="")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Stop a sweep that runs, or one trial of it, from any host that sees its folder.

    As the first Ctrl-C does: no new trials, running ones are saved, and the sweep can be resumed.
    """
    from tuner.store import SweepLayout
    from tuner.store.requests import post_stop

    refuse_uri(path, "a request to stop")
    sweep = open_sweep(path)
    layout = SweepLayout(sweep.path)
    driver = _driver(sweep, layout)
    if trial is not None:
        _refuse_ended(sweep, trial)
    request = post_stop(layout, driver, trial_id=trial, now=now)
    outcome = "asked" if no_wait else _answer(sweep, layout, request)
    told = trial or sweep.name
    sentences = {
        "asked": f"asked {told} to stop; see: tuner watch {sweep.place}",
        "taken": f"{told} stops{' now' if now else ''}",
        "ended": f"{told} had ended by itself",
        "gone": f"{told} was not stopped: its driver has died; go on with: tuner resume "
        f"{sweep.place}",
    }
    if as_json:
        typer.echo(dumps({**asdict(request), "path": str(sweep.place), "outcome": outcome}))
    else:
        typer.echo(sentences[outcome], err=outcome == "gone")
    raise typer.Exit(1 if outcome == "gone" else 0)


def note(
    path: SweepPath,
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="TEXT", help="What to write; without it, notes are listed.", show_default=False
        ),
    ] = None,
    trial: Annotated[
        str | None, typer.Option(metavar="ID", help="About one trial.", show_default=False)
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="A label; may be repeated.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a note about a sweep or a trial, also while it runs, or list the notes."""
    from tuner.store import SweepLayout
    from tuner.store.notes import add_note

    if text is not None:
        refuse_uri(path, "a note")
    sweep, tags = open_sweep(path), tag or []
    if trial is not None:
        sweep.trial(trial)  # which knows the nearest name of an unknown one
    if text is None:
        _list_notes(sweep, trial, tags, as_json=as_json)
        return
    written = add_note(SweepLayout(sweep.path), text, trial_id=trial, tags=tags)
    if as_json:
        typer.echo(dumps(asdict(written)))
    else:
        typer.echo(f"noted; see: tuner note {sweep.place}")


def _list_notes(sweep: Sweep, trial: str | None, tags: list[str], *, as_json: bool) -> None:
    """Print the notes, of one trial if it is given, that have all of the tags."""
    from tuner.cli.contents import notes_of
    from tuner.cli.tables import notes_table
    from tuner.cli.terminal import stdout_console

    found = [written for written in notes_of(sweep, trial) if set(tags) <= set(written["tags"])]
    if as_json:
        typer.echo(dumps(found))
    elif found:
        stdout_console().print(notes_table(found))
    else:
        typer.echo(f"no such notes on {trial or sweep.name}", err=True)


def _driver(sweep: Sweep, layout: SweepLayout) -> int:
    """Return the number of the driver's lock.

    Raises:
        SpecError: Nobody drives the sweep.
    """
    from tuner.store.drivers import holder
    from tuner.store.standing import resume_hint

    found = holder(layout)
    if found is not None and found.alive:
        return found.number
    status = sweep.state.get("status")
    how = resume_hint(sweep) if status == "running" else f"it has ended ({status})"
    raise SpecError(f"only a sweep that runs can be stopped, got {sweep.place}: {how}")


def _refuse_ended(sweep: Sweep, trial_id: str) -> None:
    result = sweep.trial(trial_id)
    if result.status in _ENDED:
        raise SpecError(
            f"only a trial that has not ended can be stopped, got {trial_id}, which has "
            f"({result.outcome}); see: tuner show {sweep.place} --trial {trial_id}"
        )


def _answer(sweep: Sweep, layout: SweepLayout, request: Request) -> str:
    """Wait until the request is taken, or pointless; take it back where it is not wanted."""
    from tuner.store.requests import is_waiting, withdraw
    from tuner.store.standing import standing_of

    try:
        while is_waiting(layout, request):
            standing = standing_of(sweep)
            trial_id = request.trial_id
            has_ended = trial_id is not None and sweep.trial(trial_id).status in _ENDED
            if (standing != "running" or has_ended) and withdraw(layout, request):
                return "gone" if standing == "gone" else "ended"
            time.sleep(_LOOK_EVERY_S)
    except KeyboardInterrupt:
        withdraw(layout, request)
        raise
    return "taken"

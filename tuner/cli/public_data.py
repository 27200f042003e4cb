"""``tuner data``: what can be simulated, and the public data sets that some of it needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.usage import Verbs

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tuner.public_data.downloading import Progress

__all__ = ["data"]

data = typer.Typer(
    cls=Verbs,
    help="What can be simulated, and the public data for it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

_MEGABYTE = 1e6


@data.command("list")
def list_data(
    family: Annotated[
        str | None,
        typer.Argument(
            metavar="TASK", help="Every spelling of tasks such as lcbench.", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.", metavar="")] = False,
) -> None:
    """List the tasks that can be simulated, and the data sets on this machine."""
    from tuner.cli.strict_json import dumps
    from tuner.cli.terminal import stdout_console

    if family is not None:
        from tuner.simulation.sources import family_of

        spellings = family_of(family).spellings()
        typer.echo(dumps(spellings) if as_json else "\n".join(spellings))
        return
    content = {"tasks": _tasks(), "data_sets": _data_sets()}
    if as_json:
        typer.echo(dumps(content))
        return
    console = stdout_console()
    for part in _parts(content):
        console.print(part)


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set of tuner data list.")],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="Copy it from this folder instead of downloading it.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Download a public data set into the cache; what is broken off goes on."""
    from tuner import public_data

    with _progress_bar(public_data.data_set(name).size) as progress:
        folder = public_data.fetch(name, source=source, progress=progress)
    typer.echo(folder)


@data.command()
def where(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A data set; without: the cache.", show_default=False),
    ] = None,
) -> None:
    """Print where a data set lies on this machine."""
    from tuner.public_data import cache_folder, find_data

    typer.echo(cache_folder() if name is None else find_data(name))


def _tasks() -> list[dict[str, Any]]:
    from tuner.public_data import data_set, local_copy
    from tuner.simulation.sources import FAMILIES

    return [
        {
            "name": family.name,
            "example": family.example,
            "options": family.options,
            "summary": family.summary,
            "data_set": family.data,
            "ready": family.data is None or local_copy(data_set(family.data)) is not None,
        }
        for family in FAMILIES.values()
    ]


def _data_sets() -> list[dict[str, Any]]:
    from tuner.public_data import DATA_SETS, local_copy

    folders = {name: local_copy(each) for name, each in DATA_SETS.items()}
    return [
        {
            "name": name,
            "summary": each.summary,
            "origin": each.origin,
            "licence": each.licence,
            "download_bytes": each.size or None,
            "folder": None if folders[name] is None else str(folders[name]),
        }
        for name, each in DATA_SETS.items()
    ]


def _parts(content: dict[str, list[dict[str, Any]]]) -> Iterator[RenderableType]:
    from rich.text import Text

    from tuner.cli.grid import empty_table

    tasks = empty_table("#task", "what it is", "options", "ready")
    for task in content["tasks"]:
        ready = Text("yes", "green") if task["ready"] else Text(f"needs {task['data_set']}", "red")
        options = ", ".join(task["options"]) or "-"
        tasks.add_row(Text(task["example"]), Text(task["summary"]), Text(options), ready)
    yield tasks
    yield Text("file.py:TASK or package.module:TASK is a task of one's own", "dim")
    yield ""
    sets = empty_table("#data set", ">MB", "licence", "where")
    for each in content["data_sets"]:
        size = each["download_bytes"]
        megabytes = "-" if size is None else f"{size / _MEGABYTE:.1f}"
        here = Text(each["folder"]) if each["folder"] else Text(_command(each), "dim")
        sets.add_row(Text(each["name"]), megabytes, Text(each["licence"]), here)
    yield sets


def _command(data_set: dict[str, Any]) -> str:
    source = "" if data_set["download_bytes"] else " --from PATH"
    return f"tuner data fetch {data_set['name']}{source}"


@contextmanager
def _progress_bar(total: int) -> Iterator[Progress]:
    """Show on stderr how much of a download is there, if anything is downloaded."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
               TransferSpeedColumn())  # fmt: skip
    done: dict[str, int] = {}
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        shown = bar.add_task("", total=total, visible=False)

        def progress(original: Any, received: int) -> None:
            done[original.name] = received
            bar.update(shown, description=original.name, completed=sum(done.values()), visible=True)

        yield progress

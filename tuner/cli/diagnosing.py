"""The verb ``doctor``: what is well and what is wrong with a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from tuner.cli import run_options as opt
from tuner.cli.locate import DEFAULT_STORAGE
from tuner.cli.reading import AsJson
from tuner.cli.strict_json import dumps
from tuner.plurals import counted

if TYPE_CHECKING:
    from rich.text import Text

    from tuner.diagnosis import Diagnosis, Finding

__all__ = ["doctor"]

_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}
_CHECK_WIDTH = 16


def doctor(
    address: opt.Address = None,
    storage_path: Annotated[
        str,
        typer.Option(
            help="The folder or URI that is to hold sweeps: every node writes and reads there.",
            metavar="FOLDER",
        ),
    ] = str(DEFAULT_STORAGE),
    as_json: AsJson = False,
) -> None:
    """Look at a Ray cluster, or at this machine, before a sweep runs there.

    Versions, tuner on every node, storage, GPUs, disk, shared memory, clocks, tokens and ports,
    each with its remedy.

    Exit codes: 0 fine, perhaps with warnings; 1 something has to be put right.
    """
    from tuner.diagnosing import doctor as diagnose

    found = diagnose(address, storage_path=storage_path)
    if as_json:
        typer.echo(dumps(found.to_json()))
    else:
        _print(found)
    raise typer.Exit(0 if found.ok else 1)


def _print(found: Diagnosis) -> None:
    from tuner.cli.terminal import stdout_console

    console = stdout_console()
    for finding in found.findings:
        for line in _lines(finding):
            console.print(line, soft_wrap=True)
    errors, warnings = counted(len(found.errors), "error"), counted(len(found.warnings), "warning")
    console.print(f"{errors}, {warnings}")


def _lines(finding: Finding) -> Iterator[Text]:
    from rich.text import Text

    level = finding.level.value
    about = f"{', '.join(finding.nodes)}: " if finding.nodes else ""
    yield Text.assemble(
        (f"{level:8}", _STYLES[level]),
        f"{finding.check:{_CHECK_WIDTH}}",
        f"{about}{finding.message}",
    )
    if finding.remedy:
        yield Text(f"{'':{8 + _CHECK_WIDTH}}-> {finding.remedy}", "dim")

"""`main`: the verbs of the command line, and what becomes of an error."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from tuner.cli import (
    auditing,
    comparing,
    exchanging,
    exploring,
    finalizing,
    following,
    forecasting,
    hindsight,
    plotting,
    reading,
    reporting,
    reproducing,
    steering,
)
from tuner.cli.automl import automl
from tuner.cli.diagnosing import doctor
from tuner.cli.public_data import data
from tuner.cli.resume import resume
from tuner.cli.run import run
from tuner.cli.simulating import simulate
from tuner.cli.studying import study
from tuner.cli.submitting import submit
from tuner.cli.usage import Verbs, usage_line
from tuner.errors import TunerError

__all__ = ["main"]

_INTERRUPTED = 130

app = typer.Typer(
    name="tuner",
    cls=Verbs,
    help="Hyperparameter sweeps on Ray Tune, every report kept in Parquet.",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("run")(run)
app.command("resume")(resume)
app.command("submit")(submit)
app.command("doctor")(doctor)
app.command("watch")(following.watch)
app.command("logs")(following.logs)
app.command("stop")(steering.stop)
app.command("note")(steering.note)
app.command("reproduce")(reproducing.reproduce)
app.command("plan")(forecasting.plan)
app.command("replay")(hindsight.replay)
app.command("audit")(auditing.audit)
app.command("isolate")(auditing.isolate)
app.command("plot")(plotting.plot)
app.command("report")(reporting.report)
app.command("simulate")(simulate)
app.command("study")(study)
app.command("explore")(exploring.explore)
app.command("refine")(exploring.refine)
app.command("adopt")(finalizing.adopt)
app.command("finalize")(finalizing.finalize)
app.command("predict")(finalizing.predict)
app.command("automl")(automl)
app.command("compare")(comparing.compare)
app.command("scenarios")(reading.list_scenarios)
app.command("ls")(reading.list_sweeps)
app.command("show")(reading.show)
app.command("best")(reading.best)
app.command("pareto")(reading.pareto)
app.command("export")(reading.export)
app.command("import")(exchanging.import_experiment)
app.add_typer(data, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tuner {version('tuner')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _no_verb(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows ``tuner``; None for those of this process.

    Returns:
        The exit code: 0 fine, 1 no trial succeeded or the sweep failed, 2 usage, 3 finished with
        some failed trials, 130 interrupted. With ``TUNER_DEBUG=1`` errors show tracebacks.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every terminal draws every character
    try:
        code = app(arguments, prog_name="tuner", standalone_mode=False)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except TunerError as error:
        return _fail(str(error), error.exit_code)
    except typer.TyperException as error:
        return _fail(usage_line(error), error.exit_code)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    from rich.console import Console
    from rich.text import Text

    if os.environ.get("TUNER_DEBUG") == "1":
        traceback.print_exc()
    # Unwrapped: a path that is broken over two lines cannot be copied.
    line = Text.assemble(("error:", "bold red"), " ", " ".join(message.splitlines()))
    Console(stderr=True, highlight=False).print(line, soft_wrap=True)
    return code

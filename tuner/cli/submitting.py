"""The verb ``submit``: a sweep as a job on a Ray cluster, with the options of ``run``."""

from __future__ import annotations

import json
import secrets
import shlex
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli import run_options as opt
from tuner.cli.known_names import check_names
from tuner.cli.launch_file import is_launch_file, with_launch_file
from tuner.cli.launch_text import launch_text
from tuner.cli.option_names import errors_name_options
from tuner.cli.run import options_of_run
from tuner.cli.shared_options import also_takes
from tuner.errors import SweepFailedError

if TYPE_CHECKING:
    from tuner.submission import Code, Job, JobServer

__all__ = ["submit"]

_JOB = "The job"


@also_takes(options_of_run, but={"address", "num_cpus", "num_gpus"})
def submit(
    scenario: opt.Scenario,
    *,
    address: Annotated[
        str | None,
        typer.Option(
            help="The cluster's job server. [dim](default: $RAY_API_SERVER_ADDRESS, or "
            "http://127.0.0.1:8265)[/]",
            metavar="http://HOST:PORT",
            rich_help_panel=_JOB,
            show_default=False,
        ),
    ] = None,
    working_dir: Annotated[
        Path | None,
        typer.Option(
            help="The folder of code to send. [dim](default: that of the scenario's file, the "
            "current one for a module, none for a bundled scenario)[/]",
            metavar="FOLDER",
            rich_help_panel=_JOB,
            show_default=False,
        ),
    ] = None,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait/--no-wait",
            metavar="",
            help="Show the job's log until it ends.",
            rich_help_panel=_JOB,
        ),
    ] = True,
    **words: Any,
) -> None:
    """Run a sweep as a job on a Ray cluster: send its code, follow its log, say where it lies.

    The options are those of tuner run; a launch file will do. The cluster needs tuner, and the
    storage path has to be seen by all its nodes. Ctrl-C ends the following, not the job.

    Exit codes: those of tuner run, 130 where the following was interrupted.
    """
    chosen, options = with_launch_file(scenario, options_of_run(**words))
    check_names(chosen, options)
    from tuner.submission import JobServer, code_of

    code = code_of(chosen, Path.cwd(), working_dir)
    with nullcontext() if is_launch_file(scenario) else errors_name_options(options):
        job = _job(code, options)
    server = JobServer(address)
    _send(job, code, server)
    typer.echo(f"submitted {job.submission_id} to {server.address}", err=True)
    ended = 0
    if wait:
        ended = _follow(job, server)
    else:
        typer.echo(_how_to_go_on(job, server), err=True)
    typer.echo(f"results: tuner show {shlex.quote(str(job.results))}", err=True)
    raise typer.Exit(ended)


def _job(code: Code, options: dict[str, Any]) -> Job:
    from tuner.submission import job_of

    stem = Path(code.scenario.partition(":")[0]).name.removesuffix(".py").rpartition(".")[2]
    name = f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    return job_of(code.scenario, options, default_name=name, token=secrets.token_hex(3))


def _send(job: Job, code: Code, server: JobServer) -> None:
    from tuner.submission import write_package

    files = {job.launch_file: launch_text(job.launch)}
    if job.points is not None:
        files[job.points_file] = json.dumps(job.points)
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "package.zip"
        write_package(archive, code.folder, files)
        server.submit(job.entrypoint, job.submission_id, archive, job.environment)


def _follow(job: Job, server: JobServer) -> int:
    """Show the log of a job until it ends; return how it ended."""
    try:
        server.follow(job.submission_id, lambda text: typer.echo(text, nl=False))
        return server.exit_code(job.submission_id)
    except (KeyboardInterrupt, SweepFailedError):
        typer.echo(f"\nthe job is not stopped by this\n{_how_to_go_on(job, server)}", err=True)
        raise


def _how_to_go_on(job: Job, server: JobServer) -> str:
    where = f"--address {server.address} {job.submission_id}"
    return f"follow it: ray job logs --follow {where}\nstop it:   ray job stop {where}"

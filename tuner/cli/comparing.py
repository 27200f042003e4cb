"""``tuner compare``: several arms on several tasks at one budget."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.arms import parse_choice
from tuner.cli.comparison_file import read_comparison_file
from tuner.cli.locate import DEFAULT_STORAGE
from tuner.cli.plotting import Formats
from tuner.cli.reading import AsJson
from tuner.cli.run_options import ProgressKind
from tuner.cli.spellings import resources_of
from tuner.cli.strict_json import dumps
from tuner.errors import SpecError

if TYPE_CHECKING:
    from tuner.comparison import Comparison

__all__ = ["compare"]

_INTERRUPTED = 130


def _option(text: str, *names: str, metavar: str, group: str = "Options") -> Any:
    return typer.Option(
        *names, help=text, metavar=metavar, rich_help_panel=group, show_default=False
    )


_WHAT, _HOW, _RECORD = "What is compared", "Where runs take place", "Record and output"


def compare(
    tasks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TASK...",
            help="What to tune: learning curves, such as lcbench:189873 or branin (tuner data "
            "lists them); with --how ray, scenarios; or one .toml file with everything.",
            show_default=False,
        ),
    ] = None,
    arm: Annotated[
        list[str] | None,
        _option(
            "An arm, repeatable: asha+hyperopt; fast=asha:reduction_factor=3+random under a "
            "label; pbt+random@num_samples=16 with options of its own.",
            metavar="[LABEL=]SCHEDULER+SEARCHER",
            group=_WHAT,
        ),
    ] = None,
    budget: Annotated[
        str | None,
        _option(
            "Of each run: 500epochs, 200trials, 2h (wall time), 8gpuh.",
            metavar="AMOUNT",
            group=_WHAT,
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        _option("How many, or which: 3,5,8. [dim](default: 10)[/]", metavar="N", group=_WHAT),
    ] = None,
    baseline: Annotated[
        str | None,
        _option(
            "The arm that others are measured against. "
            "[dim](default: fifo+random, or the first)[/]",
            metavar="LABEL",
            group=_WHAT,
        ),
    ] = None,
    target: Annotated[
        float | None,
        _option(
            "The value to reach. [dim](default: what the baseline ends with)[/]",
            metavar="VALUE",
            group=_WHAT,
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        _option(
            "A keyword of tuner.run for all arms, repeatable: max_t=27.",
            metavar="KEY=VALUE",
            group=_WHAT,
        ),
    ] = None,
    how: Annotated[
        str | None,
        _option(
            "simulated, or ray: real training. [dim](default: simulated)[/]",
            metavar="simulated|ray",
            group=_HOW,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        _option("So many equal simulated workers. [dim](default: 1)[/]", metavar="N", group=_HOW),
    ] = None,
    cluster: Annotated[
        str | None,
        _option("A simulated cluster: 8x4gpu:start_s=5.", metavar="CLUSTER", group=_HOW),
    ] = None,
    cpus_per_trial: Annotated[
        float | None, _option("CPUs that one trial takes.", metavar="NUMBER", group=_HOW)
    ] = None,
    gpus_per_trial: Annotated[
        float | None, _option("GPUs that one trial takes.", metavar="NUMBER", group=_HOW)
    ] = None,
    processes: Annotated[
        int | None,
        _option(
            "Runs at once, a process each. [dim](default: one per CPU)[/]", metavar="N", group=_HOW
        ),
    ] = None,
    storage_path: Annotated[
        str | None,
        _option(
            f"The folder that holds comparisons. [dim](default: {DEFAULT_STORAGE})[/]",
            metavar="FOLDER",
            group=_RECORD,
        ),
    ] = None,
    name: Annotated[
        str | None,
        _option(
            "Its folder below that; an existing one goes on. [dim](default: the time)[/]",
            metavar="NAME",
            group=_RECORD,
        ),
    ] = None,
    resume: Annotated[
        str | None,
        _option("Run what is missing of a comparison.", metavar="PATH", group=_RECORD),
    ] = None,
    show: Annotated[
        str | None,
        _option("Only print what a comparison says.", metavar="PATH", group=_RECORD),
    ] = None,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed", help="Run failed runs again.", rich_help_panel=_RECORD, metavar=""
        ),
    ] = False,
    markdown: Annotated[
        Path | None, _option("Write the answer as Markdown.", metavar="FILE", group=_RECORD)
    ] = None,
    figures: Annotated[
        Path | None,
        _option("Draw it, as HTML or --format.", metavar="FOLDER", group=_RECORD),
    ] = None,
    formats: Formats = None,
    progress: Annotated[
        ProgressKind | None,
        _option(
            "How it is shown meanwhile. [dim](default: auto)[/]", metavar="KIND", group=_RECORD
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare arms (a scheduler with a searcher) on tasks, with paired seeds at one budget.

    Interrupted, the same command goes on. Exit codes: 0 fine, 1 every run failed, 2 usage,
    3 some runs failed, 130 interrupted.
    """
    command = {
        "tasks": tasks or None,
        "arms": arm or None,
        "budget": budget,
        "seeds": None if seeds is None else _seeds(seeds),
        "baseline": baseline,
        "target": target,
        "how": how,
        "workers": workers,
        "cluster": cluster,
        "resources": resources_of(cpus_per_trial, gpus_per_trial, ()),
        "storage_path": storage_path,
        "name": name,
        **_run_options(option or ()),
    }
    given = {key: value for key, value in command.items() if value is not None}
    control: dict[str, Any] = {"retry_failed": retry_failed}
    if processes is not None:
        control["processes"] = processes
    if progress is not None:
        control["progress"] = progress.value
    comparison = _comparison(given, control, resume, show)
    raise typer.Exit(_tell(comparison, markdown, figures, formats, as_json=as_json))


def _comparison(
    given: dict[str, Any], control: Mapping[str, Any], resume: str | None, show: str | None
) -> Comparison:
    """Return the comparison that is asked for, run as far as it is to be."""
    stored = resume or show
    if stored is None:
        return _run({**given, **control})
    if given or (resume and show):
        raise SpecError(
            "--resume and --show take a comparison as it is stored; leave out "
            f"{', '.join(given) or 'one of them'}"
        )
    from tuner import load_comparison, resume_comparison

    path = _located(stored)
    return load_comparison(path) if show else resume_comparison(path, **control)


def _run(options: dict[str, Any]) -> Comparison:
    tasks = options.get("tasks", [])
    if len(tasks) == 1 and tasks[0].endswith(".toml"):
        del options["tasks"]
        options = {**read_comparison_file(Path(tasks[0])), **options}
    for needed, remedy in (
        ("tasks", "name some, such as branin lcbench:189873"),
        ("arms", "give --arm, such as --arm fifo+random --arm asha+hyperopt"),
        ("a budget", "give --budget, such as --budget 500epochs"),
    ):
        if needed.removeprefix("a ") not in options:
            raise SpecError(f"a comparison needs {needed}, and got none; {remedy}")
    from tuner import compare

    return compare(**{"storage_path": str(DEFAULT_STORAGE)} | options)


def _located(path: str) -> Path:
    """Return the folder at ``path``, or else of that name below ``./results``."""
    here = Path(path).expanduser()
    return here if here.exists() or Path(path).name != path else DEFAULT_STORAGE / path


def _seeds(text: str) -> int | list[int]:
    try:
        numbers = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        numbers = []
    if not numbers:
        raise SpecError(f"--seeds is how many, or a list such as 3,5,8; got {text!r}")
    return numbers if "," in text else numbers[0]


def _run_options(texts: Sequence[str]) -> dict[str, Any]:
    """Return the options of `tuner.run` that ``--option`` gives."""
    options: dict[str, Any] = {}
    for text in texts:
        options |= parse_choice(f"option:{text}").options
    return options


def _tell(
    comparison: Comparison,
    markdown: Path | None,
    figures: Path | None,
    formats: Sequence[str] | None,
    *,
    as_json: bool,
) -> int:
    """Print what a comparison says, write what is asked for, and return the exit code."""
    from tuner.cli.comparison_parts import comparison_content, comparison_parts
    from tuner.cli.exporting import new_file
    from tuner.cli.terminal import stdout_console

    answers = comparison.answers()
    if as_json:
        typer.echo(dumps(comparison_content(comparison)))
    else:
        for part in comparison_parts(answers, str(comparison.path)):
            stdout_console().print(part)
    if markdown is not None:
        with new_file(markdown, replace=True) as path:
            path.write_text(comparison.to_markdown(), encoding="utf-8")
    if figures is not None:
        for path in comparison.figures(figures, formats or ["html"]):
            typer.echo(path, err=True)
    status = comparison.state["status"]
    if status == "interrupted":
        typer.echo(
            f"to go on: tuner compare --resume {shlex.quote(str(comparison.path))}", err=True
        )
        return _INTERRUPTED
    outcomes = set(comparison.runs()["status"])
    return {frozenset({"finished"}): 0, frozenset({"failed"}): 1}.get(frozenset(outcomes), 3)

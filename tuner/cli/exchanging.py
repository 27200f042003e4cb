"""The verb ``import``, and the exports of a whole sweep: to TensorBoard and to Optuna."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from tuner.cli.locate import DEFAULT_STORAGE, open_sweep
from tuner.errors import SpecError
from tuner.plurals import counted

__all__ = ["import_experiment", "write_event_files", "write_study"]

_JOURNALS = {".log", ".journal"}


class Mode(StrEnum):
    """Which values of the metric are better."""

    min = "min"
    max = "max"


def import_experiment(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="The folder of a Ray Tune experiment, with a subfolder per trial.",
            show_default=False,
        ),
    ],
    storage_path: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The folder that holds sweeps.")
    ] = DEFAULT_STORAGE,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The sweep's folder below it; a new one. [dim](default: that of PATH)[/]",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The tuned metric. [dim](default: as recorded)[/]",
            show_default=False,
        ),
    ] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(help="Its direction, which Ray does not record.", show_default=False),
    ] = None,
    time_attr: Annotated[
        str, typer.Option(metavar="NAME", help="What measures a trial's progress.")
    ] = "training_iteration",
) -> None:
    """Bring an experiment that Ray Tune ran into a sweep's folder.

    Configurations, reports, times and errors come from its JSON and CSV files.

    Pickles are not loaded: space, seed, scheduler and searcher stay unknown.
    """
    from tuner import import_ray
    from tuner.cli.stored import count_rows

    sweep = import_ray(
        path,
        storage_path=storage_path,
        name=name,
        metric=metric,
        mode=None if mode is None else mode.value,
        time_attr=time_attr,
    )
    trials, reports = count_rows(sweep, "trials"), count_rows(sweep, "reports")
    typer.echo(
        f"imported {counted(trials, 'trial')} with {counted(reports, 'report')}; "
        f"next: tuner show {sweep.place}"
    )
    damaged = sweep.state["imported_from"]["damaged_lines"]
    if damaged:
        typer.echo(f"left out: {counted(damaged, 'torn line')} that cannot be read", err=True)


def write_event_files(path: str, folder: Path | None, *, replace: bool) -> None:
    """Write event files, and say how to look at them.

    Raises:
        SpecError: There is no ``folder``.
        StorageError: It is not empty or cannot be written, or there is no sweep at ``path``.
    """
    from tuner.exchange.tensorboard_export import export_tensorboard

    if folder is None or str(folder) == "-":
        raise SpecError("TensorBoard reads a folder with a run per trial; add -o FOLDER")
    runs = export_tensorboard(open_sweep(path), folder, replace=replace)
    typer.echo(f"wrote {counted(runs, 'run')}; next: tensorboard --logdir {folder}")


def write_study(
    path: str, output: Path | None, *, at: Literal["best", "last"], replace: bool
) -> None:
    """Write a study, and say how to look at it.

    Raises:
        SpecError: There is no ``output``.
        StorageError: It exists and stays, or cannot be written, or there is no sweep at ``path``.
    """
    from tuner.cli.exporting import new_file
    from tuner.exchange.optuna_export import export_optuna

    if output is None or str(output) == "-":
        raise SpecError("an Optuna study is a database; add -o FILE.db, or -o FILE.log for a log")
    is_journal = output.suffix in _JOURNALS
    with new_file(output, replace=replace) as file:
        trials = export_optuna(
            open_sweep(path), file, at=at, storage="journal" if is_journal else "sqlite"
        )
    url = str(output) if is_journal else f"sqlite:///{output}"
    typer.echo(f"wrote a study of {counted(trials, 'trial')}; next: optuna-dashboard {url}")

"""The verb ``automl``: from a table to a model."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tuner.cli import run_options as opt
from tuner.cli.launch import stdout_kept_clean
from tuner.cli.locate import DEFAULT_STORAGE
from tuner.cli.reading import AsJson
from tuner.cli.strict_json import dumps

__all__ = ["automl"]

_TABLE, _SEARCH, _RECORD = "Table", "Search", "Record and output"


def automl(
    data: Annotated[
        str, typer.Argument(metavar="TABLE", help="A .csv or .parquet file.", show_default=False)
    ],
    target: Annotated[
        str,
        typer.Option(
            "--target",
            help="The column to predict.",
            metavar="COLUMN",
            rich_help_panel=_TABLE,
            show_default=False,
        ),
    ],
    task: Annotated[
        str | None,
        typer.Option(
            help="classification or regression. [dim](default: what the target looks like)[/]",
            metavar="TASK",
            rich_help_panel=_TABLE,
            show_default=False,
        ),
    ] = None,
    test: Annotated[
        float,
        typer.Option(
            help="The share of rows set aside, measured once at the very end.",
            metavar="SHARE",
            rich_help_panel=_TABLE,
        ),
    ] = 0.2,
    folds: Annotated[
        int,
        typer.Option(help="Of the cross-validations.", metavar="K", rich_help_panel=_TABLE),
    ] = 5,
    budget: Annotated[
        str,
        typer.Option(
            help="How long to search: 60trials, 10m.", metavar="N<UNIT>", rich_help_panel=_SEARCH
        ),
    ] = "60trials",
    metric: Annotated[
        str | None,
        typer.Option(
            help="log_loss or error of classes, rmse or mae of values. "
            "[dim](default: the first)[/]",
            metavar="METRIC",
            rich_help_panel=_SEARCH,
            show_default=False,
        ),
    ] = None,
    family: Annotated[
        list[str] | None,
        typer.Option(
            help="A kind of model: dummy, linear, boosting, forest, neighbours, network; "
            "repeatable. [dim](default: all that are installed)[/]",
            metavar="FAMILY",
            rich_help_panel=_SEARCH,
            show_default=False,
        ),
    ] = None,
    ensemble: Annotated[
        int,
        typer.Option(
            help="How many configurations are combined; 1: the best one, "
            "trained on all rows but those to test.",
            metavar="K",
            rich_help_panel=_SEARCH,
        ),
    ] = 6,
    seed: Annotated[
        int, typer.Option(help="The master seed.", metavar="N", rich_help_panel=_SEARCH)
    ] = 0,
    scheduler: Annotated[
        str,
        typer.Option(help="As of tuner run.", metavar="SCHEDULER", rich_help_panel=_SEARCH),
    ] = "asha:reduction_factor=3",
    searcher: Annotated[
        str,
        typer.Option(help="As of tuner run.", metavar="SEARCHER", rich_help_panel=_SEARCH),
    ] = "hyperopt",
    name: Annotated[
        str | None,
        typer.Option(
            help="Of the folder. [dim](default: after the table)[/]",
            metavar="NAME",
            rich_help_panel=_RECORD,
            show_default=False,
        ),
    ] = None,
    storage_path: Annotated[
        str,
        typer.Option(
            help="The folder to put that into.", metavar="FOLDER", rich_help_panel=_RECORD
        ),
    ] = str(DEFAULT_STORAGE),
    address: opt.Address = None,
    max_concurrent_trials: opt.MaxConcurrentTrials = None,
    progress: opt.Progress = None,
    as_json: AsJson = False,
) -> None:
    """Make a model of a table: search it, ensemble it, measure it once, write its card.

    The same command again goes on where it was killed, and returns what is finished.
    """
    from tuner.tabular.automatic import automl as make

    words: dict[str, Any] = {
        "scheduler": scheduler,
        "searcher": searcher,
        "name": name,
        "storage_path": storage_path,
        "address": address,
        "max_concurrent_trials": max_concurrent_trials,
        "progress": None if progress is None else progress.value,
    }
    with stdout_kept_clean(as_json):
        found = make(
            data,
            target=target,
            task=task,
            metric=metric,
            budget=budget,
            families=family,
            ensemble=ensemble,
            folds=folds,
            test=test,
            seed=seed,
            **{key: value for key, value in words.items() if value is not None},
        )
    from tuner.cli.tables import with_shown_path

    typer.echo(dumps(found.to_json()) if as_json else with_shown_path(str(found), found.folder))

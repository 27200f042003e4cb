"""The verbs ``adopt``, ``finalize`` and ``predict``: from a winner to a model, and its use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tuner.cli import run_options as opt
from tuner.cli.launch import stdout_kept_clean
from tuner.cli.locate import model_folder, where
from tuner.cli.reading import AsJson, SweepPath
from tuner.cli.resume import ScenarioPlace
from tuner.cli.shared_options import also_takes
from tuner.cli.strict_json import dumps
from tuner.errors import SpecError

__all__ = ["adopt", "finalize", "predict"]

Folds = Annotated[
    int | None,
    typer.Option(
        metavar="K",
        help="Cross-validate over so many folds, anew for each seed. "
        "[dim](default: the scenario's own split)[/]",
        show_default=False,
    ),
]
StoragePath = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="Put the folder there. [dim](default: into the sweep's own)[/]",
        show_default=False,
    ),
]


def training_options(
    scenario: ScenarioPlace = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of the folder. [dim](default: adopt, final)[/]",
            show_default=False,
        ),
    ] = None,
    storage_path: StoragePath = None,
    address: opt.Address = None,
    max_concurrent_trials: opt.MaxConcurrentTrials = None,
    progress: opt.Progress = None,
) -> dict[str, Any]:
    """Return what verbs that train again have in common, as Python takes it."""
    options: dict[str, Any] = {
        "scenario": scenario,
        "storage_path": storage_path,
        "address": address,
        "max_concurrent_trials": max_concurrent_trials,
        "progress": "auto" if progress is None else progress.value,
    }
    if name is not None:
        options["name"] = name
    return options


@also_takes(training_options)
def adopt(
    path: SweepPath,
    seeds: Annotated[
        int, typer.Option(metavar="N", help="Over how many new seeds both are trained.")
    ] = 5,
    folds: Folds = None,
    trial: Annotated[
        str | None,
        typer.Option(
            metavar="TRIAL",
            help="The winner. [dim](default: the best trial)[/]",
            show_default=False,
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="TRIAL|JSON",
            help="What it has to beat. "
            "[dim](default: the first of --points-to-evaluate, else the median trial)[/]",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
    **words: Any,
) -> None:
    """Train the winner and a baseline again over new seeds, and say whether to adopt it.

    Exit codes: 0 adopt; 1 do not adopt, or not enough evidence.
    """
    folder = where(path)
    from tuner.playbook.adoption.adopting import adopt as train_again

    with stdout_kept_clean(as_json):
        found = train_again(
            folder,
            seeds=seeds,
            folds=folds,
            trial=trial,
            baseline=_trial_or_config(baseline),
            **training_options(**words),
        )
    typer.echo(dumps(found.to_json()) if as_json else found.text())
    raise typer.Exit(0 if found.verdict == "adopt" else 1)


@also_takes(training_options)
def finalize(
    path: SweepPath,
    trial: Annotated[
        str | None,
        typer.Option(
            metavar="TRIAL",
            help="Whose configuration. [dim](default: as adopt settled, else the best trial's)[/]",
            show_default=False,
        ),
    ] = None,
    refit: Annotated[
        bool,
        typer.Option(help="Train on all data but test, or keep the trial's last checkpoint."),
    ] = True,
    ensemble: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Combine the K best configurations. [dim](default: a single one)[/]",
            show_default=False,
        ),
    ] = None,
    folds: Annotated[int, typer.Option(metavar="K", help="Of an ensemble.")] = 5,
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METHOD",
            help="How an ensemble may combine: single, average, vote, weighted, stacking; "
            "repeatable. [dim](default: whichever is best out of fold)[/]",
            show_default=False,
        ),
    ] = None,
    varied: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A hyperparameter of which no value is in more than half of an ensemble.",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
    **words: Any,
) -> None:
    """Make a model of a sweep, measure it once on the test examples, and write its card."""
    folder = where(path)
    from tuner.playbook.finalization.ensembles import METHODS
    from tuner.playbook.finalization.finalizing import finalize as make

    with stdout_kept_clean(as_json):
        made = make(
            folder,
            trial=trial,
            refit=refit,
            ensemble=ensemble,
            folds=folds,
            methods=method or METHODS,
            varied=varied,
            **training_options(**words),
        )
    from tuner.cli.tables import with_shown_path

    typer.echo(dumps(made.to_json()) if as_json else with_shown_path(made.text(), made.folder))


def predict(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="What finalize has made, or a folder with it.", show_default=False
        ),
    ],
    inputs: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="Examples, a row each: .csv, .parquet or .npy.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The file to write, .csv, .parquet or .npy."
        ),
    ],
    scenario: ScenarioPlace = None,
) -> None:
    """Predict with a model: probabilities of classes, or values."""
    from tuner.playbook.finalization.models import load_model
    from tuner.playbook.finalization.prediction_files import read_inputs, write_predictions
    from tuner.plurals import counted

    found = load_model(model_folder(model), scenario=scenario)
    predictions = found.predict(read_inputs(inputs))
    write_predictions(
        output,
        predictions,
        of_values=found.recipe.classification is False,
        classes=found.recipe.classes,
    )
    typer.echo(f"{counted(len(predictions), 'prediction')} in {output}")


def _trial_or_config(text: str | None) -> str | Mapping[str, Any] | None:
    """Return a trial's id, or the configuration in JSON.

    Raises:
        SpecError: It begins like JSON and is none.
    """
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        config: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise SpecError(f"a configuration is a JSON object, got {text!r} ({error})") from None
    return config

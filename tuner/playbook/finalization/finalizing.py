"""`finalize`: a sweep's configuration, or several, as a trained and documented model.

The model lies in a folder of its own::

    final/plan.json  sweep/  model/  card.json  MODEL_CARD.md

`sweep` holds the trainings, resumable like any other; `model` is what `tuner.load_model` reads. A
model that has its card is finished: the same call again returns it, and does not look at the test
rows again.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from tuner.errors import SpecError
from tuner.examples import Examples
from tuner.places import Uri
from tuner.playbook.finalization import making
from tuner.playbook.finalization.choosing import Chosen, choose_one, choose_several
from tuner.playbook.finalization.ensembles import METHODS
from tuner.playbook.finalization.looks import record_look
from tuner.playbook.finalization.making import Made
from tuner.playbook.finalization.measures import Measured, measure
from tuner.playbook.finalization.model_card import DataFacts, Finalization, Kind, Part, card
from tuner.playbook.finalization.models import (
    FINAL_FOLDER,
    MODEL_FOLDER,
    load_model,
    save_model,
    scenario_file,
)
from tuner.playbook.finalization.out_of_fold import targets_of
from tuner.playbook.finalization.recipe import InputKind, Recipe
from tuner.playbook.studied import Studied, TrainingOptions, studied_sweep
from tuner.plurals import counted
from tuner.provenance import provenance
from tuner.scenario import Scenario
from tuner.store import Sweep
from tuner.store.layout import write_atomically

__all__ = ["finalize"]

CARD_FILE = "card.json"
CARD_TEXT = "MODEL_CARD.md"

_FEWEST_TEST = 30  # examples; of fewer, one that is wrong is more than 3 % of an accuracy


def finalize(
    path: str | Path | Uri | Sweep,
    *,
    trial: str | None = None,
    refit: bool = True,
    ensemble: int | None = None,
    folds: int = 5,
    methods: Sequence[str] = METHODS,
    varied: str | None = None,
    selection: str = "",
    **options: Unpack[TrainingOptions],
) -> Finalization:
    """Make a model of a sweep, measure it once on the test rows, and write its card.

    A single configuration is trained again on all examples but the test ones, as long as its mean
    curve became better. An ensemble consists of the best configurations, each trained on every
    fold; the method that combines them is the one with the lowest error out of fold.

    Args:
        path: A sweep that has ended, or where it lies.
        trial: Which trial's configuration; None for what `tuner.adopt` settled on, and for the
            best trial where it was not asked.
        refit: Whether to train it again; False keeps the last checkpoint of the trial as it is,
            which is all there is for a trainable that does not define ``examples()``.
        ensemble: How many of the best configurations to combine; None for a single one.
        folds: Of an ensemble, stratified for classes.
        methods: From which the ensemble's is chosen; see `tuner.playbook.finalization.ensembles`.
        varied: A hyperparameter by its flat name, such as the kind of model, of which no value is
            in more than half of an ensemble's configurations, as long as there are others.
        selection: What came before, for the card: among which sweeps this one, or its trial, was
            chosen. It is no part of what decides the model.
        **options: Where, and with what; see `tuner.TrainingOptions`. The folder is called
            ``final`` unless ``name`` says otherwise.

    Raises:
        UsageError: The sweep, its scenario or an argument cannot work, or the trainable lacks
            what it takes.
        NoResultError: The sweep has no winner, or nothing could be trained.
        SweepFailedError: The trainings could not be carried on.
    """
    _check_arguments(trial, refit, ensemble, folds)
    studied = studied_sweep(path, FINAL_FOLDER, options)
    if ensemble is None:
        chosen = choose_one(studied, trial)
    else:
        chosen = choose_several(studied, ensemble, varied)
    if not refit:
        made = making.keep(studied, chosen)
    elif ensemble is None:
        made = making.refit(studied, chosen)
    else:
        made = making.ensemble(studied, chosen, folds, methods)
    folder = studied.folder
    if (folder / CARD_FILE).is_file():
        return _finished(folder, methods if ensemble is not None else ())
    examples = _examples_of(studied.scenario)
    _save(studied, made, examples)
    test, looks = _measured(studied, examples)
    finished = _finalization(studied, chosen, made, examples)
    finished = dataclasses.replace(finished, selection=selection, test=test, looks_before=looks)
    finished = dataclasses.replace(
        finished, remarks=tuple(_remarks(studied, chosen, made, finished))
    )
    write_atomically(folder / CARD_TEXT, card(finished).encode())
    text = json.dumps(finished.to_json(), indent=1, default=str)
    write_atomically(folder / CARD_FILE, text.encode())
    return finished


def _check_arguments(trial: str | None, refit: bool, ensemble: int | None, folds: int) -> None:
    if ensemble is not None and (trial is not None or not refit):
        raise SpecError(
            "an ensemble consists of the best configurations, trained on folds; leave out "
            f"{'trial (--trial)' if trial is not None else 'refit=False (--no-refit)'}"
        )
    if folds < 2:
        raise SpecError(f"folds are at least 2, got {folds}")


def _finished(folder: Path, methods: Sequence[str]) -> Finalization:
    """Return a model that was made before.

    Raises:
        SpecError: It was chosen among other methods.
    """
    content = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    made = Finalization.from_json(content)
    if set(made.out_of_fold) != set(methods):
        raise SpecError(
            f"{folder} was chosen among the methods {', '.join(made.out_of_fold)}, and nothing is "
            "overwritten; choose another name (--name, name=)"
        )
    return made


def _examples_of(scenario: Scenario) -> Examples | None:
    trainable: Any = scenario.trainable
    return trainable.examples() if trainable.defines_examples() else None


def _save(studied: Studied, made: Made, examples: Examples | None) -> None:
    source = studied.scenario.source
    members = tuple(
        tuple(each.member for each in made.trained if each.member.label == label)
        for label in made.labels
    )
    recipe = Recipe(
        scenario=studied.scenario.name,
        source=source,
        classification=None if examples is None else examples.classification,
        inputs=None if examples is None else InputKind.of(examples),
        members=members,
        combination=made.combination,
        classes=() if examples is None else examples.classes,
    )
    save_model(studied.folder / MODEL_FOLDER, recipe, made.trained, scenario_file(source))


def _measured(
    studied: Studied, examples: Examples | None
) -> tuple[dict[str, Measured] | None, int]:
    """Return the measures of the saved model on the test rows, and who looked at them before."""
    if examples is None or not len(examples.test):
        return None, 0
    model = load_model(studied.folder, scenario=studied.scenario)
    looks = record_look(studied.base, studied.folder)
    inputs, _ = examples.at(examples.test)
    targets = targets_of(examples, examples.test)
    return dict(measure(model.predict(inputs), targets)), looks


def _finalization(
    studied: Studied,
    chosen: Chosen,
    made: Made,
    examples: Examples | None,
) -> Finalization:
    sweep, kind = studied.sweep, made.kind
    weights = dict(zip(made.labels, made.combination.weights, strict=False))
    parts = tuple(
        Part(
            each.label,
            each.config,
            each.until if kind != "kept" else _last_time(studied, each.label),
            value,
            weights.get(each.label) if kind == "ensemble" else None,
        )
        for each, value in zip(chosen.candidates, chosen.values, strict=True)
        if each.label in made.labels
    )
    return Finalization(
        folder=str(studied.folder),
        kind=kind,
        sweep=str(sweep.place),
        scenario=studied.scenario.name,
        arm=sweep.spec.arm,
        trials=len(sweep.trials()),
        metric=sweep.metric,
        mode=sweep.mode,
        time_attr=sweep.spec.time_attr,
        chosen_by=chosen.chosen_by,
        parts=parts,
        method=made.combination.method if kind == "ensemble" else None,
        out_of_fold=made.scores,
        data=None if examples is None else _facts(examples, kind),
        test=None,
        looks_before=0,
        versions=provenance(),
        remarks=(),
    )


def _facts(examples: Examples, kind: Kind) -> DataFacts:
    trained = examples.split().train if kind == "kept" else examples.development
    return DataFacts(
        examples=len(examples),
        trained=len(trained),
        test=len(examples.test),
        classification=examples.classification,
    )


def _last_time(studied: Studied, label: str) -> float:
    reports = studied.sweep.reports()
    mine = reports.loc[reports["trial_id"] == label, studied.sweep.spec.time_attr]
    return float(np.max(mine.to_numpy(float)))


def _remarks(studied: Studied, chosen: Chosen, made: Made, finished: Finalization) -> Iterator[str]:
    yield from (*chosen.remarks, *made.remarks)
    if finished.test is None:
        yield "nothing was measured on test examples: the scenario sets none aside"
    elif finished.data is not None and finished.data.test < _FEWEST_TEST:
        yield (
            f"measured on {counted(finished.data.test, 'test example')} only, where a single one "
            "changes every figure: take the measures for a hint"
        )
    if finished.looks_before:
        yield (
            f"{counted(finished.looks_before, 'other model')} of this sweep had been measured on "
            "the test examples before: whoever chooses between them by these figures flatters them"
        )
    if len(studied.sweep.objectives) > 1:
        yield f"of several objectives only {finished.metric} counts"
    yield "to predict takes the scenario's code, and whatever its setup() loads"

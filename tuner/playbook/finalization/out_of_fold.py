"""Out-of-fold predictions of several candidates, as their checkpoints brought them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.errors import NoResultError, ScenarioError
from tuner.examples import Examples
from tuner.playbook.finalization.models import Trained, single_column_flat
from tuner.playbook.finalization.recipe import Member
from tuner.playbook.repeats import Repeats
from tuner.playbook.studied import last_checkpoint
from tuner.store import Sweep
from tuner.trainable.state import read_state

__all__ = ["OutOfFold", "collect", "targets_of", "trained_models"]


@dataclass(frozen=True)
class OutOfFold:
    """What candidates predict for rows on which the model in question has not trained.

    Attributes:
        labels: Of the candidates.
        predictions: ``[candidates, n, classes]``, or values ``[candidates, n]``. Where an example
            has several values, each of them counts as one of the n.
        targets: ``[n]``.
        folds: In which fold each of them validates, ``[n]``.
        remarks: Which candidates are left out, and why.
    """

    labels: tuple[str, ...]
    predictions: npt.NDArray[np.float64]
    targets: npt.NDArray[Any]
    folds: npt.NDArray[np.int64]
    remarks: tuple[str, ...]


def trained_models(sweep: Sweep, repeats: Repeats) -> list[Trained]:
    """Return the checkpoint of each repeat that kept one, in the order of the candidates."""
    trials = sweep.trials()
    numbers = {each.label: number for number, each in enumerate(repeats.candidates)}
    found = []
    for trial_id, config in zip(trials["trial_id"], trials["config"], strict=True):
        checkpoint = last_checkpoint(sweep, trial_id)
        if checkpoint is not None:
            found.append(_trained(repeats, numbers, config, checkpoint))
    return sorted(found, key=lambda each: each.member.folder)


def collect(trained: list[Trained], repeats: Repeats, examples: Examples) -> OutOfFold:
    """Return what the models of all folds predict for their validation rows.

    Raises:
        NoResultError: No candidate has a finite prediction for every row.
        ScenarioError: A model does not predict one row per input, or not a value per target.
    """
    places = {int(row): place for place, row in enumerate(examples.development)}
    folds = np.zeros(len(places), dtype=np.int64)
    whole: dict[str, npt.NDArray[np.float64]] = {}
    remarks = []
    for candidate in repeats.candidates:
        models = [each for each in trained if each.member.label == candidate.label]
        for rows, predictions, fold in map(_predictions, models):
            known = whole.setdefault(
                candidate.label, np.full((len(places), *predictions.shape[1:]), np.nan)
            )
            here = [places[int(row)] for row in rows]
            known[here], folds[here] = predictions, fold
        if not np.isfinite(whole.get(candidate.label, np.array(np.nan))).all():
            whole.pop(candidate.label, None)
            remarks.append(f"{candidate.label} is left out: a fold of it failed or diverged")
    if not whole:
        raise NoResultError(
            "an ensemble is made of finite predictions for every row, and no candidate has them: "
            f"{'; '.join(remarks)}"
        )
    targets = targets_of(examples, examples.development)
    predictions = np.array(list(whole.values()))
    if not examples.classification:
        if predictions.shape[1:] != targets.shape:
            raise ScenarioError(
                "predict() returns a value for each of the targets, which are of shape "
                f"{targets.shape}, and returned {predictions.shape[1:]}"
            )
        folds = np.repeat(folds, targets[0].size)
        predictions, targets = predictions.reshape(len(whole), -1), targets.ravel()
    return OutOfFold(tuple(whole), predictions, targets, folds, tuple(remarks))


def targets_of(examples: Examples, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Return the targets of some rows as an array: classes as whole numbers, or values.

    Returns:
        ``[n]``, or ``[n, outputs]`` where an example has several values.
    """
    _, targets = examples.at(rows)
    kind = np.int64 if examples.classification else np.float64
    return single_column_flat(np.asarray(targets, dtype=kind))


def _trained(
    repeats: Repeats, numbers: Mapping[str, int], repeat: Mapping[str, Any], checkpoint: Path
) -> Trained:
    candidate = repeats.candidate(repeat)
    name = f"{numbers[candidate.label]:03d}-{repeat.get('fold', 0)}"
    part = repeats.part_of(repeat)
    return Trained(Member(candidate.label, candidate.config, part, name), checkpoint)


def _predictions(
    trained: Trained,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], int]:
    state = read_state(trained.checkpoint)["state"]
    rows, predictions = state["rows"], state["predictions"]
    if len(rows) != len(predictions):
        raise ScenarioError(
            f"predict() returns one row per input, and returned {len(predictions)} for {len(rows)}"
        )
    predictions = single_column_flat(predictions)
    part = trained.member.part
    return rows, predictions, int(part["fold"]) if isinstance(part, Mapping) else 0

"""The ways to make a model of chosen configurations: kept, trained again, or an ensemble.

Each returns checkpoints of trained models and the rule that combines their predictions. Whatever
trains is a sweep of its own in the model's folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuner.errors import NoResultError, SpecError
from tuner.playbook.finalization.choosing import Chosen
from tuner.playbook.finalization.ensembles import Combination, Score, choose
from tuner.playbook.finalization.model_card import Kind
from tuner.playbook.finalization.models import Trained
from tuner.playbook.finalization.out_of_fold import collect, trained_models
from tuner.playbook.finalization.recipe import Member
from tuner.playbook.repeats import Repeats, check_can_divide
from tuner.playbook.studied import Studied, carry_out, last_checkpoint, settle
from tuner.scenario import Scenario
from tuner.trainable import EpochTrainable

__all__ = ["Made", "check_predicts", "ensemble", "keep", "refit"]

_SINGLE = Combination("single", (1.0,))


@dataclass(frozen=True)
class Made:
    """Models, and how their predictions are combined.

    Attributes:
        kind: Which way.
        trained: Their checkpoints, in the order of the labels.
        labels: Of the candidates.
        combination: Over the candidates.
        scores: Of each method, out of fold.
        remarks: What limits them.
    """

    kind: Kind
    trained: Sequence[Trained]
    labels: tuple[str, ...]
    combination: Combination
    scores: Mapping[str, Score]
    remarks: tuple[str, ...]


def keep(studied: Studied, chosen: Chosen) -> Made:
    """Return the last checkpoint of a trial, which is trained no further.

    Raises:
        SpecError: The trainable cannot predict.
        NoResultError: The checkpoint was not kept.
    """
    check_predicts(studied.scenario)
    candidate = chosen.candidates[0]
    checkpoint = last_checkpoint(studied.sweep, candidate.label)
    if checkpoint is None:
        raise NoResultError(
            f"{candidate.label} has kept no checkpoint in {studied.sweep.place}; run the sweep "
            "with --keep-final or --checkpoint-frequency, or have it trained again (--refit)"
        )
    settle(studied.folder, {"kept": candidate.label, "config": dict(candidate.config)})
    member = Member(candidate.label, candidate.config, "holdout", "000-0")
    trained = [Trained(member, checkpoint)]
    remarks = ["the checkpoint is that of the trial's last report, which need not be its best one"]
    return Made("kept", trained, (candidate.label,), _SINGLE, {}, tuple(remarks))


def refit(studied: Studied, chosen: Chosen) -> Made:
    """Train a configuration on all examples but the test ones.

    Raises:
        SpecError: The trainable cannot predict, or says nowhere what it learns from.
        NoResultError: The training failed.
    """
    _check_can_train(studied.scenario)
    candidate = chosen.candidates[0]
    repeats = Repeats((candidate,), (0,), part="all", base_seed=studied.sweep.spec.seed or 0)
    found = carry_out(studied, repeats)
    trained = trained_models(found, repeats)
    if not trained:
        raise NoResultError(f"the training has failed; see why: tuner show {found.place}")
    remarks = [
        "the validation examples were trained on: what the training reports of them says nothing"
    ]
    return Made("refit", trained, (candidate.label,), _SINGLE, {}, tuple(remarks))


def ensemble(studied: Studied, chosen: Chosen, folds: int, methods: Sequence[str]) -> Made:
    """Train several configurations on every fold, and learn how to combine them out of fold.

    Raises:
        SpecError: As `refit`.
        NoResultError: No configuration was trained on every fold.
    """
    trainable = _check_can_train(studied.scenario)
    base_seed = studied.sweep.spec.seed or 0
    repeats = Repeats(chosen.candidates, (0,), folds=folds, predictions=True, base_seed=base_seed)
    found = carry_out(studied, repeats)
    trained = trained_models(found, repeats)
    unseen = collect(trained, repeats, trainable.examples())
    choice = choose(unseen.predictions, unseen.targets, unseen.folds, methods)
    kept = [each for each in trained if each.member.label in unseen.labels]
    scores = {str(name): score for name, score in choice.scores.items()}
    return Made("ensemble", kept, unseen.labels, choice.combination, scores, unseen.remarks)


def check_predicts(scenario: Scenario) -> type[EpochTrainable]:
    """Return the trainable, if a state of it can be kept and predicts.

    Raises:
        SpecError: It cannot.
    """
    trainable = scenario.trainable
    if not (isinstance(trainable, type) and issubclass(trainable, EpochTrainable)):
        kind = "class of another kind" if isinstance(trainable, type) else "function"
        raise SpecError(
            "a model is a tuner.EpochTrainable with predict(), and the trainable of "
            f"{scenario.name!r} is a {kind}; derive one from tuner.EpochTrainable, or use the "
            "configuration alone: tuner best"
        )
    if trainable.predict is EpochTrainable.predict or not trainable.saves_state():
        raise SpecError(
            f"a model predicts and has a state, and {trainable.__name__} does not define "
            "predict(), state_dict() and load_state_dict(); define them"
        )
    return trainable


def _check_can_train(scenario: Scenario) -> type[EpochTrainable]:
    check_can_divide(scenario)
    return check_predicts(scenario)

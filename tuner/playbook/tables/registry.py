"""The playbook's own tables: what the field's articles show, measured on handwritten digits.

All but two are of the bundled scenario ``digits_playbook``, whose network has every factor as a
hyperparameter, and hold what they do not vary at `HELD`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ray import tune

from tuner.objectives import Objective
from tuner.playbook.tables.asking import Question
from tuner.playbook.tables.ensembling import EnsembleQuestion
from tuner.playbook.tables.factors import FactorQuestion
from tuner.playbook.tables.searching import SearchQuestion
from tuner.playbook.tables.training import value_text

__all__ = ["HELD", "QUESTIONS"]

_SCENARIO = "digits_playbook"
_ACCURACY = Objective("val_accuracy", "max")
_ALSO = ("val_precision", "val_recall")
_TARGET = 0.95

HELD: Mapping[str, Any] = MappingProxyType(
    {
        "network": "perceptron",
        "num_layers": 2,
        "hidden_size": 64,
        "activation": "relu",
        "loss": "cross_entropy",
        "optimizer": "adam",
        "lr": 3e-3,
        "lr_schedule": "constant",
        "momentum": 0.0,
        "batch_size": 64,
        "epochs": 16,
        "l1": 0.0,
        "l2": 0.0,
        "dropout": 0.0,
        "train_share": 1.0,
    }
)
"""The configuration of which tables vary a factor: one that learns, and nothing special."""


def _factor(
    name: str,
    question: str,
    factor: str,
    values: Sequence[Any] | Mapping[str, Mapping[str, Any]],
    *,
    metrics: Sequence[str] = (),
    target: float | None = None,
    remarks: Sequence[str] = (),
    **held: Any,
) -> FactorQuestion:
    """Return the question of a factor of `digits_playbook`, held at `HELD` but for ``held``."""
    if not isinstance(values, Mapping):
        values = {value_text(value): {factor: value} for value in values}
    return FactorQuestion(
        name=name,
        question=question,
        scenario=_SCENARIO,
        factor=factor,
        values=values,
        base={**HELD, **held},
        metrics=(*_ALSO, *metrics),
        target=target,
        options={"metric": _ACCURACY.metric, "mode": _ACCURACY.mode},
        remarks=tuple(remarks),
    )


_PRETRAINING = FactorQuestion(
    name="pretraining",
    question="What does pretraining bring where only 25 images of 5 digits have a label?",
    scenario="digits_pretraining",
    factor="pretraining",
    values={kind: {"pretraining": kind} for kind in ("none", "similar_task", "autoencoder")},
    base={
        "pretraining": "none",
        "pretraining_lr": 3e-3,
        "pretraining_epochs": 5,
        "lr": 3e-3,
        "encoder_rate": 0.3,
        "weight_decay": 1e-2,
        "batch_size": 32,
        "hidden_size": 128,
        "code_size": 32,
    },
    metrics=_ALSO,
    options={"metric": _ACCURACY.metric, "mode": _ACCURACY.mode, "max_t": 16},
    remarks=(
        "similar_task: telling apart the other 5 digits, all of which are labelled; autoencoder: "
        "of all digits, each image 9 times, moved, since there is no larger set at hand",
    ),
)

_ENSEMBLE = EnsembleQuestion(
    name="ensemble",
    question="Which way of combining five networks brings most?",
    scenario=_SCENARIO,
    members={
        "narrow": {"hidden_size": 16, "num_layers": 1},
        "wide": {"hidden_size": 128, "num_layers": 1},
        "deep": {"hidden_size": 32, "num_layers": 3},
        "saturating": {"activation": "tanh", "l2": 1e-3},
        "thinned": {"dropout": 0.5},
    },
    base=HELD,
    options={"metric": _ACCURACY.metric, "mode": _ACCURACY.mode},
)

_SEARCH = SearchQuestion(
    name="search",
    question="Which search technique brings most, at 27 trials each?",
    scenario=_SCENARIO,
    space={
        **HELD,
        "epochs": 6,
        "lr": tune.loguniform(1e-5, 1),
        "hidden_size": tune.lograndint(2, 257),
        "dropout": tune.uniform(0, 0.8),
    },
    searchers={
        "grid": "grid:points=3",
        "random": "random",
        "Bayesian (TPE)": "hyperopt",
        "Bayesian (GP)": "optuna:sampler=gp",
        "genetic": "evolution:population_size=9,sample_size=3",
    },
    trials=27,
    objective=_ACCURACY,
    metrics=_ALSO,
)

_ALL: tuple[Question, ...] = (
    _factor(
        "data_size",
        "How many images does it take?",
        "train_share",
        [0.02, 0.05, 0.1, 0.25, 0.5, 1.0],
        metrics=["train_images"],
        remarks=["each training makes as many updates as with all images"],
    ),
    _factor(
        "regularisation",
        "What does regularisation bring where images are few?",
        "regularisation",
        {"none": {}, "L1": {"l1": 1e-4}, "L2": {"l2": 1e-3}, "dropout": {"dropout": 0.5}},
        train_share=0.1,
        remarks=["a tenth of the images are trained on: with all of them there is little to gain"],
    ),
    _factor(
        "learning_rate",
        "How does the learning rate decide what is reached, and when?",
        "lr",
        [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0],
        target=_TARGET,
    ),
    _factor(
        "activation",
        "Which activation?",
        "activation",
        ["identity", "sigmoid", "tanh", "relu", "gelu"],
        target=_TARGET,
    ),
    _factor(
        "batch_size",
        "What does a larger batch cost, and save?",
        "batch_size",
        [8, 32, 128, 512],
        metrics=["train_cpu_s"],
        remarks=[
            "as many epochs each, so larger batches make fewer updates, at the same learning rate",
            "train_cpu_s: CPU seconds of the process over all epochs, without validation, on a "
            "machine that others used too",
        ],
    ),
    _factor(
        "optimizer",
        "Which optimizer?",
        "optimizer",
        {
            "SGD": {"optimizer": "sgd", "lr": 0.1},
            "SGD with momentum": {"optimizer": "sgd", "lr": 0.03, "momentum": 0.9},
            "Adagrad": {"optimizer": "adagrad", "lr": 0.03},
            "RMSprop": {"optimizer": "rmsprop", "lr": 1e-3},
            "Adam": {"optimizer": "adam", "lr": 3e-3},
        },
        target=_TARGET,
        remarks=["each at a learning rate that is common for it"],
    ),
    _ENSEMBLE,
    _PRETRAINING,
    _factor(
        "architecture",
        "Which kind of network?",
        "network",
        {
            "linear": {"num_layers": 0},
            "shallow": {"num_layers": 1},
            "convolutional": {"network": "convolutional", "num_layers": 2, "hidden_size": 16},
            "recurrent": {"network": "recurrent", "num_layers": 1, "hidden_size": 48},
        },
        metrics=["parameters"],
        target=_TARGET,
        remarks=["a recurrent network reads an image row by row"],
    ),
    _factor(
        "loss",
        "Which loss?",
        "loss",
        ["cross_entropy", "smoothed_cross_entropy", "squared_error", "hinge"],
        target=_TARGET,
    ),
    _factor(
        "momentum",
        "What does momentum bring to SGD?",
        "momentum",
        [0.0, 0.5, 0.9, 0.99],
        target=_TARGET,
        optimizer="sgd",
        lr=0.03,
    ),
    _factor("epochs", "How long to train?", "epochs", [1, 2, 4, 8, 16, 32, 64]),
    _factor(
        "schedule",
        "Which schedule of the learning rate?",
        "lr_schedule",
        ["constant", "step", "cosine", "cyclic"],
        target=_TARGET,
        optimizer="sgd",
        lr=0.03,
        momentum=0.9,
    ),
    _factor(
        "layers",
        "How many hidden layers?",
        "num_layers",
        [0, 1, 2, 3, 4, 6],
        metrics=["parameters"],
    ),
    _factor(
        "neurons",
        "How many neurons in each hidden layer?",
        "hidden_size",
        [2, 4, 8, 16, 64, 256],
        metrics=["parameters"],
    ),
    _SEARCH,
)

QUESTIONS: Mapping[str, Question] = MappingProxyType({each.name: each for each in _ALL})
"""Every table of the playbook by name, in the order of its page."""

"""The playbook's own tables: all that articles show, and what each would train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from in_process import InProcess

from tuner.arms import parse_arm
from tuner.playbook.tables.asking import Effort, scenario_of
from tuner.playbook.tables.ensembling import EnsembleQuestion
from tuner.playbook.tables.factors import FactorQuestion
from tuner.playbook.tables.registry import HELD, QUESTIONS
from tuner.playbook.tables.searching import SearchQuestion
from tuner.playbook.tables.training import candidates
from tuner.searchers import SEARCHERS
from tuner.space import contains

PROMISED = {
    *("data_size", "regularisation", "learning_rate", "activation", "batch_size", "optimizer"),
    *("ensemble", "pretraining", "architecture", "loss", "momentum", "epochs", "schedule"),
    *("layers", "neurons", "search"),
}


def test_every_table_that_is_promised_is_there() -> None:
    assert QUESTIONS.keys() == PROMISED


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_what_a_table_would_train_lies_in_the_space(name: str) -> None:
    question: Any = QUESTIONS[name]
    scenario = scenario_of(question.scenario)
    if isinstance(question, SearchQuestion):
        assert not contains(scenario.space, {**HELD, "epochs": question.space["epochs"]})
        assert all(parse_arm(f"fifo+{each}").searcher.name in SEARCHERS  # type: ignore[union-attr]
                   for each in question.searchers.values())  # fmt: skip
        return
    values = question.members if isinstance(question, EnsembleQuestion) else question.values
    found = list(candidates(scenario, question.base, values))

    assert len(found) == len({tuple(sorted(each.config.items())) for each in found}) > 2


def test_regularisation_has_all_its_kinds_and_a_row_without() -> None:
    question: Any = QUESTIONS["regularisation"]

    assert list(question.values) == ["none", "L1", "L2", "dropout"]


def test_a_table_is_measured_with_accuracy_precision_and_recall(
    ray: InProcess, tmp_path: Path
) -> None:
    """One epoch on two folds: the way that ``benchmarks/playbook.py --quick`` takes."""
    effort = Effort(seeds=1, folds=2, epochs=1)

    table = QUESTIONS["loss"].measure(effort, storage_path=str(tmp_path))

    assert isinstance(QUESTIONS["loss"], FactorQuestion)
    assert ray.trained == 4 * 2
    assert table.objective.metric == "val_accuracy"
    assert table.metrics == ("val_precision", "val_recall")
    assert table.rows[["val_accuracy", "val_precision", "val_recall"]].notna().all(axis=None)
    assert table.rows["val_accuracy"].between(0.1, 1).all()

"""Which metrics are of training and which of validation, by their names."""

from __future__ import annotations

import pytest

from tuner.playbook.audit.metric_pairs import metric_pairs


@pytest.mark.parametrize(
    ("names", "metric", "pairs"),
    [
        (["train_loss", "val_loss"], "val_loss", [("train_loss", "val_loss")]),
        (["loss/train", "loss/validation"], "", [("loss/train", "loss/validation")]),
        (["train/acc", "valid/acc"], "", [("train/acc", "valid/acc")]),
        (["model/train_f1", "model/dev_f1"], "", [("model/train_f1", "model/dev_f1")]),
        (["loss", "val_loss"], "val_loss", [("loss", "val_loss")]),
        (["loss", "train_loss", "val_loss"], "val_loss", [("train_loss", "val_loss")]),
        (["loss", "train_loss"], "loss", [("train_loss", "loss")]),
        (["Train-Error", "Val-Error"], "", [("Train-Error", "Val-Error")]),
        (["train_loss", "val_error"], "val_error", []),
        (["training_iteration", "epoch", "loss", "time_total_s"], "loss", []),
        (["trained_loss", "validated_loss", "interval_loss"], "", []),
        (["train", "val"], "val", [("train", "val")]),
        ([], "loss", []),
    ],
)
def test_pairs(names: list[str], metric: str, pairs: list[tuple[str, str]]) -> None:
    assert metric_pairs(names, metric) == pairs


def test_the_tuned_metric_comes_first() -> None:
    names = ["train_loss", "val_loss", "train_error", "val_error"]
    assert [pair.validation for pair in metric_pairs(names, "val_error")] == [
        "val_error", "val_loss"
    ]  # fmt: skip

"""The published logs of NAS-Bench-NLP become one table."""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path

import pandas as pd

from tuner.public_data import nasbench_nlp


def log(recipe: int, losses: list[float]) -> str:
    names = ("train_losses", "val_losses", "test_losses", "wall_times")
    shifted = {name: [loss + i for loss in losses] for i, name in enumerate(names)}
    return json.dumps({"recepie_id": recipe, **shifted})


def test_a_row_per_cell_and_epoch_in_the_order_of_the_recipes(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / nasbench_nlp.LOGS, "w") as logs:
        logs.writestr("b.json", log(20, [5.0, math.nan]))
        logs.writestr("a.json", log(3, [2.0]))

    target = tmp_path / "target"
    target.mkdir()

    nasbench_nlp.convert(tmp_path, target)

    assert [file.name for file in target.iterdir()] == [nasbench_nlp.CURVES]
    table = pd.read_parquet(target / nasbench_nlp.CURVES)
    assert table[["config_id", "epoch"]].to_numpy().tolist() == [[0, 1], [1, 1], [1, 2]]
    assert table["val_loss"].tolist()[:2] == [3.0, 6.0]
    assert math.isnan(table["val_loss"][2])
    assert table["epoch_seconds"].tolist()[:2] == [5.0, 8.0]

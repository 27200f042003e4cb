"""`automl`: from a table to a model, and the same call again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flowers import SMALL
from in_process import InProcess

import tuner
from tuner.cli import main
from tuner.errors import SpecError, SweepFailedError
from tuner.tabular.examples import load_table


@pytest.fixture
def small(tmp_path: Path) -> dict[str, Any]:
    return {**SMALL, "storage_path": tmp_path / "results"}


def test_a_table_becomes_a_model(made: tuner.AutoML) -> None:
    found = made
    assert found.problem.task == "classification"
    assert {each.family for each in found.standings} == {"dummy", "linear", "neighbours"}
    assert sum(each.trials for each in found.standings) == 5
    assert [each.value for each in found.standings] == sorted(e.value for e in found.standings)
    assert found.standings[-1].family == "dummy"
    assert found.standings[-1].value == pytest.approx(np.log(3), abs=1e-6)
    assert all(each.spread is not None and each.spread >= 0 for each in found.standings)
    assert found.model.kind == "ensemble"
    families = [part.config["model"]["family"] for part in found.model.parts]
    assert len(set(families)) == 2  # at most half of them of one
    assert found.model.test is not None
    assert found.model.test["accuracy"].value > 0.6
    assert found.model.looks_before == 0
    told = str(found)
    for line in ("kind from 5 columns", "column 'row' left out", "linear ", "test accuracy"):
        assert line in told
    assert json.loads(json.dumps(found.to_json()))["standings"][0]["family"] == families[0]
    assert (Path(found.folder) / "final" / "MODEL_CARD.md").is_file()


def test_the_model_takes_raw_rows_and_gives_the_labels(
    made: tuner.AutoML, flowers: pd.DataFrame, tmp_path: Path
) -> None:
    found = made
    rows = flowers.loc[:4, ["place", "seen", "wild", "petals", "length"]]
    rows.loc[0, "place"] = "moon"
    rows.loc[1:3] = None
    labels, probabilities = found.predict(rows), found.predict_proba(rows)
    assert found.classes == ("aster", "broom", "clover")
    assert labels.tolist() == [found.classes[place] for place in probabilities.argmax(axis=1)]
    assert probabilities.sum(axis=1) == pytest.approx(1)
    inputs, outputs = tmp_path / "rows.csv", tmp_path / "labels.csv"
    rows.to_csv(inputs, index=False)
    assert main(["predict", f"{found.folder}/final", str(inputs), "-o", str(outputs)]) == 0
    written = pd.read_csv(outputs)
    assert written["class"].tolist() == labels.tolist()
    assert written["probability_broom"].to_numpy() == pytest.approx(probabilities[:, 1])
    with pytest.raises(SpecError, match="'place' is missing"):
        found.predict(rows.drop(columns="place"))


def test_the_same_call_again_trains_nothing(
    ray: InProcess, flowers: pd.DataFrame, small: dict[str, Any]
) -> None:
    first = tuner.automl(flowers, **small)
    assert ray.trained == 5 + 2 * 2
    again = tuner.automl(flowers, **small)
    assert ray.trained == 5 + 2 * 2
    assert again == first
    with pytest.raises(SpecError, match="with other budget, and nothing is overwritten"):
        tuner.automl(flowers, **{**small, "budget": "6trials"})
    with pytest.raises(SpecError, match="with other table, and nothing is overwritten"):
        tuner.automl(flowers.iloc[:-1], **small)


def test_what_was_interrupted_goes_on(
    ray: InProcess, flowers: pd.DataFrame, small: dict[str, Any]
) -> None:
    ray.stops_after = 3
    with pytest.raises(SweepFailedError, match="interrupted after 3 trials; they are kept"):
        tuner.automl(flowers, **small)
    found = tuner.automl(flowers, **small)
    assert ray.trained == 5 + 2 * 2
    whole = tuner.automl(flowers, **{**small, "name": "whole"})
    assert found.standings == whole.standings
    assert found.model.test == whole.model.test


def test_one_configuration_is_trained_again_on_all_but_the_test_rows(
    ray: InProcess, flowers: pd.DataFrame, small: dict[str, Any]
) -> None:
    words = {**small, "target": "length", "ensemble": 1, "families": ["linear"]}
    found = tuner.automl(flowers, **words)
    assert (found.problem.task, found.metric, found.model.kind) == ("regression", "rmse", "refit")
    assert found.model.data is not None
    assert (found.model.data.examples, found.model.data.trained) == (58, 46)
    assert found.model.test is not None
    assert found.model.test["r2"].value > 0.3
    predicted = found.predict(flowers.iloc[:9])
    np.testing.assert_array_equal(predicted, found.predict_proba(flowers.iloc[:9]))
    assert np.corrcoef(predicted[:3], flowers["length"][:3])[0, 1] > 0
    with pytest.raises(SpecError, match="predicts values, and no classes"):
        tuner.load_model(found.model.folder).classify(flowers)


def test_the_scenario_is_there_to_be_edited_and_run(made: tuner.AutoML, tmp_path: Path) -> None:
    assert tuner.load(Path(made.folder) / "sweep").spec.source == f"{made.folder}/scenario.py"
    folder = shutil.copytree(made.folder, tmp_path / "copy")
    file = folder / "scenario.py"
    scenario = tuner.load_scenario(file)
    assert (scenario.name, scenario.metric) == ("flowers", "log_loss")
    assert list(scenario.trainable.examples().inputs) == list(made.problem.columns)  # type: ignore[union-attr]
    text = file.read_text()
    line = '        "place": "category",\n'
    assert line in text
    file.write_text(text.replace(line, ""))
    assert "place" not in tuner.load_scenario(file).trainable.examples().inputs  # type: ignore[union-attr]


def test_a_model_that_was_moved_needs_no_table(
    made: tuner.AutoML, flowers: pd.DataFrame, tmp_path: Path
) -> None:
    expected = made.predict_proba(flowers)
    moved = shutil.copytree(Path(made.folder) / "final" / "model", tmp_path / "elsewhere")
    away = Path(made.folder).rename(tmp_path / "away")
    load_table.clear()
    try:
        model = tuner.load_model(moved)
        np.testing.assert_array_equal(model.predict(flowers), expected)
    finally:
        away.rename(made.folder)


def test_what_cannot_work_is_refused_and_leaves_nothing(
    ray: InProcess, flowers: pd.DataFrame, small: dict[str, Any]
) -> None:
    for words, message in (
        ({"target": "kinds"}, "got 'kinds'"),
        ({"budget": "9gpuh"}, "trials or wall time, such as 60trials or 10m"),
        ({"ensemble": 0}, "at least 1 configuration, got 0"),
        ({"folds": 30}, "at least 31, and 'aster' has 20"),
        ({"metric": "rmse"}, "unknown metric 'rmse' of a classification"),
        ({"storage_path": "s3://bucket/results"}, "is a URI; name a folder"),
        ({"schedule": "asha"}, "no option 'schedule'; did you mean 'scheduler'"),
    ):
        with pytest.raises(SpecError, match=message):
            tuner.automl(flowers, **{**small, **words})
    assert not small["storage_path"].exists()


def test_the_verb(
    ray: InProcess, flowers: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flowers.to_csv(tmp_path / "flowers.csv", index=False)
    words = ["automl", str(tmp_path / "flowers.csv"), "--storage-path", str(tmp_path / "results")]
    assert main([*words, "--target", "kinds"]) == 2
    assert "did you mean 'kind'" in capsys.readouterr().err
    words += ["--target", "kind", "--budget", "2trials", "--family", "dummy", "--family", "linear"]
    words += ["--folds", "2", "--ensemble", "1", "--test", "0"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["folder"] == str(tmp_path / "results" / "automl-flowers")
    assert told["model"]["test"] is None
    assert main(words) == 0
    assert "nothing was measured on test examples" in capsys.readouterr().out

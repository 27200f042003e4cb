"""Trials of a table: folds, spread, and rows that nobody may see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ray import tune

import tuner
from tuner.errors import ScenarioError, SpaceError, SpecError
from tuner.tabular.building import default_configs
from tuner.tabular.examples import load_table
from tuner.tabular.models import TableModel

Trial = Callable[..., Any]


@pytest.fixture
def scenario(flowers: pd.DataFrame, tmp_path: Path) -> tuner.Scenario:
    flowers.to_csv(tmp_path / "flowers.csv", index=False)
    return tuner.tabular_scenario(
        tmp_path / "flowers.csv", target="kind", families=["dummy", "linear", "forest"], folds=3
    )


def trial(scenario: tuner.Scenario, family: str, part: Any = "holdout", **config: Any) -> Any:
    """Return a trial with the default configuration of a family."""
    base: Any = scenario.trainable
    source = base.source
    (default,) = default_configs(dict(source.columns), source.task, [family])
    default["prepare"] |= config
    quiet = {"_setup_logdir": lambda self: setattr(self, "_logdir", None), "part": part}
    return type(base.__name__, (base,), quiet)(default)


def test_the_scenario_is_that_of_the_table(scenario: tuner.Scenario) -> None:
    assert (scenario.name, scenario.metric, scenario.mode) == ("flowers", "log_loss", "min")
    examples = scenario.trainable.examples()  # type: ignore[union-attr]
    assert (len(examples), len(examples.test)) == (60, 12)
    assert examples.classes == ("aster", "broom", "clover")
    assert np.bincount(examples.targets[examples.test]).tolist() == [4, 4, 4]
    assert list(examples.inputs.columns) == ["length", "petals", "wild", "seen", "place"]


def test_a_report_is_the_mean_over_folds_with_its_spread(scenario: tuner.Scenario) -> None:
    begun = trial(scenario, "linear")
    report = begun.step()
    table = load_table(begun.source)
    errors = [
        np.mean(
            model.predict(table.features[split.validation]).argmax(axis=1)
            != table.examples.targets[split.validation]
        )
        for model, split in zip(begun.models, table.splits, strict=True)
    ]
    assert report["error"] == pytest.approx(np.mean(errors))
    assert report["error_std"] == pytest.approx(np.std(errors, ddof=1))
    assert report["log_loss"] < np.log(3)
    assert report["done"]
    assert "done" not in trial(scenario, "forest").step()


def test_no_row_is_judged_by_a_model_that_has_seen_it_and_test_rows_by_none(
    scenario: tuner.Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = trial(scenario, "dummy")
    table = load_table(begun.source)
    rows = {row.tobytes(): number for number, row in enumerate(table.features)}
    learned: list[set[int]] = []
    judged: list[set[int]] = []
    train, predict = TableModel.train, TableModel.predict

    def numbers(features: Any) -> set[int]:
        return {rows[row.tobytes()] for row in features}

    def watched_train(self: TableModel, features: Any, targets: Any, step: int) -> None:
        learned.append(numbers(features))
        train(self, features, targets, step)

    def watched_predict(self: TableModel, features: Any) -> Any:
        judged.append(numbers(features))
        return predict(self, features)

    monkeypatch.setattr(TableModel, "train", watched_train)
    monkeypatch.setattr(TableModel, "predict", watched_predict)
    begun.step()
    everything = set(range(60)) - set(table.examples.test.tolist())
    assert len(learned) == len(judged) == 3
    for seen, unseen in zip(learned, judged, strict=True):
        assert seen | unseen == everything
        assert not seen & unseen
    assert set.union(*judged) == everything


@pytest.mark.parametrize("encode", ["one_hot", "target", "ordinal"])
def test_noise_does_not_leak(encode: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "code": [f"c{number // 2}" for number in range(200)],  # hardly a text twice
            **{f"x{number}": random.normal(size=200) for number in range(30)},
            "y": random.permutation(["no", "yes"] * 100),
        }
    )
    frame.to_parquet(tmp_path / "noise.parquet")
    noise = tuner.tabular_scenario(tmp_path / "noise.parquet", target="y")
    begun = trial(noise, "linear", encode=encode, select={"by": "f_test", "share": 0.2})
    assert begun.step()["error"] > 0.38  # a coin's, within what 160 rows tell


def test_a_fold_and_all_rows_train_one_model(scenario: tuner.Scenario) -> None:
    for part in ({"fold": 1, "folds": 4, "seed": 0}, "all"):
        begun = trial(scenario, "dummy", part)
        report = begun.step()
        assert len(begun.models) == 1
        assert "log_loss_std" not in report


def test_a_restored_trial_predicts_without_its_table(
    scenario: tuner.Scenario, tmp_path: Path
) -> None:
    begun, again = trial(scenario, "forest"), trial(scenario, "forest")
    begun.step()
    rows = scenario.trainable.examples().inputs.iloc[:7]  # type: ignore[union-attr]
    expected = begun.predict(rows)
    begun.save_checkpoint(str(tmp_path))
    load_table.clear()
    (tmp_path / "flowers.csv").unlink()
    again.load_checkpoint(str(tmp_path))
    again.ensure_setup()
    np.testing.assert_array_equal(again.predict(rows), expected)


def test_a_trial_that_has_not_begun_can_be_saved(scenario: tuner.Scenario, tmp_path: Path) -> None:
    first, again = trial(scenario, "dummy"), trial(scenario, "dummy")
    with pytest.raises(RuntimeError, match="is trained before"):
        first.ensure_setup() or first.predict(None)
    first.save_checkpoint(str(tmp_path))
    again.load_checkpoint(str(tmp_path))
    assert again.step() == trial(scenario, "dummy").step()


def test_a_regression_is_told_in_the_units_of_its_target(
    flowers: pd.DataFrame, tmp_path: Path
) -> None:
    flowers.assign(length=100 * flowers["length"]).to_parquet(tmp_path / "flowers.parquet")
    lengths = tuner.tabular_scenario(tmp_path / "flowers.parquet", target="length", folds=2)
    assert lengths.metric == "rmse"
    assert len(lengths.trainable.examples()) == 58  # type: ignore[union-attr]
    dummy, linear = (trial(lengths, family).step() for family in ("dummy", "linear"))
    assert linear["rmse"] < 0.7 * dummy["rmse"]
    assert 50 < dummy["mae"] < dummy["rmse"] < 150


def test_only_what_a_table_has_is_searched() -> None:
    def space(**columns: str) -> Any:
        return tuner.tabular_scenario(
            "none.csv", target="y", task="regression", columns=columns, families=["linear"]
        ).space["prepare"]

    assert set(space(a="number")) == {"impute", "flag_missing", "select"}
    assert set(space(a="category")) == {"encode", "select"}
    assert set(space(a="category", b="date")) == {"impute", "flag_missing", "encode", "select"}
    assert isinstance(space(a="category")["encode"], tune.search.sample.Categorical)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"folds": 1}, "at least 2 folds, got 1"),
        ({"test": 1}, "0 <= test < 1, got 1"),
        ({"metric": "accuracy"}, "unknown metric 'accuracy' of a classification"),
        ({"families": ["forrest"]}, "unknown family of models 'forrest'; did you mean 'forest'"),
        ({"families": []}, "has families of models, got none"),
        ({"columns": {"a": "numbers"}}, r"unknown kind 'numbers'.*did you mean 'number'"),
        ({"columns": {"y": "number"}}, "not predicted from itself"),
        ({"columns": {}}, "got none beside the target"),
    ],
)
def test_what_cannot_work_is_refused(words: dict[str, Any], message: str) -> None:
    given = {"target": "y", "task": "classification", "columns": {"a": "number"}, **words}
    with pytest.raises((SpecError, ScenarioError, SpaceError), match=message):
        tuner.tabular_scenario("none.csv", **given)

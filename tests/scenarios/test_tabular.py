"""The table scenario: honest folds, every model, the same result every time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ray import tune
from ray.tune.search.variant_generator import generate_variants
from threadpoolctl import threadpool_limits

from tuner.bundled import tabular
from tuner.bundled.tabular import FOLDS, SCENARIO, cross_validate, load_splits
from tuner.space import contains

CONFIG: dict[str, Any] = {
    "model": "linear",
    "C": 1.0,
    "max_depth": 3,
    "min_samples_leaf": 5,
    "learning_rate": 0.2,
    "max_iter": 10,
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As in a trial with one CPU."""
    with threadpool_limits(1):
        yield


def test_the_test_rows_are_set_aside() -> None:
    table, test = load_splits()
    assert (len(table.labels), len(test.labels)) == (455, 114)
    assert not set(map(tuple, table.inputs)) & set(map(tuple, test.inputs))
    assert abs(table.labels.mean() - test.labels.mean()) < 0.01


@pytest.mark.parametrize(("model", "error"), [("linear", 0.03), ("tree", 0.1), ("boosting", 0.07)])
def test_each_model_is_judged_by_cross_validation(model: str, error: float) -> None:
    config = CONFIG | {"model": model}
    assert contains(SCENARIO.space, config) == []
    report = cross_validate(config)
    assert report.keys() == {"cv_error", "cv_error_std", "cv_accuracy", "kfold_error"}
    assert report["cv_accuracy"] == 1 - report["cv_error"]
    assert 0 <= report["kfold_error"] <= 1
    assert report["cv_error"] < error
    assert report == cross_validate(config)


def test_a_report_is_the_mean_over_all_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = iter(range(2 * FOLDS))  # the stratified folds come first
    monkeypatch.setattr(tabular, "fold_error", lambda *_: next(errors))
    report = cross_validate(CONFIG)
    assert (report["cv_error"], report["kfold_error"]) == (2, 7)
    assert report["cv_error_std"] == pytest.approx(2.5**0.5)


def test_no_row_is_both_learnt_and_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    folds: list[tuple[Any, Any]] = []

    def record(_: Any, __: Any, train: Any, held_out: Any) -> float:
        folds.append((train, held_out))
        return 0.0

    monkeypatch.setattr(tabular, "fold_error", record)
    cross_validate(CONFIG)
    everything = set(range(len(load_splits()[0].labels)))
    for kind in (folds[:FOLDS], folds[FOLDS:]):
        judged = np.concatenate([held_out for _, held_out in kind])
        assert sorted(judged) == sorted(everything)
        assert all(set(train) == everything - set(held_out) for train, held_out in kind)


def test_the_scaler_learns_from_the_training_rows_only() -> None:
    table, _ = load_splits()
    model = tabular.build_model(CONFIG).fit(table.inputs[:100], table.labels[:100])
    assert np.allclose(model[0].mean_, table.inputs[:100].mean(axis=0))


def test_whatever_is_drawn_trains() -> None:
    random_state = np.random.RandomState(1)
    for _ in range(6):
        _, config = next(generate_variants(dict(SCENARIO.space), random_state=random_state))
        assert 0 <= cross_validate(config)["cv_error"] <= 1


def test_the_scenario_reports_to_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[Any] = []
    monkeypatch.setattr(tune, "report", reports.append)
    SCENARIO.trainable(CONFIG)
    assert reports == [cross_validate(CONFIG)]
    assert (SCENARIO.metric, SCENARIO.max_t) == ("cv_error", 1)
    assert not SCENARIO.saves_checkpoints
    assert SCENARIO.mutable_space == {}

"""One model of each family: trained in steps, saved and restored, whatever classes there are."""

from __future__ import annotations

import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuner.errors import StorageError
from tuner.space import contains
from tuner.tabular import families
from tuner.tabular.building import default_configs
from tuner.tabular.families import FAMILIES, STEPS, Family, model_space
from tuner.tabular.fitted_state import from_bytes, to_bytes
from tuner.tabular.models import TableModel
from tuner.tabular.preparation import preparation_space
from tuner.tabular.tasks import TASKS, Task
from tuner.trainable.state import read_state, write_state

COLUMNS: Any = {"a": "number", "b": "number", "c": "category"}
SMALL = {"boosting": 18, "forest": 18}  # rounds and trees of a full training


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, full in SMALL.items():
        family = FAMILIES[name]
        small = Family(**{**vars(family), "full": full})
        monkeypatch.setitem(families.FAMILIES, name, small)


def data(task: Task) -> tuple[Any, Any]:
    """Return 90 rows, of which the first feature and the category tell the target."""
    random = np.random.default_rng(0)
    classes = np.arange(90) % 3
    features = np.column_stack(
        [classes + random.normal(scale=0.3, size=90), random.normal(size=90), classes % 2]
    )
    features[4, 0] = np.nan
    return features, classes if task == "classification" else 10.0 * classes + 100


def model(name: str, task: Task, seed: int = 0) -> TableModel:
    (config,) = default_configs(COLUMNS, task, [name])
    config["prepare"]["encode"] = "target"
    if name == "boosting":
        config["model"] |= {"max_features": 0.7, "min_samples_leaf": 5}  # it draws
    classes = 3 if task == "classification" else 0
    return TableModel(config, task, numeric=2, classes=classes, seed=seed)


@pytest.mark.parametrize("task", TASKS)
def test_defaults_lie_in_the_space(task: Task) -> None:
    space = {
        "prepare": preparation_space(numbers=True, categories=True),
        "model": model_space(list(FAMILIES), task),
    }
    for config in default_configs(COLUMNS, task, list(FAMILIES)):
        assert contains(space, config) == []


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", list(FAMILIES))
def test_a_restored_model_goes_on_as_one_that_never_stopped(
    name: str, task: Task, tmp_path: Path
) -> None:
    features, targets = data(task)
    whole, begun, restored = model(name, task), model(name, task), model(name, task)
    for step in (1, 2, 3):
        whole.train(features, targets, step)
    begun.train(features, targets, 1)
    write_state(tmp_path, {"model": begun.state()})
    restored.load(read_state(tmp_path)["model"])
    np.testing.assert_array_equal(restored.predict(features), begun.predict(features))
    for step in (2, 3):
        restored.train(features, targets, step)
    np.testing.assert_allclose(restored.predict(features), whole.predict(features), rtol=1e-9)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "dummy"])
def test_every_family_learns(name: str, task: Task) -> None:
    features, targets = data(task)
    trained = model(name, task)
    for step in range(1, STEPS + 1):
        trained.train(features, targets, step)
    predicted = trained.predict(features)
    if task == "classification":
        assert predicted.sum(axis=1) == pytest.approx(1)
        assert np.mean(predicted.argmax(axis=1) == targets) > 0.85
    else:
        assert np.mean((predicted - targets) ** 2) < 0.2 * np.var(targets)


@pytest.mark.parametrize("name", list(FAMILIES))
def test_a_class_that_no_training_row_has_gets_no_probability(name: str) -> None:
    features, targets = data("classification")
    trained = model(name, "classification")
    trained.train(features[targets != 1], targets[targets != 1], 1)
    predicted = trained.predict(features)
    assert predicted.shape == (90, 3)
    if name != "network":
        assert (predicted[:, 1] == 0).all()


def test_the_dummy_knows_no_more_than_how_many_there_are() -> None:
    features, targets = data("regression")
    trained = model("dummy", "regression")
    trained.train(features, targets, 1)
    assert trained.predict(features[:2]) == pytest.approx([110, 110])


def test_a_model_is_trained_before_it_predicts_or_is_saved() -> None:
    fresh = model("linear", "regression")
    with pytest.raises(RuntimeError, match="is trained before"):
        fresh.state()
    with pytest.raises(RuntimeError, match="is trained before"):
        fresh.predict(np.zeros((1, 3)))


class Evil:
    def __reduce__(self) -> Any:
        return json.loads, ('"pwned"',)


def test_a_state_runs_no_code_of_others() -> None:
    for planted in (Evil(), {"estimator": Evil()}, np.mean):
        with pytest.raises(StorageError, match=r"NumPy's arrays, got (json|numpy)\."):
            from_bytes(zlib.compress(pickle.dumps(planted)))


def test_a_damaged_state_is_said_to_be_so() -> None:
    whole = to_bytes(np.arange(3.0))
    assert from_bytes(whole).tolist() == [0, 1, 2]
    for damaged in (b"", whole[:-3], zlib.compress(b"no pickle")):
        with pytest.raises(StorageError, match="cannot read a fitted estimator"):
            from_bytes(damaged)


def test_a_state_of_another_scikit_learn_is_refused() -> None:
    features, targets = data("classification")
    trained = model("linear", "classification")
    trained.train(features, targets, 1)
    learner = from_bytes(trained.state()["learner"]["estimator"])
    content = pickle.dumps(learner)
    import sklearn

    other = content.replace(sklearn.__version__.encode(), b"0.0.0"[: len(sklearn.__version__)])
    assert other != content
    with pytest.raises(StorageError, match=r"wrote it: 0\.0\.0, and this is"):
        from_bytes(zlib.compress(other))

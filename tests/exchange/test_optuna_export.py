"""What Optuna itself loads from an exported study."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from ray import tune

from tuner.errors import StorageError
from tuner.exchange.optuna_export import StudyFormat, export_optuna
from tuner.store import Sweep

STARTED = 1_700_000_000.0
Maker = Callable[..., Sweep]
FORMATS: tuple[StudyFormat, ...] = ("sqlite", "journal")

SPACE = {
    "lr": tune.loguniform(1e-3, 1),
    "net": {"depth": tune.randint(1, 5), "sizes": tune.choice([(8, 4), (16,)]), "bias": True},
    "opt": tune.choice([{"name": "sgd", "momentum": tune.uniform(0, 1)}, {"name": "adam"}]),
}


def _config(lr: float, depth: int, *, momentum: float | None = None) -> dict[str, Any]:
    opt = {"name": "adam"} if momentum is None else {"name": "sgd", "momentum": momentum}
    return {"lr": lr, "net": {"depth": depth, "sizes": (8, 4), "bias": True}, "opt": opt}


@pytest.fixture
def sweep(make_sweep: Maker) -> Sweep:
    """A trial of every end."""
    return make_sweep(
        [
            (_config(0.1, 1, momentum=0.5), [0.9, 0.25, 0.5], "completed"),
            (_config(0.2, 2), [0.8], "stopped"),
            (_config(0.3, 3), [0.7, math.nan], "diverged"),
            (_config(0.4, 4), [0.6], "failed"),
            (_config(0.5, 1), [0.5, math.inf], "interrupted"),
            (_config(0.6, 2), [math.nan], "completed"),
            (_config(0.7, 3), [0.4], None),
            (_config(0.8, 4, momentum=0.9), [0.95, 0.3], "completed"),
            (_config(0.9, 2), [0.9, 0.35], "completed"),
            (_config(0.95, 3), [0.45], "completed"),
        ],
        space=SPACE,
    )


@pytest.fixture(params=FORMATS)
def study(request: pytest.FixtureRequest, sweep: Sweep, tmp_path: Path) -> optuna.Study:
    export_optuna(sweep, tmp_path / "study", storage=request.param)
    return _load(tmp_path / "study", request.param)


def test_the_study_is_that_of_the_sweep(study: optuna.Study, sweep: Sweep) -> None:
    assert study.study_name == "sweep"
    assert study.direction == optuna.study.StudyDirection.MINIMIZE
    assert study.metric_names == ["val/loss"]
    assert study.user_attrs == {"spec": json.loads(json.dumps(sweep.spec.to_json()))}


def test_an_end_has_optunas_state(study: optuna.Study) -> None:
    assert [trial.state for trial in study.trials] == [
        TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.FAIL,
        TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING, TrialState.COMPLETE,
        TrialState.COMPLETE, TrialState.COMPLETE,
    ]  # fmt: skip
    assert [trial.value for trial in study.trials] == [
        0.25, 0.8, None, None, 0.5, None, None, 0.3, 0.35, 0.45,
    ]  # fmt: skip


def test_values_on_the_way_are_by_iteration(study: optuna.Study) -> None:
    assert study.trials[0].intermediate_values == {1: 0.9, 2: 0.25, 3: 0.5}
    assert study.trials[2].intermediate_values == {1: 0.7}
    assert study.trials[4].intermediate_values == {1: 0.5, 2: math.inf}
    assert study.trials[5].intermediate_values == {}


def test_parameters_are_flat_and_absent_ones_absent(study: optuna.Study) -> None:
    first, second, *_ = study.trials
    assert first.params == {
        "lr": 0.1, "net/depth": 1, "net/sizes": "[8, 4]", "opt/name": "sgd", "opt/momentum": 0.5,
    }  # fmt: skip
    assert "opt/momentum" not in second.params
    assert second.params["opt/name"] == "adam"
    lr = optuna.distributions.FloatDistribution(1e-3, 1, log=True)
    assert all(trial.distributions["lr"] == lr for trial in study.trials)


def test_a_trial_keeps_what_optuna_has_no_place_for(study: optuna.Study) -> None:
    assert study.trials[3].user_attrs == {
        "trial_id": "t3", "outcome": "failed", "seed": 3, "error": "ValueError: no luck",
    }  # fmt: skip
    assert study.trials[6].user_attrs == {"trial_id": "t6", "seed": 6}
    assert [trial.number for trial in study.trials] == list(range(10))
    assert study.trials[1].datetime_start == datetime.fromtimestamp(STARTED + 1)
    assert study.trials[1].datetime_complete == datetime.fromtimestamp(STARTED + 60)
    assert study.trials[6].datetime_complete is None


def test_optuna_works_with_it(study: optuna.Study) -> None:
    assert study.best_trial.user_attrs["trial_id"] == "t0"
    importances = optuna.importance.get_param_importances(study)
    assert set(importances) == {"lr", "net/depth", "net/sizes", "opt/name", "opt/momentum"}
    assert len(study.trials_dataframe()) == 10
    study.optimize(lambda trial: trial.suggest_float("lr", 1e-3, 1, log=True), n_trials=1)
    assert study.trials[-1].number == 10


def test_both_files_hold_the_same(sweep: Sweep, tmp_path: Path) -> None:
    """The tables that are filled at once are those that Optuna fills value by value."""
    for storage in FORMATS:
        export_optuna(sweep, tmp_path / storage, storage=storage)
    database, journal = (_load(tmp_path / storage, storage).trials for storage in FORMATS)

    for ours, theirs in zip(database, journal, strict=True):
        ours._trial_id = theirs._trial_id
        assert ours == theirs


def test_a_value_may_be_that_of_the_last_report(sweep: Sweep, tmp_path: Path) -> None:
    export_optuna(sweep, tmp_path / "study", at="last")

    trials = _load(tmp_path / "study", "sqlite").trials
    assert [trial.value for trial in trials[:5]] == [0.5, 0.8, None, None, None]
    assert trials[4].state == TrialState.FAIL, "infinity is no result"


def test_a_sweep_that_maximises(make_sweep: Maker, tmp_path: Path) -> None:
    sweep = make_sweep([({"lr": lr}, [lr], "completed") for lr in (0.1, 0.7, 0.3)], mode="max")
    export_optuna(sweep, tmp_path / "study")

    study = _load(tmp_path / "study", "sqlite")
    assert study.best_params == {"lr": 0.7}


@pytest.mark.parametrize("storage", FORMATS)
def test_several_objectives(make_sweep: Maker, tmp_path: Path, storage: StudyFormat) -> None:
    sweep = make_sweep(
        [
            ({"lr": 0.1}, [0.5, 0.2], "completed"),
            ({"lr": 0.2}, [0.1, 0.9], "completed"),
            ({"lr": 0.3}, [0.3], "stopped"),
            ({"lr": 0.4}, [], "completed"),
        ],
        secondary=[("time_total_s", "max")],
    )
    export_optuna(sweep, tmp_path / "study", storage=storage)

    study = _load(tmp_path / "study", storage)
    assert [direction.name for direction in study.directions] == ["MINIMIZE", "MAXIMIZE"]
    assert study.metric_names == ["val/loss", "time_total_s"]
    assert [trial.values for trial in study.trials] == [[0.2, 1.0], [0.9, 1.0], [0.3, 0.5], None]
    assert study.trials[3].state == TrialState.FAIL
    assert [trial.number for trial in study.best_trials] == [0]


def test_a_space_with_a_function_is_known_by_its_values(make_sweep: Maker, tmp_path: Path) -> None:
    space = {"lr": tune.uniform(0, 1), "twice": tune.sample_from(lambda config: 2)}
    sweep = make_sweep(
        [({"lr": 0.5, "twice": 2}, [1.0], "completed"), ({"lr": 1.0, "twice": 4}, [], "failed")],
        space=space,
    )
    export_optuna(sweep, tmp_path / "study")

    assert _load(tmp_path / "study", "sqlite").trials[1].params == {"lr": 1.0, "twice": 4}


@pytest.mark.parametrize("storage", FORMATS)
def test_no_trial_is_a_study_too(make_sweep: Maker, tmp_path: Path, storage: StudyFormat) -> None:
    assert export_optuna(make_sweep([]), tmp_path / "study", storage=storage) == 0
    assert _load(tmp_path / "study", storage).trials == []


def test_a_file_that_exists_stays(sweep: Sweep, tmp_path: Path) -> None:
    file = tmp_path / "study"
    file.write_text("mine")

    with pytest.raises(StorageError, match="a study is a new file"):
        export_optuna(sweep, file)
    assert file.read_text() == "mine"


def test_nothing_is_printed(
    sweep: Sweep, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    export_optuna(sweep, tmp_path / "study")

    assert capfd.readouterr() == ("", "")


def _load(file: Path, storage: StudyFormat) -> optuna.Study:
    where: Any = f"sqlite:///{file}"
    if storage == "journal":
        where = JournalStorage(JournalFileBackend(str(file)))
    return optuna.load_study(study_name="sweep", storage=where)

"""A sweep as an Optuna study: what ``optuna-dashboard`` shows and ``optuna.load_study`` loads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from tuner.errors import SpaceError, StorageError
from tuner.exchange.distributions import StudyParameter, study_parameters
from tuner.exchange.histories import Histories, History
from tuner.exchange.optuna_tables import insert_trials
from tuner.objectives import Objective
from tuner.searchers.optuna_space import quiet
from tuner.space import flatten, from_json
from tuner.store import Sweep, last_line
from tuner.store.results import At

__all__ = ["StudyFormat", "export_optuna"]

StudyFormat = Literal["sqlite", "journal"]

_STATES = {
    "completed": TrialState.COMPLETE,
    "stopped": TrialState.PRUNED,  # Optuna's word for a trial that a scheduler ended early
    "interrupted": TrialState.PRUNED,
    None: TrialState.RUNNING,
}
"""Of trials that have a value, by outcome; the others failed, as diverged ones do in Optuna."""

_DIRECTIONS = {"min": StudyDirection.MINIMIZE, "max": StudyDirection.MAXIMIZE}


def export_optuna(
    sweep: Sweep, path: str | Path, *, at: At = "best", storage: StudyFormat = "sqlite"
) -> int:
    """Write a study with a trial for each of the sweep's, named like the sweep.

    A trial's value is the tuned metric at its best or its last report; of several objectives it
    has the values at its last report. Its intermediate values are the metric by
    ``training_iteration``, without NaN. Completed trials are COMPLETE; stopped and interrupted
    ones PRUNED; failed, hung and diverged ones, and those without a finite value of each
    objective, FAIL. Parameters are flat (``model/lr``), and a trial lacks those of branches that
    it did not take. User attributes: of a trial its ``trial_id``, ``outcome``, ``seed`` and the
    last line of its ``error``; of the study the sweep's ``spec``.

    Args:
        sweep: What is exported.
        path: A file that does not exist.
        at: Which report of a trial counts, where there is one objective.
        storage: An SQLite database (``sqlite:///PATH``), or Optuna's journal of JSON lines.

    Returns:
        How many trials the study has.

    Raises:
        StorageError: The file exists.
        OSError: The file cannot be written.
    """
    file = Path(path).expanduser().absolute()
    if file.exists():
        raise StorageError(f"a study is a new file, and {file} exists; choose another name")
    objectives = sweep.objectives
    histories = Histories(sweep, at if len(objectives) == 1 else "last")
    parameters = study_parameters(_space(sweep), (trial.result.config for trial in histories))
    began = sweep.state.get("started") or 0.0
    trials = (_trial(history, objectives, parameters, began) for history in histories)
    with quiet():
        if storage == "journal":
            _make_study(sweep, JournalStorage(JournalFileBackend(str(file)))).add_trials(trials)
        else:
            with _database(file) as database:
                _make_study(sweep, database)
                insert_trials(database.engine, trials)
    return len(histories)


@contextmanager
def _database(file: Path) -> Iterator[RDBStorage]:
    """Make Optuna's tables in a new file, and let go of it at the end.

    Raises:
        OSError: The file cannot be written.
    """
    try:
        database = RDBStorage(f"sqlite:///{file}")
        try:
            yield database
        finally:
            database.remove_session()
            database.engine.dispose()
    except (SQLAlchemyError, StorageInternalError) as error:
        cause = getattr(error, "orig", None) or error.__cause__ or error
        raise OSError(str(cause)) from error


def _make_study(sweep: Sweep, storage: BaseStorage) -> Study:
    objectives = sweep.objectives
    directions = [_DIRECTIONS[objective.mode] for objective in objectives]
    study = optuna.create_study(study_name=sweep.name, storage=storage, directions=directions)
    study.set_metric_names([objective.metric for objective in objectives])
    study.set_user_attr("spec", sweep.spec.to_json())
    return study


def _space(sweep: Sweep) -> dict[str, Any]:
    """Return the search space; an empty one where part of it is a function, which JSON lacks."""
    try:
        return from_json(sweep.spec.space)
    except SpaceError:
        return {}


def _trial(
    history: History,
    objectives: Sequence[Objective],
    parameters: dict[str, StudyParameter],
    began: float,
) -> FrozenTrial:
    """Return a trial in Optuna's terms; one without a start has that of the sweep, ``began``."""
    result = history.result
    values = [result.metrics.get(objective.metric, math.nan) for objective in objectives]
    state = _state(result.outcome, values)
    drawn = {path: value for path, value in flatten(result.config).items() if path in parameters}
    started = history.started or began
    return FrozenTrial(
        number=0,  # the storage counts
        trial_id=0,
        state=state,
        value=None,
        values=values if state in (TrialState.COMPLETE, TrialState.PRUNED) else None,
        datetime_start=_datetime(started),
        datetime_complete=_datetime(history.ended or started) if state.is_finished() else None,
        params={path: parameters[path].encode(value) for path, value in drawn.items()},
        distributions={path: parameters[path].distribution for path in drawn},
        user_attrs=_user_attributes(history),
        system_attrs={},
        intermediate_values=_intermediate_values(history, objectives[0].metric),
    )


def _state(outcome: str | None, values: Sequence[float]) -> TrialState:
    if outcome is None:
        return TrialState.RUNNING
    has_values = all(map(math.isfinite, values))
    return _STATES.get(outcome, TrialState.FAIL) if has_values else TrialState.FAIL


def _user_attributes(history: History) -> dict[str, Any]:
    result = history.result
    attributes = {
        "trial_id": result.trial_id,
        "outcome": result.outcome,
        "seed": result.seed,
        "error": last_line(result.error) if result.error else None,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _intermediate_values(history: History, metric: str) -> dict[int, float]:
    curves = history.curves
    values = curves.values.get(metric)
    if values is None:
        return {}
    pairs = zip(curves.steps.tolist(), values.tolist(), strict=True)
    return {step: value for step, value in pairs if not math.isnan(value)}


def _datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds)  # Optuna's times are local, without a zone

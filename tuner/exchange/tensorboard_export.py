"""A sweep as TensorBoard reads it: a run per trial, with its scalars and its hyperparameters.

    <folder>/events.out.tfevents.*               the hyperparameters and the metric of all runs
    <folder>/<trial_id>/events.out.tfevents.*    one trial

TensorBoard's scalars are float32, and its steps are ``training_iteration``. NaN is not drawn, so
it is left out. Events are written one by one without threads: a trial takes milliseconds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.api_pb2 import (
    DataType,
    Experiment,
    HParamInfo,
    MetricInfo,
    MetricName,
    Status,
)
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.plugin_hparams_pb2 import (
    HParamsPluginData,
    SessionEndInfo,
    SessionStartInfo,
)
from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata

from tuner.errors import StorageError
from tuner.exchange.histories import Histories, History
from tuner.space import flatten
from tuner.store import Sweep
from tuner.store.outcomes import BAD

__all__ = ["export_tensorboard"]

_EVENT_FILES = "events.out.tfevents.*"

Hyperparameter = str | float | bool


def export_tensorboard(sweep: Sweep, folder: str | Path, *, replace: bool = False) -> int:
    """Write a run per trial, for ``tensorboard --logdir FOLDER``.

    The HParams page shows each trial's configuration with ``best/<metric>``, its best value of
    the tuned metric, which is a scalar at the step of the best report. Lists and dicts among the
    hyperparameters are JSON text.

    Args:
        sweep: What is exported.
        folder: A new or an empty folder.
        replace: Whether the event files of an earlier export to ``folder`` give way.

    Returns:
        How many runs there are.

    Raises:
        StorageError: The folder is not empty, or cannot be written.
    """
    root = Path(folder).expanduser()
    best = f"best/{sweep.metric}"
    kinds: dict[str, set[type]] = {}
    histories = Histories(sweep)
    try:
        _make_room(root, replace=replace)
        for history in histories:
            hyperparameters = _hyperparameters(history.result.config)
            for name, value in hyperparameters.items():
                kinds.setdefault(name, set()).add(type(value))
            run = root / quote(history.result.trial_id, safe="")
            _write_run(run, history, hyperparameters, best)
        with _events(root) as events:
            events.write_event(_experiment(kinds, best))
    except OSError as error:
        raise StorageError(
            f"cannot write {root}: {error.strerror or error}; choose another folder"
        ) from error
    return len(histories)


def _make_room(root: Path, *, replace: bool) -> None:
    if root.is_dir() and any(root.iterdir()):
        if not replace:
            raise StorageError(
                f"an export makes a new folder, and {root} is not empty; choose another, or add "
                "--force to replace its event files"
            )
        for file in [*root.glob(_EVENT_FILES), *root.glob(f"*/{_EVENT_FILES}")]:
            file.unlink()
    root.mkdir(parents=True, exist_ok=True)


def _write_run(
    run: Path, history: History, hyperparameters: Mapping[str, Hyperparameter], best: str
) -> None:
    with _events(run) as events:
        events.write_event(_session_start(history, hyperparameters))
        for event in _scalars(history):
            events.write_event(event)
        if history.result.value is not None:
            events.write_event(_best(history, best))
        if history.result.outcome is not None:
            events.write_event(_session_end(history))


@contextmanager
def _events(folder: Path) -> Iterator[Any]:
    folder.mkdir(parents=True, exist_ok=True)
    writer = EventsWriter(str(folder / "events"))
    try:
        yield writer
    finally:
        writer.close()


def _scalars(history: History) -> Iterator[Event]:
    """Yield one event per report, with all of its numbers."""
    curves = history.curves
    for row, (step, time) in enumerate(zip(curves.steps, _times(history), strict=True)):
        values = [
            Summary.Value(tag=name, simple_value=column[row])
            for name, column in curves.values.items()
            if not math.isnan(column[row])
        ]
        yield Event(step=int(step), wall_time=float(time), summary=Summary(value=values))


def _best(history: History, tag: str) -> Event:
    result = history.result
    at_best = np.flatnonzero(history.curves.steps == result.iteration)
    time = _times(history)[at_best[-1]] if len(at_best) else history.ended or 0.0
    value = Summary.Value(tag=tag, simple_value=result.value)
    return Event(step=result.iteration, wall_time=float(time), summary=Summary(value=[value]))


def _times(history: History) -> Any:
    """Return when each report was made; TensorBoard needs a time, if only the beginning."""
    times = history.curves.times
    return np.where(np.isnan(times), history.started or 0.0, times)


def _hyperparameters(config: Mapping[str, Any]) -> dict[str, Hyperparameter]:
    """Return a config by flat name, as TensorBoard can hold it; it has no None."""
    return {
        name: value if isinstance(value, str | bool | int | float) else json.dumps(value)
        for name, value in flatten(config).items()
        if value is not None
    }


def _session_start(history: History, hyperparameters: Mapping[str, Hyperparameter]) -> Event:
    info = SessionStartInfo(
        group_name=history.result.trial_id, start_time_secs=history.started or 0.0
    )
    for name, value in hyperparameters.items():
        if isinstance(value, bool):
            info.hparams[name].bool_value = value
        elif isinstance(value, str):
            info.hparams[name].string_value = value
        else:
            info.hparams[name].number_value = value
    return _hparams_event("session_start_info", session_start_info=info)


def _session_end(history: History) -> Event:
    failed = history.result.outcome in BAD
    status = Status.Value("STATUS_FAILURE" if failed else "STATUS_SUCCESS")
    info = SessionEndInfo(status=status, end_time_secs=history.ended or 0.0)
    return _hparams_event("session_end_info", session_end_info=info)


def _experiment(kinds: Mapping[str, set[type]], metric: str) -> Event:
    hyperparameters = [
        HParamInfo(name=name, type=DataType.Value(_data_type(types)))
        for name, types in kinds.items()
    ]
    metrics = [MetricInfo(name=MetricName(tag=metric))]
    info = Experiment(hparam_infos=hyperparameters, metric_infos=metrics)
    return _hparams_event("experiment", experiment=info)


def _data_type(types: set[type]) -> str:
    if types <= {int, float}:
        return "DATA_TYPE_FLOAT64"
    if len(types) > 1:
        return "DATA_TYPE_UNSET"
    return "DATA_TYPE_BOOL" if types == {bool} else "DATA_TYPE_STRING"


def _hparams_event(name: str, **content: Any) -> Event:
    """Return an event for TensorBoard's HParams plugin, which hides its data in metadata."""
    data = HParamsPluginData(version=0, **content).SerializeToString()
    plugin = SummaryMetadata.PluginData(plugin_name="hparams", content=data)
    value = Summary.Value(tag=f"_hparams_/{name}", metadata=SummaryMetadata(plugin_data=plugin))
    return Event(wall_time=0.0, summary=Summary(value=[value]))

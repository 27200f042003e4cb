"""`import_ray`: an experiment that Ray Tune ran, as a finished sweep of ours."""

from __future__ import annotations

import math
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuner.errors import SpecError, nearest
from tuner.exchange.ray_folder import RayExperiment, RayTrial, read_experiment
from tuner.objectives import Mode, Objective
from tuner.places import Uri, place_of
from tuner.store import Sweep, SweepLayout, SweepWriter, load, write_spec
from tuner.store.values import flatten

__all__ = ["import_ray"]

_ITERATION = "training_iteration"
_UNKNOWN = "unknown"  # what Ray keeps in pickles only
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_OF_RAY = frozenset(
    {
        "checkpoint_dir_name", "config", "date", "done", "episodes_total", "experiment_id",
        "experiment_tag", "hostname", "hyperband_info", "iterations_since_restore", "node_ip",
        "pid", "should_checkpoint", "time_since_restore", "time_this_iter_s", "timesteps_total",
        "timesteps_since_restore", "timestamp", "trial_id", "warmup_time",
    }
)  # fmt: skip
"""What Ray adds to each report, besides what the store has columns for."""


def import_ray(
    path: str | Path,
    *,
    storage_path: str | Path = "results",
    name: str | None = None,
    metric: str | None = None,
    mode: Mode | None = None,
    time_attr: str = _ITERATION,
) -> Sweep:
    """Bring the experiment folder of a Ray Tune run into the store, as a finished sweep.

    Configs, reports, times and errors are those that Ray's loggers wrote; no pickle is loaded.
    What Ray keeps in pickles alone (space, scheduler, searcher, seed, mode) stays unknown. A trial
    without an end is ``interrupted``. Ray does not write down why a trial ended: one that was told
    to end (``done``) before its stopping criterion, and earlier than the longest trial, counts as
    ``stopped``. What a restored trial repeats is its next attempt.

    Args:
        path: The folder below ``ray_results`` that has a subfolder per trial.
        storage_path: The folder that holds sweeps.
        name: The sweep's name; None for that of the experiment's folder.
        metric: Flat name of the tuned metric; None for the one that the experiment recorded.
        mode: Whether lower (``"min"``) or higher (``"max"``) is better.
        time_attr: Flat name of what measures a trial's progress.

    Returns:
        The new sweep. Its state has ``imported_from``, with the folder and the number of lines
        that were torn and are left out.

    Raises:
        StorageError: There is no experiment in ``path``, or the sweep's folder cannot be made.
        SpecError: The name is no name, the metric or the mode is missing, or no report has the
            metric or the time attribute.
    """
    experiment = read_experiment(path)
    objective = _objective(experiment, metric, mode)
    _check_reported(experiment, time_attr, "time_attr")
    layout = SweepLayout.create(_folder(storage_path) / _name(name, experiment))
    try:
        writer = SweepWriter(
            layout, metric=objective.metric, mode=objective.mode, time_attr=time_attr
        )
        copy = _Copy(writer, objective.metric, time_attr)
        for trial in experiment.trials:
            copy.add(trial)
            writer.maybe_flush()
        copy.mark_stopped()
        writer.close()
        write_spec(layout, _content(experiment, layout, objective, copy))
    except BaseException:
        shutil.rmtree(layout.root, ignore_errors=True)  # half a sweep is none: the name stays free
        raise
    return load(layout.root)


@dataclass
class _Copy:
    """Writes trials to the store, and keeps what is only known after the last one."""

    writer: SweepWriter
    metric: str
    time_attr: str
    damaged: int = 0
    longest: float = 0.0
    first: float = math.inf
    last: float = -math.inf
    told_to_end: dict[str, float] = field(default_factory=dict)

    def add(self, trial: RayTrial) -> None:
        """Write one trial with its reports and its end."""
        log, final = trial.log, trial.config
        first: dict[str, Any] = {}
        latest: dict[str, Any] = {}
        attempt, config = 1, None
        for raw in log:
            report = {_ITERATION: int(latest.get(_ITERATION, 0)) + 1, **raw}
            attempt += report[_ITERATION] <= latest.get(_ITERATION, -math.inf)
            if config is None or report.get("config", config) != config:  # PBT changes it
                config = report.get("config", final)
                self.writer.trial(trial.trial_id, config=config)
            self.writer.report(self._row(trial.trial_id, attempt, report))
            first, latest = first or report, report
        if config is None or (final and final != config):
            self.writer.trial(trial.trial_id, config=final)
        self.damaged += log.damaged
        self._end(trial, first, flatten(latest))

    def mark_stopped(self) -> None:
        """Mark those that were told to end before the longest trial did."""
        for trial_id, reached in self.told_to_end.items():
            if reached < self.longest:
                self.writer.trial(trial_id, outcome="stopped")

    def _row(self, trial_id: str, attempt: int, report: Mapping[str, Any]) -> dict[str, Any]:
        kept = {self.metric, self.time_attr, "timestamp"}
        row = {name: item for name, item in report.items() if name not in _OF_RAY or name in kept}
        return {**row, "trial_id": trial_id, "attempt": attempt}

    def _end(self, trial: RayTrial, first: Mapping[str, Any], latest: Mapping[str, Any]) -> None:
        done = bool(latest.get("done"))
        status, outcome = _ending(trial, done)
        reached = _number(latest.get(self.time_attr)) or 0.0
        self.longest = max(self.longest, reached)
        if outcome == "completed" and done and not _criterion_met(trial, latest):
            self.told_to_end[trial.trial_id] = reached
        started = _started(trial, first)
        ended = _number(trial.state.get("last_result_time")) or _number(latest.get("timestamp"))
        self.first = min(self.first, started or math.inf)
        self.last = max(self.last, ended or -math.inf)
        self.writer.trial(
            trial.trial_id,
            status=status,
            outcome=outcome,
            error=trial.error if outcome == "failed" else None,
            started=started,
            ended=ended,
            node=latest.get("hostname"),
        )


def _ending(trial: RayTrial, done: bool) -> tuple[str, str]:
    """Return status and outcome. A trial may have gone on after the last state was saved."""
    status = trial.state.get("status")
    if status == "ERROR" or (status != "TERMINATED" and not done and trial.error is not None):
        return "ERROR", "failed"
    return "TERMINATED", "completed" if done or status == "TERMINATED" else "interrupted"


def _criterion_met(trial: RayTrial, latest: Mapping[str, Any]) -> bool:
    criteria = trial.state.get("stopping_criterion")
    bounds = criteria if isinstance(criteria, Mapping) else {}
    return any(
        (value := _number(latest.get(name))) is not None and value >= bound
        for name, bound in bounds.items()
    )


def _started(trial: RayTrial, first: Mapping[str, Any]) -> float | None:
    """Return when a trial began: as recorded, or as its first report tells."""
    recorded, stamp = _number(trial.state.get("start_time")), _number(first.get("timestamp"))
    if recorded is not None or stamp is None:
        return recorded
    return stamp - (_number(first.get("time_total_s")) or 0.0)


def _objective(experiment: RayExperiment, metric: str | None, mode: Mode | None) -> Objective:
    metric = metric if metric is not None else experiment.metric
    if metric is not None and mode is not None:
        objective = Objective(metric, mode)
        _check_reported(experiment, metric, "metric")
        return objective
    missing = [label for label, given in (("metric", metric), ("mode", mode)) if given is None]
    options = " and ".join(f"--{label}" for label in missing)
    raise SpecError(
        f"an import needs the {' and the '.join(missing)}, which {experiment.folder} does not "
        f"record; give {options} ({'metric=..., ' if metric is None else ''}mode='min' or 'max')"
        f"; numeric metrics found: {', '.join(sorted(set(_numeric_names(experiment)))) or 'none'}"
    )


def _check_reported(experiment: RayExperiment, wanted: str, label: str) -> None:
    """Refuse a name that no report has, at the cost of one report where the first has it."""
    if wanted == _ITERATION or any(name == wanted for name in _numeric_names(experiment)):
        return
    found = set(_numeric_names(experiment))
    raise SpecError(
        f"the {label} is a number that trials report, and none reported {wanted!r}"
        f"{nearest(wanted, found)}"
    )


def _numeric_names(experiment: RayExperiment) -> Iterator[str]:
    """Yield the names of the numbers in every report, again and again."""
    for trial in experiment.trials:
        for report in trial.log:
            mine = {name: item for name, item in report.items() if name not in _OF_RAY}
            yield from (name for name, value in flatten(mine).items() if _number(value) is not None)


def _number(value: Any) -> float | None:
    """Return a finite number as a float, and anything else as None."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _name(given: str | None, experiment: RayExperiment) -> str:
    name = experiment.folder.name if given is None else given
    if not _NAME.fullmatch(name):
        raise SpecError(
            "a sweep's name starts with a letter or digit, followed by letters, digits, '_', '-' "
            f"or '.', got {name!r}; give another with --name"
        )
    return name


def _folder(storage_path: str | Path) -> Path:
    place = place_of(storage_path)
    if isinstance(place, Uri):
        raise SpecError(f"an import is written to a folder, got {place}; copy it there afterwards")
    return place.absolute()


def _content(
    experiment: RayExperiment, layout: SweepLayout, objective: Objective, copy: _Copy
) -> dict[str, Any]:
    """Return ``sweep.json``; what only a pickle knows is null, empty or "unknown"."""
    trainables = {str(trial.state.get("trainable_name")) for trial in experiment.trials} - {"None"}
    started = experiment.started or (copy.first if math.isfinite(copy.first) else None)
    return {
        "spec": {
            "name": layout.root.name,
            "storage_path": str(layout.root.parent),
            "scenario": trainables.pop() if len(trainables) == 1 else experiment.folder.name,
            "source": None,
            "space": {},
            "metric": objective.metric,
            "mode": objective.mode,
            "time_attr": copy.time_attr,
            "max_t": max(1, math.ceil(copy.longest)),
            "grace_period": 1,
            "scheduler": _UNKNOWN,
            "searcher": _UNKNOWN,
            "seed": None,
            "resources": {},
            "num_samples": len(experiment.trials),
        },
        "status": "finished",
        "message": "",
        "started": started,
        "ended": copy.last if math.isfinite(copy.last) else None,
        "imported_from": {
            "format": "Ray Tune",
            "path": str(experiment.folder),
            "imported": time.time(),
            "damaged_lines": copy.damaged,
        },
    }

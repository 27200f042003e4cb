"""A Ray Tune experiment folder as it lies on disk.

    <experiment>/experiment_state-*.json    statuses, configs and times of all trials (may lack)
    <experiment>/<trial>/params.json        the config
    <experiment>/<trial>/result.json        a report per line
    <experiment>/<trial>/progress.csv       the same as a table
    <experiment>/<trial>/error.txt          the tracebacks of its failures

The pickles beside them (``params.pkl``, ``error.pkl``, ``tuner.pkl``) are never opened: loading
one runs whatever code its author put into it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuner.errors import StorageError, nearest
from tuner.exchange.ray_logs import PROGRESS_FILE, RESULT_FILE, RayLog
from tuner.store import SweepLayout

__all__ = ["RayExperiment", "RayTrial", "read_experiment"]

_PARAMS_FILE = "params.json"
_ERROR_FILE = "error.txt"
_STATE_FILES = "experiment_state-*.json"
_TRIAL_FILES = (_PARAMS_FILE, RESULT_FILE, PROGRESS_FILE)

_IN_FOLDER_NAME = re.compile(r"(?:^|_)([0-9a-f]{5}_\d{5,}|[0-9a-f]{8})(?:_(\d+))?(?=_|$)")
_NUMBER = re.compile(r"\d+")
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class RayTrial:
    """One trial of an experiment.

    Attributes:
        trial_id: Ray's identifier.
        folder: Its folder, which a trial that never started lacks.
        number: Its place in the order of creation, from 0; None where nothing tells.
        state: What the experiment's state says of it: ``status``, ``config``, ``start_time``,
            ``last_result_time``, ``stopping_criterion``, ``trainable_name``; empty without one.
    """

    trial_id: str
    folder: Path
    number: int | None
    state: Mapping[str, Any]

    @property
    def log(self) -> RayLog:
        """Its reports."""
        return RayLog(self.folder)

    @property
    def config(self) -> dict[str, Any]:
        """Its latest config."""
        config = _read_json(self.folder / _PARAMS_FILE)
        if not isinstance(config, dict):
            config = self.state.get("config")
        return config if isinstance(config, dict) else {}

    @property
    def error(self) -> str | None:
        """The traceback of its last failure, without terminal colours."""
        try:
            text = (self.folder / _ERROR_FILE).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        last = _TERMINAL_COLOURS.sub("", text).rpartition("Failure # ")[2]
        return last.partition("\n")[2].strip() or text.strip()


@dataclass(frozen=True)
class RayExperiment:
    """A folder that Ray Tune left.

    Attributes:
        folder: Where it is, absolute.
        trials: In the order of creation, as far as that can be told.
        metric: The tuned metric, if it is recorded. The mode is only in a pickle.
        started: When it began, in unix seconds, if that is recorded.
    """

    folder: Path
    trials: tuple[RayTrial, ...]
    metric: str | None
    started: float | None


def read_experiment(path: str | Path) -> RayExperiment:
    """Return the experiment in a folder.

    Raises:
        StorageError: The folder holds no experiment, or one that has a trial twice.
    """
    folder = Path(path).expanduser().resolve()
    files = sorted(folder.glob(_STATE_FILES))
    folders = _trial_folders(folder)
    if not files and not folders:
        raise StorageError(f"no Ray Tune experiment in {folder}: {_found(folder)}")
    states: dict[str, dict[str, Any]] = {}
    runner: dict[str, Any] = {}
    for file in files:  # oldest first: a later run under the same name adds to it
        content = _read_json(file)
        if isinstance(content, dict):
            runner = content.get("runner_data") or {}
            states |= {_folder_name(state): state for state in _trial_states(content)}
    names = dict.fromkeys([*states, *(entry.name for entry in folders)])
    trials = sorted((_trial(folder / name, states.get(name, {})) for name in names), key=_order)
    _check_ids(folder, trials)
    return RayExperiment(folder, tuple(trials), runner.get("_metric"), runner.get("_start_time"))


def _trial_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        entry
        for entry in folder.iterdir()
        if entry.is_dir() and any((entry / name).is_file() for name in _TRIAL_FILES)
    )


def _trial(folder: Path, state: Mapping[str, Any]) -> RayTrial:
    named = _IN_FOLDER_NAME.search(folder.name)
    trial_id = state.get("trial_id")
    if trial_id is None:
        first: dict[str, Any] = next(iter(RayLog(folder)), {})
        trial_id = first.get("trial_id") or (named[1] if named else folder.name)
    tag = _NUMBER.match(str(state.get("experiment_tag", "")))
    number = tag[0] if tag else named[2] if named else None
    return RayTrial(str(trial_id), folder, None if number is None else int(number), state)


def _order(trial: RayTrial) -> tuple[bool, int, str]:
    return trial.number is None, trial.number or 0, trial.folder.name


def _check_ids(folder: Path, trials: list[RayTrial]) -> None:
    known: dict[str, RayTrial] = {}
    for trial in trials:
        other = known.setdefault(trial.trial_id, trial)
        if other is not trial:
            raise StorageError(
                f"a trial has one folder, and in {folder} trial {trial.trial_id} has two: "
                f"{other.folder.name} and {trial.folder.name}; move one of them away"
            )


def _trial_states(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what is wanted of each trial's state, whose two halves may be JSON in JSON."""
    names = ("trial_id", "relative_logdir", "experiment_tag", "trainable_name")
    wanted = (*names, "status", "config", "stopping_criterion", "start_time", "last_result_time")
    for halves in content.get("trial_data") or ():
        merged: dict[str, Any] = {}
        for half in halves:
            decoded = json.loads(half) if isinstance(half, str) else half
            merged |= {name: decoded[name] for name in wanted if name in decoded}
        yield merged


def _folder_name(state: Mapping[str, Any]) -> str:
    # A trial that never started has no folder yet: its id stands for the name.
    return str(state.get("relative_logdir") or state.get("trial_id"))


def _read_json(path: Path) -> Any:
    """Return what a file holds; None where it is missing or torn."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _found(folder: Path) -> str:
    """Return what is there instead, and what may have been meant."""
    if not folder.exists():
        parent = folder.parent
        beside = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
        return "there is no such folder" + nearest(folder.name, beside)
    if not folder.is_dir():
        return "it is a file; name the folder of the experiment"
    if SweepLayout(folder).spec_file.exists():
        return "it is a sweep of tuner already"
    if any((folder / name).is_file() for name in _TRIAL_FILES):
        return f"it is the folder of one trial; name the one above it, {folder.parent}"
    below = [entry.name for entry in folder.iterdir() if _trial_folders(entry)]
    if below:
        return f"it holds the experiments {', '.join(sorted(below))}; name one of them"
    return f"no subfolder has {', '.join(_TRIAL_FILES[:-1])} or {_TRIAL_FILES[-1]}"

"""Which configurations are finalized, and how long each of them trains."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tuner.errors import NoResultError, SpecError
from tuner.playbook.adopting import ADOPTION_FILE
from tuner.playbook.repeats import Candidate
from tuner.playbook.studied import SWEEP_FOLDER, Studied, best_time
from tuner.store import TrialResult, load

__all__ = ["Chosen", "choose_one", "choose_several"]

_ADOPTED_IN = "adopt"  # the folder that `adopt` makes unless told otherwise


@dataclass(frozen=True)
class Chosen:
    """Configurations to finalize, best first.

    Attributes:
        candidates: With where their trainings end.
        values: What each of them reached in the sweep.
        chosen_by: How.
        remarks: What to know beside that, a line each.
    """

    candidates: tuple[Candidate, ...]
    values: tuple[float | None, ...]
    chosen_by: str
    remarks: tuple[str, ...]


def choose_one(studied: Studied, trial: str | None) -> Chosen:
    """Return the trial that is named, else the one that `adopt` settled on, else the best.

    Raises:
        SpecError: There is no such trial.
        NoResultError: No trial has a finite value.
    """
    sweep = studied.sweep
    if trial is not None:
        return _chosen(studied, [sweep.trial(trial)], "named")
    adoption = _adoption(studied.base)
    if adoption is None:
        count = len(sweep.trials())
        return _chosen(
            studied, [sweep.best()], f"the best of {count} trials; nobody asked whether to adopt it"
        )
    verdict, label = adoption["verdict"], adoption["winner"]["label"]
    if verdict != "do not adopt":
        return _chosen(studied, [sweep.trial(label)], f"the winner; adopt said: {verdict}")
    other = adoption["baseline"]
    chosen_by = f"the baseline; adopt said of the winner {label}: {verdict}"
    if other["label"] != "baseline":
        return _chosen(studied, [sweep.trial(other["label"])], chosen_by)
    until, remarks = _until(studied, "baseline")
    candidate = Candidate("baseline", other["config"], until)
    return Chosen((candidate,), (None,), chosen_by, tuple(remarks))


def choose_several(studied: Studied, count: int) -> Chosen:
    """Return the best trials with different configurations, at most so many.

    Raises:
        SpecError: ``count`` is less than 2.
        NoResultError: No trial has a finite value.
    """
    if count < 2:
        raise SpecError(f"an ensemble has at least 2 configurations, got {count}")
    everyone = studied.sweep.best(max(2, len(studied.sweep.trials())))
    distinct: dict[str, TrialResult] = {}
    for each in everyone:
        distinct.setdefault(json.dumps(each.config, sort_keys=True, default=str), each)
    best = list(distinct.values())[:count]
    return _chosen(
        studied, best, f"the {len(best)} best of {len(everyone)} trials, no configuration twice"
    )


def _chosen(studied: Studied, trials: list[TrialResult], chosen_by: str) -> Chosen:
    candidates, remarks = [], list[str]()
    for trial in trials:
        until, told = _until(studied, trial.trial_id)
        candidates.append(Candidate(trial.trial_id, trial.config, until))
        remarks += told
    values = tuple(trial.value for trial in trials)
    return Chosen(tuple(candidates), values, chosen_by, tuple(remarks))


def _until(studied: Studied, label: str) -> tuple[float, list[str]]:
    """Return where the mean of a candidate's curves is best, and what limits that."""
    time_attr = studied.sweep.spec.time_attr
    for reports in _curves(studied, label):
        try:
            return best_time(reports, studied.objective, time_attr), list(_limits(studied, label))
        except NoResultError:
            continue
    raise NoResultError(f"no report of {label} has a finite {studied.objective.metric!r}")


def _curves(studied: Studied, label: str) -> Iterator[pd.DataFrame]:
    """Yield the reports of a candidate's repeats, if there are any, then those of the trial."""
    root = studied.base / _ADOPTED_IN / SWEEP_FOLDER
    if _adoption(studied.base) is not None:
        repeats = load(root)
        trials = repeats.trials()
        mine = trials.loc[trials["config/candidate"] == label, "trial_id"]
        reports = repeats.reports()
        yield reports[reports["trial_id"].isin(mine)]
    reports = studied.sweep.reports()
    yield reports[reports["trial_id"] == label]


def _limits(studied: Studied, label: str) -> Iterator[str]:
    trials = studied.sweep.trials()
    row = trials[trials["trial_id"] == label]
    if len(row) and row["outcome"].iloc[0] == "stopped" and _adoption(studied.base) is None:
        yield (
            f"{label} was stopped early in the sweep, so that nobody knows whether it would have "
            "become better; it is trained only so long"
        )


def _adoption(base: Path) -> dict[str, Any] | None:
    file = base / _ADOPTED_IN / ADOPTION_FILE
    if not file.is_file():
        return None
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content

"""Which configurations are finalized, and how long each of them trains."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from tuner.errors import NoResultError, SpecError, nearest
from tuner.playbook.adoption.adopting import ADOPTION_FILE, ADOPTION_FOLDER
from tuner.playbook.repeats import Candidate
from tuner.playbook.studied import SWEEP_FOLDER, Studied, best_time
from tuner.plurals import counted
from tuner.space import flatten
from tuner.store import TrialResult, load

__all__ = ["Chosen", "choose_one", "choose_several"]


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
    sweep, known = studied.sweep, _Known(studied)
    if trial is not None:
        return _chosen(known, [sweep.trial(trial)], "named")
    if known.adoption is None:
        chosen_by = f"the best of {len(known.trials)} trials; nobody asked whether to adopt it"
        return _chosen(known, [sweep.best()], chosen_by)
    verdict, label = known.adoption["verdict"], known.adoption["winner"]["label"]
    if verdict != "do not adopt":
        return _chosen(known, [sweep.trial(label)], f"the winner; adopt said: {verdict}")
    other = known.adoption["baseline"]
    chosen_by = f"the baseline; adopt said of the winner {label}: {verdict}"
    if other["label"] != "baseline":
        return _chosen(known, [sweep.trial(other["label"])], chosen_by)
    until, remarks = known.until("baseline")
    candidate = Candidate("baseline", other["config"], until)
    return Chosen((candidate,), (None,), chosen_by, tuple(remarks))


def choose_several(studied: Studied, count: int, varied: str | None = None) -> Chosen:
    """Return the best trials with different configurations, at most so many.

    Args:
        studied: The sweep.
        count: Of configurations, at least 2.
        varied: A hyperparameter by its flat name, of which no value is in more than half of them,
            as long as there are others; None for whichever are best.

    Raises:
        SpecError: ``count`` is less than 2, or there is no such hyperparameter.
        NoResultError: No trial has a finite value.
    """
    if count < 2:
        raise SpecError(f"an ensemble has at least 2 configurations, got {count}")
    known = _Known(studied)
    everyone = studied.sweep.best(max(2, len(known.trials)))
    distinct: dict[str, TrialResult] = {}
    for each in everyone:
        distinct.setdefault(json.dumps(each.config, sort_keys=True, default=str), each)
    ranked = list(distinct.values())
    best = (ranked if varied is None else _mixed(ranked, varied, count))[:count]
    mixed = "" if varied is None else f", mixed by {varied}"
    chosen = _chosen(
        known,
        best,
        f"the {len(best)} best of {len(everyone)} trials, no configuration twice{mixed}",
    )
    return replace(chosen, remarks=(*_too_few(len(best), count), *chosen.remarks))


def _too_few(there: int, count: int) -> Iterator[str]:
    if there < count:
        yield (
            f"{counted(count, 'configuration')} were asked for, and the sweep has {there} "
            "different ones with a value"
        )


def _mixed(ranked: list[TrialResult], varied: str, count: int) -> list[TrialResult]:
    """Return trials, best first, with those last whose value already has half of ``count``."""
    most = (count + 1) // 2
    taken: Counter[str] = Counter()
    first, last = list[TrialResult](), list[TrialResult]()
    for each in ranked:
        flat = flatten(each.config)
        if varied not in flat:
            raise SpecError(f"configurations have no {varied!r} to vary{nearest(varied, flat)}")
        value = str(flat[varied])
        taken[value] += 1
        (first if taken[value] <= most else last).append(each)
    return [*first, *last]


class _Known:
    """What is known of a sweep's configurations, each table read once.

    Args:
        studied: The sweep.
    """

    def __init__(self, studied: Studied) -> None:
        self._sweep, self._objective = studied.sweep, studied.objective
        self._adopted_in = studied.base / ADOPTION_FOLDER

    @cached_property
    def trials(self) -> pd.DataFrame:
        """Those of the sweep."""
        return self._sweep.trials()

    @cached_property
    def adoption(self) -> dict[str, Any] | None:
        """What `adopt` found; None where it was not asked."""
        file = self._adopted_in / ADOPTION_FILE
        if not file.is_file():
            return None
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return content

    def until(self, label: str) -> tuple[float, list[str]]:
        """Return where the mean of a candidate's curves is best, and what limits that."""
        for reports in self._curves(label):
            try:
                best = best_time(reports, self._objective, self._sweep.spec.time_attr)
            except NoResultError:
                continue
            return best, list(self._limits(label))
        raise NoResultError(f"no report of {label} has a finite {self._objective.metric!r}")

    def _curves(self, label: str) -> Iterator[pd.DataFrame]:
        """Yield the reports of a candidate's repeats, if there are any, then those of the trial."""
        if self.adoption is not None:
            trials, reports = self._repeats
            mine = trials.loc[trials["config/candidate"] == label, "trial_id"]
            yield reports[reports["trial_id"].isin(mine)]
        yield self._reports[self._reports["trial_id"] == label]

    @cached_property
    def _reports(self) -> pd.DataFrame:
        return self._sweep.reports()

    @cached_property
    def _repeats(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        repeats = load(self._adopted_in / SWEEP_FOLDER)
        return repeats.trials(), repeats.reports()

    def _limits(self, label: str) -> Iterator[str]:
        row = self.trials[self.trials["trial_id"] == label]
        if len(row) and row["outcome"].iloc[0] == "stopped" and self.adoption is None:
            yield (
                f"{label} was stopped early in the sweep, so that nobody knows whether it would "
                "have become better; it is trained only so long"
            )


def _chosen(known: _Known, trials: list[TrialResult], chosen_by: str) -> Chosen:
    candidates, remarks = [], list[str]()
    for trial in trials:
        until, told = known.until(trial.trial_id)
        candidates.append(Candidate(trial.trial_id, trial.config, until))
        remarks += told
    values = tuple(trial.value for trial in trials)
    return Chosen(tuple(candidates), values, chosen_by, tuple(remarks))

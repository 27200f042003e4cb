"""`adopt`: is the winner of a sweep really better than the baseline? Both are trained again.

The winner's value in its sweep is the best of many, so it flatters it: part of it is luck with a
seed or with the validation rows (the winner's curse). Over new seeds, and over folds where the
data allow it, winner and baseline are compared in pairs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import pandas as pd

from tuner import space as spaces
from tuner.errors import NoResultError, SpecError
from tuner.objectives import Objective
from tuner.places import Uri
from tuner.playbook.adoption.outcome import Adoption, Repeated
from tuner.playbook.adoption.paired import PairedDifference, Verdict, paired_difference
from tuner.playbook.repeats import Candidate, Repeats
from tuner.playbook.studied import Studied, TrainingOptions, carry_out, studied_sweep
from tuner.plurals import counted
from tuner.store import Sweep, TrialResult
from tuner.store.layout import write_atomically
from tuner.store.outcomes import BAD

__all__ = ["ADOPTION_FILE", "ADOPTION_FOLDER", "adopt", "default_baseline"]

ADOPTION_FILE = "adoption.json"
ADOPTION_FOLDER = "adopt"
"""In the folder of the sweep, unless the user names another."""


def adopt(
    path: str | Path | Uri | Sweep,
    *,
    seeds: int = 5,
    folds: int | None = None,
    trial: str | None = None,
    baseline: str | Mapping[str, Any] | None = None,
    **options: Unpack[TrainingOptions],
) -> Adoption:
    """Train the winner of a sweep and its baseline again, in pairs, and say what that shows.

    Both train as in the sweep, to its ``max_t`` or where they stop by themselves; the best report
    of each repeat counts. The repeats are a sweep in ``<path>/adopt``; called again, it goes on
    with those that are missing, and returns what is there if none is.

    Args:
        path: A sweep that has ended, or where it lies.
        seeds: How many seeds, at least 1.
        folds: Of a cross-validation for each seed, stratified for classes; None to train and
            validate on the scenario's own rows.
        trial: The winner; None for the best trial.
        baseline: A trial's id or a configuration; None for the first of the sweep's
            ``points_to_evaluate``, or the median trial where there are none.
        **options: Where, and with what; see `tuner.TrainingOptions`. The folder is called
            ``adopt`` unless ``name`` says otherwise.

    Raises:
        UsageError: The sweep, its scenario or an argument cannot work.
        NoResultError: No trial of the sweep, or no repeat of one side, has a finite value.
        SweepFailedError: The repeats could not be carried on.
    """
    _check_counts(seeds, folds)
    studied = studied_sweep(path, ADOPTION_FOLDER, options)
    winner = studied.sweep.best() if trial is None else studied.sweep.trial(trial)
    other, chosen_by = _baseline(studied, baseline, winner)
    repeats = Repeats(
        candidates=(Candidate(winner.trial_id, winner.config), other),
        seeds=tuple(range(seeds)),
        folds=folds,
        base_seed=studied.sweep.spec.seed or 0,
    )
    found = carry_out(studied, repeats)
    adoption = _judged(studied, winner, other, chosen_by, repeats, found)
    text = json.dumps(adoption.to_json(), indent=1, default=str)
    write_atomically(studied.folder / ADOPTION_FILE, text.encode())
    return adoption


def _check_counts(seeds: int, folds: int | None) -> None:
    if seeds < 1:
        raise SpecError(f"seeds are at least 1, got {seeds}")
    if folds is not None and folds < 2:
        raise SpecError(f"folds are at least 2, got {folds}; leave them out for none")


def _baseline(
    studied: Studied, given: str | Mapping[str, Any] | None, winner: TrialResult
) -> tuple[Candidate, str]:
    """Return the baseline, and how it was chosen.

    Raises:
        SpecError: It is no trial, lies outside of the space, or is the winner itself.
    """
    sweep = studied.sweep
    if isinstance(given, Mapping):
        problems = spaces.contains(studied.scenario.space, given)
        if problems:
            raise SpecError(f"a baseline lies in the space, but {'; '.join(problems)}")
        found, chosen_by = Candidate("baseline", dict(given)), "the configuration that was given"
    elif given is not None:
        found, chosen_by = _as_candidate(sweep.trial(given)), "the trial that was named"
    else:
        trial, is_named = default_baseline(sweep)
        found = _as_candidate(trial)
        chosen_by = (
            "the first of points_to_evaluate"
            if is_named
            else "the median trial, since the sweep names no default; name one (--baseline)"
        )
    if dict(found.config) == dict(winner.config):
        raise SpecError(
            f"a winner is compared with another configuration, and the baseline ({chosen_by}) is "
            f"that of {winner.trial_id} itself; name another (--baseline, baseline=)"
        )
    return found, chosen_by


def default_baseline(sweep: Sweep) -> tuple[TrialResult, bool]:
    """Return what a winner has to beat: the user's default, or what chance would have brought.

    Returns:
        The first of ``points_to_evaluate`` and True, or the median trial and False.

    Raises:
        NoResultError: No trial has a finite value.
    """
    if sweep.spec.points_to_evaluate:
        return sweep.trial(str(sweep.trials()["trial_id"].iloc[0])), True
    ranked = sweep.best(max(2, len(sweep.trials())))
    return ranked[len(ranked) // 2], False


def _as_candidate(trial: TrialResult) -> Candidate:
    return Candidate(trial.trial_id, trial.config)


def _judged(
    studied: Studied,
    winner: TrialResult,
    other: Candidate,
    chosen_by: str,
    repeats: Repeats,
    found: Sweep,
) -> Adoption:
    table = _values(found, studied.objective)
    there = table.dropna()
    sides = [
        Repeated(
            label=label,
            config=dict(config),
            in_sweep=_in_sweep(studied.sweep, label),
            values=tuple(there[label]) if label in there else (),
            missing=int(table[label].isna().sum()) if label in table else 0,
        )
        for label, config in ((winner.trial_id, winner.config), (other.label, other.config))
    ]
    if not len(there):
        raise NoResultError(
            f"no pair of repeats has finite values of {studied.objective.metric!r}; see why: "
            f"tuner show {found.place}"
        )
    mode = studied.sweep.mode
    difference = paired_difference(sides[0].values, sides[1].values, mode, folds=repeats.folds)
    verdict, why = _verdict(difference, sides[0], sides[1])
    return Adoption(
        sweep=str(studied.sweep.place),
        metric=studied.objective.metric,
        mode=mode,
        winner=sides[0],
        baseline=sides[1],
        baseline_is=chosen_by,
        seeds=len(repeats.seeds),
        folds=repeats.folds,
        difference=difference,
        verdict=verdict,
        why=why,
        remarks=tuple(_remarks(studied.sweep, sides, chosen_by)),
        folder=str(found.place),
    )


def _values(found: Sweep, objective: Objective) -> pd.DataFrame:
    """Return what each repeat reached: a row per pair, a column per candidate; NaN if nothing."""
    trials = found.trials()
    column = f"best/{objective.metric}"
    values = trials[column] if column in trials else pd.Series(math.nan, trials.index)
    finite = pd.to_numeric(values, errors="coerce").replace([math.inf, -math.inf], math.nan)
    finite = finite.mask(trials["outcome"].isin(BAD))
    keys = [name for name in ("config/seed", "config/fold") if name in trials]
    rows = trials.assign(value=finite.astype(float))
    return rows.set_index([*keys, "config/candidate"])["value"].unstack("config/candidate")


def _verdict(
    difference: PairedDifference, winner: Repeated, baseline: Repeated
) -> tuple[Verdict, str]:
    """Return the verdict of the test, unless the winner fails more often than the baseline."""
    if difference.verdict == "adopt" and winner.missing > baseline.missing:
        return "not enough evidence", (
            f"{winner.missing} of its repeats failed, against {baseline.missing} of the "
            f"baseline's; of the others, {difference.why}"
        )
    return difference.verdict, difference.why


def _in_sweep(sweep: Sweep, label: str) -> float | None:
    return None if label == "baseline" else sweep.trial(label).value


def _remarks(sweep: Sweep, sides: Sequence[Repeated], chosen_by: str) -> Iterator[str]:
    yield f"the baseline is {chosen_by}"
    if len(sweep.objectives) > 1:
        yield f"of several objectives only {sweep.metric} counts"
    for side in sides:
        if side.missing:
            yield f"{counted(side.missing, 'repeat')} of {side.label} failed or had no finite value"
    if sweep.trials()["best_config"].notna().any():
        yield (
            "trials changed their configurations as they trained; what is trained again has the "
            "one of the best report from its start, without the schedule that led to it"
        )

"""`tuner.audit`: how far a finished sweep can be trusted, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from tuner.errors import SpecError, nearest
from tuner.places import Uri
from tuner.playbook.audit.checks import Check
from tuner.playbook.audit.course_rules import (
    best_vs_last,
    saturated,
    step_variance,
    still_improving,
)
from tuner.playbook.audit.findings import Audit, Finding
from tuner.playbook.audit.importance_rule import importance
from tuner.playbook.audit.metric_pairs import MetricPair
from tuner.playbook.audit.overfitting import overfitting
from tuner.playbook.audit.space_rules import boundary, duplicates, failures
from tuner.playbook.audit.thresholds import Limits, thresholds
from tuner.playbook.audit.trust_rules import good_trials, rung_correlation, seed_variance
from tuner.playbook.evidence import Evidence, gather
from tuner.store import load
from tuner.store.record import SweepRecord

__all__ = ["audit", "judge"]

Rule: TypeAlias = Callable[[Evidence, Check], Finding]

_RULES: Mapping[str, Rule] = {
    "failures": failures,
    "boundary": boundary,
    "good_trials": good_trials,
    "duplicates": duplicates,
    "importance": importance,
    "still_improving": still_improving,
    "saturated": saturated,
    "overfitting": overfitting,
    "best_vs_last": best_vs_last,
    "step_variance": step_variance,
    "rung_correlation": rung_correlation,
    "seed_variance": seed_variance,
}


def audit(
    path: str | Path | Uri | SweepRecord,
    *,
    checks: Sequence[str] | None = None,
    limits: Mapping[str, Sequence[float]] | None = None,
    pairs: Sequence[Sequence[str]] = (),
) -> Audit:
    """Say how far a sweep can be trusted: pass, warn or fail per check, with the remedy.

    Of several objectives the first counts. Trials whose configurations or weights were copied from
    others (populations) are not judged by their hyperparameters.

    Args:
        path: The sweep, real or simulated, finished or not, or where it lies.
        checks: Which to make, in their order; None for all.
        limits: ``(warn, fail)`` by check, in place of those in
            `tuner.playbook.audit.THRESHOLDS`.
        pairs: Names of metrics, ``(training, validation)``, for the check of overfitting; where
            none is given, such as ``train_loss`` and ``val_loss`` are found by their names.

    Returns:
        A finding per check. Where a sweep cannot tell, the finding says why.

    Raises:
        StorageError: There is no sweep.
        SpecError: There is no such check or metric, or limits are no pair.
    """
    chosen = thresholds(limits)
    for check in checks or ():
        if check not in chosen:
            raise SpecError(f"no check {check!r}{nearest(check, chosen)}")
    sweep = path if isinstance(path, SweepRecord) else load(path)
    evidence = gather(sweep)
    asked = {name: each for name, each in chosen.items() if checks is None or name in checks}
    return judge(evidence, asked, _metric_pairs(pairs, evidence))


def judge(
    evidence: Evidence, limits: Mapping[str, Limits], pairs: Sequence[MetricPair] = ()
) -> Audit:
    """Return what the rules that have limits say of the evidence; see `audit`."""
    rules: dict[str, Rule] = {**_RULES, "overfitting": partial(overfitting, pairs=pairs)}
    findings = [
        rule(evidence, Check(name, limits[name])) for name, rule in rules.items() if name in limits
    ]
    ranked = evidence.ranked
    return Audit(
        place=evidence.place,
        metric=str(evidence.objective),
        trials=len(evidence.trials),
        best=evidence.value(float(ranked.iloc[0])) if len(ranked) else math.nan,
        findings=tuple(findings),
        remarks=evidence.remarks,
    )


def _metric_pairs(pairs: Sequence[Sequence[str]], evidence: Evidence) -> list[MetricPair]:
    for pair in pairs:
        if isinstance(pair, str) or len(pair) != 2:
            raise SpecError(f"a pair is two names, (training, validation), got {pair!r}")
        for name in pair:
            if name not in evidence.reports:
                known = ", ".join(map(str, evidence.reports.columns))
                raise SpecError(f"no metric {name!r} in the reports; known: {known}")
    return [MetricPair(*pair) for pair in pairs]

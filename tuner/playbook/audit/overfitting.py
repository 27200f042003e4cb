"""The rule about overfitting: validation turns worse while training goes on improving."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from tuner.analysis.steps import Floats
from tuner.playbook.audit.checks import Check, command
from tuner.playbook.audit.course_rules import given_back
from tuner.playbook.audit.findings import Finding
from tuner.playbook.audit.metric_pairs import MetricPair, metric_pairs
from tuner.playbook.evidence import Course, Evidence
from tuner.plurals import counted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["overfitting"]

_FEWEST = 4  # reports


class _Turn(NamedTuple):
    """What the good trials show of a pair of metrics."""

    pair: MetricPair
    share: float
    gap: float
    trials: int


def overfitting(evidence: Evidence, check: Check, pairs: Sequence[MetricPair] = ()) -> Finding:
    """Tell which share of its gain validation gives back while training goes on improving.

    Args:
        evidence: What the sweep has shown.
        check: The check.
        pairs: Metrics of training and of validation; found by their names where there are none.
    """
    names = [str(name) for name in evidence.reports.columns]
    chosen = list(pairs) or metric_pairs(names, evidence.objective.metric)
    if not chosen:
        return check.unknown(
            f"no metric of training beside {evidence.objective.metric}",
            remedy="report both, as train_x and val_x, or name them: "
            + command("audit", evidence.place, "--pair TRAIN,VALIDATION"),
        )
    turns = [turn for pair in chosen if (turn := _turn(evidence, pair)) is not None]
    if not turns:
        return check.unknown(
            f"no good trial reported {chosen[0].train} and {chosen[0].validation} {_FEWEST} times"
        )
    worst = max(turns, key=lambda turn: turn.share)
    train, validation = worst.pair
    return check.judged(
        worst.share,
        f"{validation} gives {worst.share:.0%} of its gain back while {train} goes on improving "
        f"(median of {counted(worst.trials, 'good trial')}); they end {worst.gap:.3g} apart",
        remedy="more regularisation, more data or fewer epochs; keep the best epoch: "
        + command("finalize", evidence.place),
        details={"pairs": [{**t.pair._asdict(), "share": t.share, "gap": t.gap} for t in turns]},
        picture=partial(_pair_figure, evidence, worst.pair),
    )


def _turn(evidence: Evidence, pair: MetricPair) -> _Turn | None:
    found = [
        (train, validation)
        for trial in evidence.good
        for train, validation in [_together(evidence, trial, pair)]
        if len(train.times) >= _FEWEST
    ]
    if not found:
        return None
    sign = _direction(evidence, pair, [train for train, _ in found])
    shares = [_lost(sign * train.values, sign * validation.values) for train, validation in found]
    gaps = [abs(validation.values[-1] - train.values[-1]) for train, validation in found]
    return _Turn(pair, float(np.median(shares)), float(np.median(gaps)), len(found))


def _lost(train: Floats, validation: Floats) -> float:
    """Return the share of its gain that validation gave back; 0 if training did not improve."""
    best = int(np.argmin(validation))
    return given_back(validation) if train[best:].min() < train[best] else 0.0


def _direction(evidence: Evidence, pair: MetricPair, courses: Sequence[Course]) -> int:
    """Return 1 where lower is better, and -1 otherwise: the way in which training went."""
    if pair.validation == evidence.objective.metric:
        return evidence.sign
    fell = np.median([course.values[-1] - course.values[0] for course in courses]) <= 0
    return 1 if fell else -1


def _together(evidence: Evidence, trial: str, pair: MetricPair) -> tuple[Course, Course]:
    """Return both metrics of a trial at the times that have both."""
    train, validation = (evidence.course(trial, name) for name in pair)
    _, ours, theirs = np.intersect1d(train.times, validation.times, return_indices=True)
    return (
        Course(train.times[ours], train.values[ours]),
        Course(validation.times[theirs], validation.values[theirs]),
    )


def _pair_figure(evidence: Evidence, pair: MetricPair) -> Figure:
    from tuner import figures

    rows = [
        pd.DataFrame({"trial": trial, "series": name, "time": course.times, "value": course.values})
        for trial in evidence.good
        for name, course in zip(pair, _together(evidence, trial, pair), strict=True)
    ]
    return figures.series(pd.concat(rows), time=evidence.time_attr, metric="")

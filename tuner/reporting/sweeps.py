"""The figures of a sweep by kind: what each takes from the sweep's tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd
import plotly.graph_objects as go

from tuner import figures
from tuner.errors import NoResultError, SpecError, nearest
from tuner.playbook.audit import audit
from tuner.playbook.audit.importance_rule import importance_of
from tuner.playbook.evidence import gather
from tuner.playbook.isolation.isolating import isolate
from tuner.playbook.positions import searchable
from tuner.reporting.rounds import ranges_of_rounds
from tuner.searchers.parameters import Number, parameters
from tuner.store.record import SweepRecord

__all__ = ["KINDS", "Draw"]

Names: TypeAlias = Sequence[str]
Draw: TypeAlias = Callable[[SweepRecord, Names], go.Figure]
"""Draws a figure of a sweep, with the names that were asked for."""

_MOST_RUNGS = 12
_BRANCH = re.compile(r"\[\d+\]")


def _curves(sweep: SweepRecord, _: Names) -> go.Figure:
    return figures.curves(
        sweep.reports(),
        objective=sweep.objectives[0],
        time=sweep.spec.time_attr,
        trials=sweep.trials(),
        rungs=_rungs(sweep.decisions()),
    )


def _history(sweep: SweepRecord, _: Names) -> go.Figure:
    return figures.history(sweep.trials(), objective=sweep.objectives[0])


def _edf(sweep: SweepRecord, _: Names) -> go.Figure:
    return figures.edf(sweep.trials(), objective=sweep.objectives[0])


def _prospects(sweep: SweepRecord, _: Names) -> go.Figure:
    return figures.prospects(sweep.trials(), objective=sweep.objectives[0])


def _parallel(sweep: SweepRecord, names: Names) -> go.Figure:
    return figures.parallel(
        sweep.trials(), objective=sweep.objectives[0], names=names or None, log=_log(sweep)
    )


def _slices(sweep: SweepRecord, names: Names) -> go.Figure:
    return figures.slices(
        sweep.trials(), objective=sweep.objectives[0], names=names or None, log=_log(sweep)
    )


def _contours(sweep: SweepRecord, names: Names, shade: Any = "value") -> go.Figure:
    return figures.contours(
        sweep.trials(),
        objective=sweep.objectives[0],
        names=names or None,
        log=_log(sweep),
        shade=shade,
    )


def _ranks(sweep: SweepRecord, names: Names) -> go.Figure:
    return _contours(sweep, names, "rank")


def _importance(sweep: SweepRecord, _: Names) -> go.Figure:
    found, _time = importance_of(gather(sweep))
    return figures.importance(found)


def _isolation(sweep: SweepRecord, names: Names) -> go.Figure:
    return isolate(sweep, names).figure()


def _audit(sweep: SweepRecord, names: Names) -> go.Figure:
    """Draw the table of checks, or the picture of the one that is named."""
    found = audit(sweep, checks=list(names) or None)
    if len(names) == 1:
        picture = found.findings[0].picture
        if picture is None:
            raise NoResultError(f"there is nothing to draw: {found.findings[0].message}")
        return picture()
    rows = [(f.check, f.verdict.value, f.message, f.remedy) for f in found.findings]
    return figures.audit(pd.DataFrame(rows, columns=["check", "verdict", "message", "remedy"]))


def _refinement(sweep: SweepRecord, _: Names) -> go.Figure:
    return figures.refinement(ranges_of_rounds(sweep))


def _lineage(sweep: SweepRecord, names: Names) -> go.Figure:
    time, reports = sweep.spec.time_attr, sweep.reports()
    until = {str(trial): float(last) for trial, last in
             reports.groupby("trial_id", sort=False)[time].max().items()}  # fmt: skip
    for name in names:
        if name not in until:
            raise SpecError(f"no reports of a trial {name!r}{nearest(name, until)}")
    return figures.lineage(
        sweep.decisions(),
        sweep.events(),
        until=until,
        winner=names[0] if names else sweep.best().trial_id,
        time=time,
    )


def _decisions(sweep: SweepRecord, _: Names) -> go.Figure:
    return figures.decisions(sweep.decisions(), time=sweep.spec.time_attr)


def _timeline(sweep: SweepRecord, _: Names) -> go.Figure:
    return figures.timeline(sweep.events(), sweep.decisions(), sweep.trials())


def _durations(sweep: SweepRecord, _: Names) -> go.Figure:
    return figures.durations(sweep.reports(), time=sweep.spec.time_attr)


def _pareto(sweep: SweepRecord, _: Names) -> go.Figure:
    return figures.pareto(sweep.trials(), objectives=sweep.objectives)


def _hypervolume(sweep: SweepRecord, _: Names) -> go.Figure:
    return figures.hypervolume(sweep.trials(), objectives=sweep.objectives)


KINDS: Mapping[str, Draw] = {
    "audit": _audit,
    "contours": _contours,
    "curves": _curves,
    "decisions": _decisions,
    "durations": _durations,
    "edf": _edf,
    "history": _history,
    "hypervolume": _hypervolume,
    "importance": _importance,
    "isolation": _isolation,
    "lineage": _lineage,
    "parallel": _parallel,
    "pareto": _pareto,
    "prospects": _prospects,
    "ranks": _ranks,
    "refinement": _refinement,
    "slices": _slices,
    "timeline": _timeline,
}
"""The figures of a sweep by name."""


def _log(sweep: SweepRecord) -> frozenset[str]:
    """Return the flat names of the hyperparameters that are declared on a log scale."""
    found = parameters(searchable(sweep.spec.space))
    return frozenset(
        _BRANCH.sub("", path)
        for path, each in found.items()
        if isinstance(each, Number) and each.log
    )


def _rungs(decisions: pd.DataFrame) -> list[float]:
    """Return where the scheduler decided, if it did so at a few times only."""
    told = (details.get("rung") for details in decisions["details"] if details)
    rungs = sorted({float(rung) for rung in told if rung is not None})
    return rungs if len(rungs) <= _MOST_RUNGS else []

"""The figures of a sweep by kind: what each takes from the sweep's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

import pandas as pd
import plotly.graph_objects as go

from tuner import figures
from tuner.errors import NoResultError, SpecError, nearest
from tuner.objectives import Objective
from tuner.playbook.audit import audit
from tuner.playbook.audit.importance_rule import importance_of
from tuner.playbook.evidence import gather
from tuner.playbook.isolation.isolating import isolate
from tuner.playbook.positions import flat_name, searchable
from tuner.reporting.matters import importance_for
from tuner.reporting.rounds import ranges_of_rounds
from tuner.reporting.targets import Target, target_of
from tuner.searchers.parameters import Number, parameters
from tuner.store.record import SweepRecord

__all__ = ["KINDS", "OF_ANY_METRIC", "Draw", "falling_improvement"]

Names: TypeAlias = Sequence[str]

Draw: TypeAlias = Callable[[SweepRecord, Names, Target], go.Figure]
"""Draws a figure of a sweep, with the names and of the value that were asked for."""

_MOST_RUNGS = 12


def _curves(sweep: SweepRecord, _: Names, target: Target) -> go.Figure:
    return figures.curves(
        sweep.reports(),
        objective=target.objective_of_curves(sweep),
        metric=target.name,
        time=sweep.spec.time_attr,
        trials=sweep.trials(),
        rungs=_rungs(sweep.decisions()),
    )


def _history(sweep: SweepRecord, _: Names, target: Target) -> go.Figure:
    return figures.history(target.trials(sweep), objective=target.objective)


def _edf(sweep: SweepRecord, _: Names, target: Target) -> go.Figure:
    return figures.edf(target.trials(sweep), objective=target.objective)


def _prospects(sweep: SweepRecord, _: Names, target: Target) -> go.Figure:
    return figures.prospects(target.trials(sweep), objective=target.objective)


def _improvement(
    sweep: SweepRecord, _: Names, target: Target, *, falling: bool = False
) -> go.Figure:
    return figures.improvement(
        target.trials(sweep), objective=target.objective, log=_log(sweep), falling=falling
    )


def falling_improvement(sweep: SweepRecord) -> go.Figure:
    """Draw what was left to gain, where that tells something.

    Raises:
        NoResultError: It cannot be told, or its bound hardly falls.
    """
    return _improvement(sweep, (), target_of(sweep, None), falling=True)


def _parallel(sweep: SweepRecord, names: Names, target: Target) -> go.Figure:
    return figures.parallel(
        target.trials(sweep),
        objective=target.objective,
        others=sweep.objectives[1:] if target.own else (),
        names=names or None,
        log=_log(sweep),
    )


def _slices(sweep: SweepRecord, names: Names, target: Target) -> go.Figure:
    return figures.slices(
        target.trials(sweep), objective=target.objective, names=names or None, log=_log(sweep)
    )


def _contours(
    sweep: SweepRecord, names: Names, target: Target, shade: Literal["value", "rank"] = "value"
) -> go.Figure:
    return figures.contours(
        target.trials(sweep),
        objective=target.objective,
        names=names or None,
        log=_log(sweep),
        shade=shade,
    )


def _ranks(sweep: SweepRecord, names: Names, target: Target) -> go.Figure:
    return _contours(sweep, names, target, "rank")


def _importance(sweep: SweepRecord, names: Names, target: Target) -> go.Figure:
    """Draw what matters for the target; where that is the metric, for each objective."""
    evidence = gather(sweep)
    if not target.own:
        return figures.importance(importance_for(evidence, sweep, target), names=names or None,
                                  of=target.name)  # fmt: skip
    first, _time = importance_of(evidence)
    if len(sweep.objectives) == 1:
        return figures.importance(first, names=names or None)
    found = {
        each.metric: first if each.metric == sweep.metric
        else importance_for(evidence, sweep, target_of(sweep, each.metric))
        for each in sweep.objectives
    }  # fmt: skip
    return figures.importance(found, names=names or None)


def _isolation(sweep: SweepRecord, names: Names, _: Target) -> go.Figure:
    return isolate(sweep, names).figure()


def _audit(sweep: SweepRecord, names: Names, _: Target) -> go.Figure:
    """Draw the table of checks, or the picture of the one that is named."""
    found = audit(sweep, checks=list(names) or None)
    if len(names) == 1:
        picture = found.findings[0].picture
        if picture is None:
            raise NoResultError(f"there is nothing to draw: {found.findings[0].message}")
        return picture()
    rows = [(f.check, f.verdict.value, f.message, f.remedy) for f in found.findings]
    return figures.audit(pd.DataFrame(rows, columns=["check", "verdict", "message", "remedy"]))


def _refinement(sweep: SweepRecord, _: Names, __: Target) -> go.Figure:
    return figures.refinement(ranges_of_rounds(sweep))


def _lineage(sweep: SweepRecord, names: Names, _: Target) -> go.Figure:
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


def _decisions(sweep: SweepRecord, _: Names, __: Target) -> go.Figure:
    return figures.decisions(sweep.decisions(), time=sweep.spec.time_attr)


def _timeline(sweep: SweepRecord, _: Names, __: Target) -> go.Figure:
    return figures.timeline(sweep.events(), sweep.decisions(), sweep.trials())


def _durations(sweep: SweepRecord, _: Names, __: Target) -> go.Figure:
    return figures.durations(sweep.reports(), time=sweep.spec.time_attr)


def _pareto(sweep: SweepRecord, names: Names, _: Target) -> go.Figure:
    trials, objectives = _several(sweep, names)
    return figures.pareto(trials, objectives=objectives)


def _hypervolume(sweep: SweepRecord, names: Names, _: Target) -> go.Figure:
    trials, objectives = _several(sweep, names)
    return figures.hypervolume(trials, objectives=objectives)


def _several(sweep: SweepRecord, names: Names) -> tuple[pd.DataFrame, Sequence[Objective]]:
    """Return trials with the values that are named, or else with the objectives."""
    if not names:
        return sweep.trials(), sweep.objectives
    targets = [target_of(sweep, name) for name in names]
    trials = sweep.trials()
    for target in targets:
        if target.measured:
            own = target.trials(sweep)
            trials = trials.assign(**{f"last/{target.name}": own[f"last/{target.name}"]})
    return trials, [target.objective for target in targets]


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
    "improvement": _improvement,
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

OF_ANY_METRIC = frozenset(
    ("contours", "curves", "edf", "history", "importance", "improvement", "parallel",
     "prospects", "ranks", "slices")
)  # fmt: skip
"""Those that can show another value than the metric."""


def _log(sweep: SweepRecord) -> frozenset[str]:
    """Return the flat names of the hyperparameters that are declared on a log scale."""
    found = parameters(searchable(sweep.spec.space))
    return frozenset(
        flat_name(path) for path, each in found.items() if isinstance(each, Number) and each.log
    )


def _rungs(decisions: pd.DataFrame) -> list[float]:
    """Return where the scheduler decided, if it did so at a few times only."""
    told = (details.get("rung") for details in decisions["details"] if details)
    rungs = sorted({float(rung) for rung in told if rung is not None})
    return rungs if len(rungs) <= _MOST_RUNGS else []

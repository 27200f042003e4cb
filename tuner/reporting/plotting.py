"""`tuner.plot`: one figure of a sweep or of a comparison, by its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import plotly.graph_objects as go

from tuner.comparison import Comparison
from tuner.comparison.plates import PLATES
from tuner.errors import NoResultError, SpecError, nearest
from tuner.places import Uri
from tuner.reporting.overlays import OVERLAID, by_own_names, overlaid
from tuner.reporting.sweeps import KINDS, OF_ANY_METRIC
from tuner.reporting.targets import target_of
from tuner.store import load
from tuner.store.layout import is_comparison
from tuner.store.record import SweepRecord

__all__ = ["plot"]


Source: TypeAlias = str | Path | Uri | SweepRecord | Comparison


def plot(
    source: Source | Sequence[Source] | Mapping[str, Source],
    kind: str,
    *,
    names: Sequence[str] = (),
    metric: str | None = None,
    merged: bool = False,
) -> go.Figure:
    """Draw one figure of a sweep, of several or of a comparison; `tuner.figures` writes it.

    Args:
        source: The sweep or comparison, real or simulated, finished or not, or where it lies.
            Several sweeps of one metric, in a list or by name, for ``curves``, ``history``,
            ``edf`` and ``durations``.
        kind: Of a sweep: ``curves``, ``history``, ``edf``, ``prospects``, ``improvement``,
            ``parallel``, ``slices``, ``contours``, ``ranks``, ``importance``, ``isolation``,
            ``audit``, ``refinement``, ``lineage``, ``decisions``, ``timeline``, ``durations``,
            ``pareto``, ``hypervolume``. Of a comparison: ``best-so-far``, ``regret``,
            ``regret-by-task``, ``critical-differences``, ``win-rates``, ``time-to-target``,
            ``speed-up``, ``usage``.
        names: Of hyperparameters, for ``parallel``, ``slices``, ``contours``, ``ranks``,
            ``importance`` and ``isolation``; of a check for ``audit``, of a trial for ``lineage``,
            of two values or more for ``pareto`` and ``hypervolume``.
        metric: What is shown instead of the sweep's metric: ``NAME``, ``NAME:min`` or
            ``NAME:max``, of what trials reported (at their best report), or ``seconds`` or
            ``seconds_per_iteration``.
        merged: Of several sweeps' ``history``, draw the mean with its standard deviation.

    Raises:
        StorageError: There is neither a sweep nor a comparison.
        SpecError: There is no such kind, name or metric; or several sweeps differ in what they
            tune, or have no common figure of this kind.
        NoResultError: There is nothing to draw yet, and why.
    """
    if isinstance(source, Mapping) or not isinstance(source, Source):
        return _of_several(source, kind, names, metric, merged=merged)
    if merged:
        raise SpecError("merged is of several sweeps; received one")
    opened = _opened(source)
    if isinstance(opened, Comparison):
        if metric:
            raise SpecError("a comparison shows what it was made for; leave metric out")
        return _of_comparison(opened, kind)
    _check(kind, KINDS, PLATES, "sweep", "comparison")
    if metric and kind not in OF_ANY_METRIC:
        known = ", ".join(sorted(OF_ANY_METRIC))
        raise SpecError(f"{kind!r} shows no metric of one's choice; these do: {known}")
    return KINDS[kind](opened, tuple(names), target_of(opened, metric))


def _opened(source: Source) -> SweepRecord | Comparison:
    if isinstance(source, SweepRecord | Comparison):
        return source
    return Comparison(str(source)) if is_comparison(source) else load(source)


def _of_several(
    sources: Sequence[Source] | Mapping[str, Source], kind: str, names: Sequence[str],
    metric: str | None, *, merged: bool,
) -> go.Figure:  # fmt: skip
    _check(kind, KINDS, PLATES, "sweep", "comparison")
    if kind not in OVERLAID:
        raise SpecError(
            f"{kind!r} is a figure of one sweep; of several: {', '.join(sorted(OVERLAID))}"
        )
    if names:
        raise SpecError(f"{kind!r} of several sweeps takes no names; received {list(names)}")
    if merged and kind != "history":
        raise SpecError(f"merged is of history; received {kind!r}")
    given = list(sources.values() if isinstance(sources, Mapping) else sources)
    opened = [_opened(source) for source in given]
    sweeps = [each for each in opened if isinstance(each, SweepRecord)]
    if len(sweeps) < len(opened):
        raise SpecError("a comparison is drawn by itself: it has several arms already")
    if isinstance(sources, Mapping):
        named = dict(zip(sources, sweeps, strict=True))
    else:
        named = by_own_names(sweeps)
    return overlaid(named, kind, metric, merged=merged)


def _of_comparison(comparison: Comparison, kind: str) -> go.Figure:
    _check(kind, PLATES, KINDS, "comparison", "sweep")
    findings = comparison.findings()
    if not findings.outcomes.tasks:
        raise NoResultError("there is nothing to draw: no seed was run by every arm on any task")
    figure = PLATES[kind](findings, comparison.metrics)
    if figure is None:
        raise NoResultError(f"there is nothing to draw: {kind} takes more arms or more tasks")
    return figure


def _check(
    kind: str,
    known: Mapping[str, object],
    others: Mapping[str, object],
    this: str,
    other: str,
) -> None:
    """Refuse a kind that this folder has no figure of."""
    if kind in known:
        return
    if kind in others:
        raise SpecError(
            f"{kind!r} is a figure of a {other}, and this is a {this}; known: "
            f"{', '.join(sorted(known))}"
        )
    raise SpecError(f"unknown kind of figure {kind!r}{nearest(kind, known)}")

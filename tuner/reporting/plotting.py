"""`tuner.plot`: one figure of a sweep or of a comparison, by its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import plotly.graph_objects as go

from tuner.comparison import Comparison
from tuner.comparison.plates import PLATES
from tuner.errors import NoResultError, SpecError, nearest
from tuner.places import Uri
from tuner.reporting.sweeps import KINDS
from tuner.store import load
from tuner.store.layout import COMPARISON_FILE
from tuner.store.record import SweepRecord

__all__ = ["plot"]


def plot(
    source: str | Path | Uri | SweepRecord | Comparison, kind: str, *, names: Sequence[str] = ()
) -> go.Figure:
    """Draw one figure of a sweep or of a comparison; `tuner.figures` writes it to a file.

    Args:
        source: The sweep or comparison, real or simulated, finished or not, or where it lies.
        kind: Of a sweep: ``curves``, ``history``, ``edf``, ``prospects``, ``parallel``, ``slices``,
            ``contours``, ``ranks``, ``importance``, ``isolation``, ``audit``, ``refinement``,
            ``lineage``, ``decisions``, ``timeline``, ``durations``, ``pareto``, ``hypervolume``. Of
            a comparison: ``best-so-far``, ``regret``, ``regret-by-task``, ``critical-differences``,
            ``win-rates``, ``time-to-target``, ``speed-up``, ``usage``.
        names: Of hyperparameters, for the kinds that show some of them; of a check, for ``audit``.

    Raises:
        StorageError: There is neither a sweep nor a comparison.
        SpecError: There is no such kind, or no such name.
        NoResultError: There is nothing to draw yet, and why.
    """
    if isinstance(source, Comparison):
        return _of_comparison(source, kind)
    if not isinstance(source, SweepRecord):
        if _is_comparison(source):
            return _of_comparison(Comparison(str(source)), kind)
        source = load(source)
    _check(kind, KINDS, PLATES, "sweep", "comparison")
    return KINDS[kind](source, tuple(names))


def _is_comparison(path: str | Path | Uri) -> bool:
    return not isinstance(path, Uri) and (Path(path) / COMPARISON_FILE).is_file()


def _of_comparison(comparison: Comparison, kind: str) -> go.Figure:
    _check(kind, PLATES, KINDS, "comparison", "sweep")
    findings = comparison.findings()
    if not findings.outcomes.tasks:
        raise NoResultError("there is nothing to draw: no seed was run by every arm on any task")
    figure = PLATES[kind](findings, comparison.metric)
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

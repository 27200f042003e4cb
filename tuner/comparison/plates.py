"""The figures of a comparison, as files that can be published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast, get_args

from matplotlib.figure import Figure

from tuner.comparison.findings import Findings
from tuner.errors import NoResultError, SpecError, nearest
from tuner.figures import (
    Format,
    draw_best_so_far,
    draw_critical_differences,
    draw_regret,
    draw_regret_heat,
    draw_speedups,
    draw_usage,
    draw_waiting_times,
    save_figure,
)
from tuner.store.layout import refused

__all__ = ["save_plates"]


def save_plates(
    findings: Findings, folder: Path, formats: Sequence[str], metric: str
) -> list[Path]:
    """Draw every figure that the findings allow, and return the files.

    Args:
        findings: What to draw.
        folder: Where the files go; made where it is missing.
        formats: Such as ``"pdf"``, ``"svg"``, ``"png"``.
        metric: What the tasks tune.

    Raises:
        SpecError: A format is unknown.
        NoResultError: Nothing can be compared yet.
        StorageError: A file cannot be written.
    """
    if not findings.outcomes.tasks:
        raise NoResultError("there is nothing to draw: no seed was run by every arm on any task")
    for name in formats:
        if name not in get_args(Format):
            raise SpecError(f"unknown format {name!r}{nearest(name, get_args(Format))}")
    chosen = tuple(cast(Format, name) for name in formats)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [
            path
            for name, figure in _plates(findings, metric)
            for path in save_figure(figure, folder, name, chosen)
        ]
    except OSError as error:
        raise refused(folder, error) from error


def _plates(findings: Findings, metric: str) -> Iterator[tuple[str, Figure]]:
    """Yield the name of each figure and the figure."""
    outcomes, budget = findings.outcomes, findings.outcomes.budget
    yield "best-so-far", draw_best_so_far(findings.curves, unit=budget.unit, metric=metric)
    yield "regret", draw_regret(findings.regret)
    if len(outcomes.tasks) > 1:
        yield "regret-by-task", draw_regret_heat(findings.regret)
    if findings.ranks is not None:
        yield "critical-differences", draw_critical_differences(findings.ranks)
    yield "time-to-target", draw_waiting_times(findings.waiting_times, budget=budget)
    if len(outcomes.arms) > 1:
        yield "speed-up", draw_speedups(findings.speedups)
    yield "usage", draw_usage(findings.usage)

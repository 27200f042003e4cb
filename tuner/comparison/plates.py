"""The figures of a comparison: each by its name, and all of them as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import plotly.graph_objects as go

from tuner import figures
from tuner.comparison.findings import Findings
from tuner.errors import NoResultError
from tuner.store.layout import refused

__all__ = ["PLATES", "Plate", "drawn", "save_plates"]

Plate: TypeAlias = Callable[[Findings, Mapping[str, str]], go.Figure | None]
"""Draws a figure of findings, with what each task tunes; None where it would show nothing."""


def save_plates(
    findings: Findings, folder: Path, formats: Sequence[str], metrics: Mapping[str, str]
) -> list[Path]:
    """Draw every figure that the findings allow, and return the files.

    Args:
        findings: What to draw.
        folder: Where the files go; made where it is missing.
        formats: Such as ``"html"``, ``"svg"``; see `tuner.figures.Format`.
        metrics: What is tuned, by task.

    Raises:
        SpecError: A format is unknown.
        MissingDependencyError: A picture takes a browser, and there is none.
        NoResultError: Nothing can be compared yet.
        StorageError: A file cannot be written.
    """
    made = drawn(findings, metrics)
    try:
        return figures.save_figures(made, folder, formats)
    except OSError as error:
        raise refused(folder, error) from error


def drawn(findings: Findings, metrics: Mapping[str, str]) -> dict[str, go.Figure]:
    """Return every figure that the findings allow, by name.

    Raises:
        NoResultError: Nothing can be compared yet.
    """
    if not findings.outcomes.tasks:
        raise NoResultError("there is nothing to draw: no seed was run by every arm on any task")
    made = {name: draw(findings, metrics) for name, draw in PLATES.items()}
    return {name: figure for name, figure in made.items() if figure is not None}


def _best_so_far(findings: Findings, metrics: Mapping[str, str]) -> go.Figure:
    unit = findings.outcomes.budget.unit
    return figures.best_so_far(findings.curves, unit=unit, metric=metrics)


def _regret_by_task(findings: Findings, _: Mapping[str, str]) -> go.Figure | None:
    return figures.regret_heat(findings.regret) if len(findings.outcomes.tasks) > 1 else None


def _critical_differences(findings: Findings, _: Mapping[str, str]) -> go.Figure | None:
    return None if findings.ranks is None else figures.critical_differences(findings.ranks)


def _time_to_target(findings: Findings, _: Mapping[str, str]) -> go.Figure:
    return figures.waiting_times(findings.waiting_times, budget=findings.outcomes.budget)


def _speed_up(findings: Findings, _: Mapping[str, str]) -> go.Figure | None:
    return figures.speedups(findings.speedups) if len(findings.outcomes.arms) > 1 else None


def _win_rates(findings: Findings, _: Mapping[str, str]) -> go.Figure | None:
    return figures.win_rates(findings.win_rates) if len(findings.outcomes.arms) > 1 else None


PLATES: Mapping[str, Plate] = {
    "best-so-far": _best_so_far,
    "regret": lambda findings, _: figures.regret(findings.regret),
    "regret-by-task": _regret_by_task,
    "critical-differences": _critical_differences,
    "win-rates": _win_rates,
    "time-to-target": _time_to_target,
    "speed-up": _speed_up,
    "usage": lambda findings, _: figures.usage(findings.usage),
}
"""The figures of a comparison by name."""

"""Sweeps side by side: a line per sweep, and figures that overlay them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tuner.errors import TunerError
from tuner.reporting.overlays import overlaid
from tuner.reporting.parts import Column, Line, Part, Section, Table
from tuner.reporting.sections.attempts import attempt, together
from tuner.reporting.sections.overview import saved_by_stopping, status_text
from tuner.reporting.sources import OpenedSweep
from tuner.short_text import config_text, value_text

__all__ = ["side_by_side"]

_TOLD = {
    "curves": ("Learning curves", "Median and quartiles of each sweep."),
    "history": ("Optimisation history", "The best so far of each sweep, trial by trial."),
    "edf": ("Empirical distribution", "Which share of the trials of each sweep reached a value."),
    "durations": ("Durations", "How long reports took in each sweep."),
}


def side_by_side(opened: Sequence[OpenedSweep]) -> Section:
    """Return sweeps in a table and, where they tune the same, in common figures."""
    parts: list[Part] = [_table(opened)]
    tuned = {(each.sweep.metric, each.sweep.mode) for each in opened}
    if len(tuned) > 1:
        names = ", ".join(sorted(f"{metric} ({mode})" for metric, mode in tuned))
        told = f"Their values cannot be drawn into one figure: they tune {names}."
        return Section("Side by side", [*parts, Line(told, "faint")])
    sweeps = {each.name: each.sweep for each in opened}
    plots = (
        attempt(title, told, partial(overlaid, sweeps, kind, None, merged=False))
        for kind, (title, told) in _TOLD.items()
    )
    return Section("Side by side", [*parts, *together(plots)])


def _table(opened: Sequence[OpenedSweep]) -> Table:
    columns = [
        Column("sweep"),
        Column("status"),
        Column("arm"),
        Column("trials", numeric=True),
        Column("reports", numeric=True),
        Column("best", numeric=True),
        Column("saved", numeric=True),
        Column("best configuration"),
    ]
    return Table("The sweeps of this report", columns, [_row(each) for each in opened])


def _row(opened: OpenedSweep) -> list[str]:
    sweep = opened.sweep
    try:
        best = sweep.best()
        value, config = value_text(best.value), config_text(best.config)
    except TunerError:
        value, config = "", ""
    saved = saved_by_stopping(sweep)
    return [
        opened.name,
        status_text(opened),
        sweep.spec.arm,
        f"{len(sweep.trials()):,}",
        f"{len(sweep.reports()):,}",
        value,
        "" if saved is None else f"{saved:.0%}",
        config,
    ]

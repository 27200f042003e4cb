"""A comparison: its answers, its tables, its figures, and every run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd

from tuner.comparison import Comparison
from tuner.comparison.plates import PLATES
from tuner.reporting.parts import (
    Column,
    Facts,
    Line,
    Lines,
    Plot,
    Records,
    Section,
    Table,
)
from tuner.reporting.plotting import plot
from tuner.reporting.sections.attempts import attempt, together
from tuner.reporting.sections.errors import alike
from tuner.reporting.sections.provenance import commit_text, moment, versions_text

__all__ = ["sections_of_comparison"]

_TOLD = {
    "best-so-far": ("Best so far", "The best value of a run as its budget is spent, by arm."),
    "regret": ("Regret", "How far each arm ends behind the best value that is known."),
    "regret-by-task": ("Regret by task", "Where the differences between arms come from."),
    "critical-differences": (
        "Critical differences",
        "Average ranks; arms that a bar joins cannot be told apart.",
    ),
    "win-rates": ("Win rates", "How often an arm ends better than another one."),
    "time-to-target": ("Time to target", "What an arm spends until it has reached the target."),
    "speed-up": ("Speed-up", "How much sooner than the baseline an arm reaches the target."),
    "usage": ("Usage", "What the workers did with their time."),
}
_RUN_COLUMNS = ("task", "arm", "seed", "status", "best", "trials", "epochs", "seconds")


def sections_of_comparison(comparison: Comparison) -> list[Section]:
    """Return the sections of a comparison, as far as it has run."""
    answers = comparison.answers()
    sections = [
        Section("In short", [Lines(answers.headline)]),
        Section("Tables", [_table(each) for each in answers.tables]),
        Section("Figures", together(_plots(comparison))),
        Section("Notes", [Lines(answers.remarks)] if answers.remarks else []),
        _failures(comparison.runs()),
        _terms(comparison),
        _runs(comparison.runs()),
    ]
    return [each for each in sections if not each.empty]


def _table(found: Any) -> Table:
    columns = [
        Column(name, numeric=place >= found.names) for place, name in enumerate(found.headings)
    ]
    return Table(found.title, columns, found.rows)


def _plots(comparison: Comparison) -> Iterator[Plot]:
    for kind in PLATES:
        title, told = _TOLD.get(kind, (kind, ""))
        yield attempt(title, told, partial(plot, comparison, kind))


def _failures(runs: pd.DataFrame) -> Section:
    failed = runs[runs["status"] == "failed"]
    if not len(failed):
        return Section("Failures")
    cells = [f"{each.arm} on {each.task}, seed {each.seed}" for each in failed.itertuples()]
    parts = [
        each.fold(Lines([cells[place] for place in each.places]), otherwise="no error on record")
        for each in alike(list(failed["error"]))
    ]
    return Section("Failures", parts)


def _terms(comparison: Comparison) -> Section:
    terms, state = comparison.terms, comparison.state
    began = state.get("started") or {}
    rows = [
        ("folder", str(comparison.path)),
        ("status", str(state.get("status") or "unknown")),
        ("tasks", ", ".join(terms.tasks)),
        ("arms", ", ".join(arm.label for arm in terms.arms)),
        ("baseline", str(state.get("baseline") or "")),
        ("seeds", ", ".join(map(str, terms.seeds))),
        ("budget", str(terms.budget)),
        ("cluster", str(terms.cluster or "")),
        ("command", str(began.get("command") or "")),
        ("git commit", commit_text(began)),
        ("host", str(began.get("host") or "")),
        ("versions", versions_text(began)),
        ("began", moment(began.get("at"))),
    ]
    return Section("Provenance", [Facts([row for row in rows if row[1]])])


def _runs(runs: pd.DataFrame) -> Section:
    if not len(runs):
        return Section("All runs", [Line("No run has ended yet.", "faint")])
    names = [name for name in _RUN_COLUMNS if name in runs]
    numeric = {name: pd.api.types.is_numeric_dtype(runs[name]) for name in names}
    rows = [
        [_cell(value) for value in row] for row in runs[names].itertuples(index=False, name=None)
    ]
    columns = [Column(name, numeric=numeric[name]) for name in names]
    return Section("All runs", [Records("All runs", columns, rows)])


def _cell(value: Any) -> float | str | None:
    if value is None or pd.isna(value):
        return None
    return float(f"{value:.6g}") if isinstance(value, float) else value

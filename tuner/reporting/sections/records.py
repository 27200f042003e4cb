"""What is on record: every trial, every kind of decision, every kind of failure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from tuner.plurals import counted
from tuner.reporting.parts import Column, Line, Part, Records, Section, Table
from tuner.reporting.sections.configurations import columns_of, leaves_of, names_in
from tuner.reporting.sections.errors import alike
from tuner.short_text import config_text, value_text
from tuner.store.digest import reason_class
from tuner.store.outcomes import ERRORS
from tuner.store.record import SweepRecord

__all__ = ["decisions", "failures", "trials"]

_MOST_KINDS = 40
_MOST_TRIALS = 12  # named for one kind of failure
_MOST_COLUMNS = 30


def decisions(sweep: SweepRecord) -> Section:
    """Return how often the scheduler decided what, for which reason."""
    rows = sweep.decisions()
    reasons = [reason_class(reason or "") for reason in rows["reason"]]
    kinds = Counter(zip(map(str, rows["decision"]), reasons, strict=True))
    if not kinds:
        return Section("Decisions")
    ordered = sorted(kinds, key=lambda kind: [_natural(each) for each in kind])
    cells = [[*kind, f"{kinds[kind]:,}"] for kind in ordered[:_MOST_KINDS]]
    columns = [Column("decision"), Column("reason"), Column("count", numeric=True)]
    parts: list[Part] = [Table("Decisions other than to go on", columns, cells)]
    if len(ordered) > _MOST_KINDS:
        parts.append(Line(f"{len(ordered) - _MOST_KINDS:,} more kinds left out.", "faint"))
    return Section("Decisions", parts)


def failures(sweep: SweepRecord) -> Section:
    """Return the trials that failed by their errors, with a traceback of each kind, folded."""
    found = sweep.trials()
    failed = found[found["outcome"].isin(ERRORS) | (found["status"] == "ERROR")]
    if not len(failed):
        return Section("Failures")
    groups = alike(list(failed["error"]))
    told = f"{counted(len(failed), 'trial')} failed, for {counted(len(groups), 'reason')}."
    parts: list[Part] = [Line(told)]
    for each in groups[:_MOST_KINDS]:
        those = failed.iloc[list(each.places)]
        otherwise = f"{those['outcome'].iloc[0]}, without an error on record"
        parts.append(each.fold(_some_of(those["trial_id"]), otherwise=otherwise))
    if len(groups) > _MOST_KINDS:
        parts.append(Line(f"{len(groups) - _MOST_KINDS:,} more reasons left out.", "faint"))
    return Section("Failures", parts)


def trials(sweep: SweepRecord) -> Section:
    """Return every trial, with what it reached and its configuration."""
    found = sweep.trials()
    if not len(found):
        return Section("All trials", [Line("There is no trial yet.", "faint")])
    configs = [leaves_of(config) for config in found["config"]]
    names = names_in(configs)
    apart = len(names) <= _MOST_COLUMNS
    values = [
        (f"best {each.metric}", _numbers(found, f"best/{each.metric}")) for each in sweep.objectives
    ]
    columns = [
        Column("trial"),
        Column("outcome"),
        *(Column(name, numeric=True) for name, _ in values),
        Column("iterations", numeric=True),
        Column("seconds", numeric=True),
        *(columns_of(configs, names) if apart else [Column("configuration")]),
    ]
    fixed = zip(
        found["trial_id"],
        (each if isinstance(each, str) else "running" for each in found["outcome"]),
        *(each for _, each in values),
        _numbers(found, "iterations"),
        _numbers(found, "seconds"),
        strict=True,
    )
    rows = [
        [
            *start,
            *([_value(config.get(name)) for name in names] if apart else [config_text(config)]),
        ]
        for start, config in zip(fixed, configs, strict=True)
    ]
    return Section("All trials", [Records("All trials", columns, rows)])


def _some_of(trial_ids: pd.Series[str]) -> Line:
    names = ", ".join(map(str, trial_ids[:_MOST_TRIALS]))
    more = len(trial_ids) - _MOST_TRIALS
    return Line(f"{names} and {more:,} more" if more > 0 else names)


def _numbers(frame: pd.DataFrame, name: str) -> Sequence[float | str | None]:
    """Return a column as numbers of six digits, which are enough to look at; None for no value."""
    if name not in frame:
        return [None] * len(frame)
    column = pd.to_numeric(frame[name], errors="coerce").astype(float)
    return [_rounded(value) for value in column]


def _value(value: Any) -> float | str | None:
    """Return the value of a hyperparameter as a number where it is one, else as text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value_text(value)
    return value if isinstance(value, int) and abs(value) < 2**53 else _rounded(float(value))


def _rounded(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return str(value)
    short = float(f"{value:.6g}")
    return int(short) if short.is_integer() and abs(short) < 1e6 else short


def _natural(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts ``rung 9`` before ``rung 27``."""
    parts = re.split(r"(\d+)", text)  # text and digits by turns
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]

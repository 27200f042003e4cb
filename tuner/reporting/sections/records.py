"""What is on record: every trial, every kind of decision, every kind of failure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tuner.plurals import counted
from tuner.reporting.parts import Code, Column, Fold, Line, Part, Records, Section, Table
from tuner.short_text import config_leaves, config_text, value_text
from tuner.store.digest import error_line, reason_class
from tuner.store.record import SweepRecord

__all__ = ["decisions", "failures", "trials"]

_MOST_KINDS = 40
_MOST_TRIALS = 12  # named for one kind of failure
_MOST_COLUMNS = 30
_ILL = ("failed", "hung", "infeasible")


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
    failed = found[found["outcome"].isin(_ILL) | (found["status"] == "ERROR")]
    if not len(failed):
        return Section("Failures")
    errors = [each if isinstance(each, str) else "" for each in failed["error"]]
    lines = pd.Series([error_line(each) for each in errors], index=failed.index)
    groups = lines.groupby(lines, sort=False).groups
    order = sorted(groups, key=lambda line: -len(groups[line]))
    told = f"{counted(len(failed), 'trial')} failed, for {counted(len(groups), 'reason')}."
    parts: list[Part] = [Line(told)]
    for line in order[:_MOST_KINDS]:
        alike = failed.loc[groups[line]]
        names = [str(name) for name in alike["trial_id"]]
        more = f" and {len(names) - _MOST_TRIALS:,} more" if len(names) > _MOST_TRIALS else ""
        shown = line or f"{alike['outcome'].iloc[0]}, without an error on record"
        inside: list[Part] = [Line(f"{', '.join(names[:_MOST_TRIALS])}{more}")]
        first = alike["error"].iloc[0]
        inside += [Code(first.rstrip())] if isinstance(first, str) and first.strip() else []
        parts.append(Fold(f"{len(names):,}x {shown}", inside))
    if len(order) > _MOST_KINDS:
        parts.append(Line(f"{len(order) - _MOST_KINDS:,} more reasons left out.", "faint"))
    return Section("Failures", parts)


def trials(sweep: SweepRecord) -> Section:
    """Return every trial, with what it reached and its configuration."""
    found = sweep.trials()
    if not len(found):
        return Section("All trials", [Line("There is no trial yet.", "faint")])
    configs = [_leaves(config) for config in found["config"]]
    names = list(dict.fromkeys(name for config in configs for name in config))
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
        *(
            [Column(name, numeric=_is_numeric(configs, name)) for name in names]
            if apart
            else [Column("configuration")]
        ),
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


def _leaves(config: Any) -> Mapping[str, Any]:
    return dict(config_leaves(config)) if isinstance(config, Mapping) else {}


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


def _is_numeric(configs: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = (config.get(name) for config in configs)
    return all(
        value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        for value in values
    )


def _natural(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts ``rung 9`` before ``rung 27``."""
    parts = re.split(r"(\d+)", text)  # text and digits by turns
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]

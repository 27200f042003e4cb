"""What a table asks for, and what of it can be used: each with the reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tuner.plurals import counted
from tuner.tabular.columns import Kind, find_kinds
from tuner.tabular.reading import check_target
from tuner.tabular.tasks import Task, check_task, find_task

__all__ = ["Problem", "understand"]


@dataclass(frozen=True)
class Problem:
    """What is predicted from what.

    Attributes:
        target: The column that is predicted.
        task: What it asks for.
        columns: Those to predict from, by name, and what they hold.
        remarks: How that is known, and what is left out and why, a line each.
    """

    target: str
    task: Task
    columns: Mapping[str, Kind]
    remarks: tuple[str, ...]


def understand(frame: pd.DataFrame, target: str, task: str | None = None) -> Problem:
    """Return what a table asks for.

    Args:
        frame: The table.
        target: The column that is predicted.
        task: What it asks for; None for what it looks like.

    Raises:
        SpecError: There is no such column or task, or no row has a value of the target.
    """
    check_target(frame, target)
    has_target = frame[target].notna()
    kept = frame[has_target]
    found, reason = find_task(kept[target]) if task is None else (check_task(task), "as asked")
    kinds, dropped = find_kinds(frame.drop(columns=target))
    remarks = [f"{found}: {reason}"]
    lacking = int((~has_target).sum())
    if lacking:
        remarks.append(f"{counted(lacking, 'row')} without {target!r} left out")
    remarks += [f"column {name!r} left out: {why}" for name, why in dropped.items()]
    return Problem(target, found, kinds, tuple(remarks))

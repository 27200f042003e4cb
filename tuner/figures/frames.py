"""What figures ask of the frames that they draw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from tuner.errors import NoResultError, SpecError, nearest

__all__ = ["names_in", "rows_of_task"]


def names_in(frame: pd.DataFrame, column: str) -> list[str]:
    """Return the different names in a column, in the order of the frame.

    Raises:
        NoResultError: The frame is empty.
    """
    if not len(frame):
        raise NoResultError("there is nothing to draw: the frame has no rows")
    return list(dict.fromkeys(frame[column]))


def rows_of_task(frame: pd.DataFrame, task: str) -> pd.DataFrame:
    """Return the rows of a task.

    Raises:
        NoResultError: The frame is empty.
        SpecError: It has no such task.
    """
    tasks: Iterable[Any] = names_in(frame, "task")
    if task not in tasks:
        raise SpecError(f"no rows of the task {task!r}{nearest(task, tasks)}")
    return frame[frame["task"] == task]

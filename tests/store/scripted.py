"""A sweep in a nutshell: everything a writer can be asked to do, as a list of steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from tuner.store import SweepLayout, SweepWriter, load, write_spec
from tuner.store.dataset import read_table
from tuner.store.schema import rows_of

Step = tuple[str, dict[str, Any]]
"""The name of a writer's method, and what it is given."""

OPTIONS: dict[str, Any] = {
    "metric": "loss",
    "mode": "min",
    "time_attr": "epoch",
    "rows_per_part": 3,
}
FLUSH: Step = ("flush", {})


def report(trial_id: str, iteration: int, attempt: int = 1, **metrics: Any) -> Step:
    row = {
        "trial_id": trial_id,
        "attempt": attempt,
        "training_iteration": iteration,
        "epoch": iteration,
        "time_total_s": 0.5 * iteration,
        "timestamp": 1000.0 + iteration,
    }
    return "report", row | metrics


def decision(trial_id: str, kind: str, **details: Any) -> Step:
    return "decision", {"trial_id": trial_id, "decision": kind, "details": details}


def event(trial_id: str | None, name: str, **details: Any) -> Step:
    return "event", {"trial_id": trial_id, "event": name, "details": details or None}


def trial(trial_id: str, **changes: Any) -> Step:
    return "trial", {"trial_id": trial_id, **changes}


SCRIPT: list[Step] = [
    event(None, "began", seed=2**60),
    trial("a", status="PENDING", config={"lr": 1, "sizes": (1, 2), "act": None}, seed=2**60),
    trial("b", status="PENDING", config={"lr": 0.5, "sizes": []}),
    report("a", 1, loss=0.5),
    FLUSH,
    report("b", 1, loss=math.nan, flag=True),
    decision("b", "STOP", value=math.nan, config={"sizes": (1, 2)}),
    trial("b", status="TERMINATED", outcome="diverged", ended=3.0),
    report("a", 2, loss=0.4, late=[1, 2]),  # seals a part, with a new column
    report("a", 3, loss=0.3, mixed=1),
    FLUSH,
    event("a", "saved", checkpoint="a/1"),
    trial("a", config={"lr": "auto"}),  # widens a column of the trials
    report("a", 4, loss=0.6, mixed="text"),  # widens the sealed parts
    FLUSH,
    trial("c", status="RUNNING", error="boom", node="n1"),
    trial("c", error=None),
    report("c", 1, loss=0.9, nested={"x": {"y": math.inf}}),
    report("c", 2, loss=0.8),
    report("c", 2, attempt=2, loss=0.2, late=[]),
    decision("c", "PAUSE"),
    FLUSH,
    trial("c", status="TERMINATED", outcome="completed"),
    event(None, "ended"),
]


def new_layout(folder: Path) -> SweepLayout:
    layout = SweepLayout.create(folder / "sweep")
    spec = {key: OPTIONS[key] for key in ("metric", "mode", "time_attr")}
    write_spec(layout, {"spec": spec})
    return layout


def perform(writer: SweepWriter, steps: Sequence[Step]) -> None:
    for name, arguments in steps:
        method: Callable[..., None] = getattr(writer, name)
        if name in ("flush", "trial"):
            method(**arguments)
        else:
            method(arguments)


def stored(layout: SweepLayout) -> dict[str, tuple[pa.Schema, list[dict[str, Any]]]]:
    """Return the schema and the rows of each table, as the Parquet files have them."""
    tables = {
        folder.name: [read_table(path) for path in layout.parts(folder)]
        for folder in layout.dataset_dirs
    }
    tables["trials"] = [read_table(layout.trials_file).replace_schema_metadata()]
    for parts in tables.values():
        assert all(part.schema.equals(parts[0].schema, check_metadata=True) for part in parts)
    return {
        name: (parts[0].schema, [row for part in parts for row in rows_of(part)])
        for name, parts in tables.items()
    }


def frames(layout: SweepLayout) -> dict[str, pd.DataFrame]:
    """Return each table as a reader sees it, with what is in the journal."""
    sweep = load(layout.root)
    return {
        "reports": sweep.reports(all_attempts=True),
        "decisions": sweep.decisions(),
        "events": sweep.events(),
        "trials": sweep.trials(),
    }


def alike(left: Any, right: Any) -> bool:
    """Equal; NaN equals NaN, and 1 equals 1.0."""
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    if isinstance(left, list | tuple) and type(left) is type(right):
        return len(left) == len(right) and all(map(alike, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, pa.Schema):
        return bool(left.equals(right, check_metadata=True))
    return bool(left == right)

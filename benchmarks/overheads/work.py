"""What the trials of a sweep do, whoever runs them. Workers import this, so it imports little."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Work:
    """A sweep.

    Attributes:
        trials: How many.
        slots: How many run at a time; as many CPUs as Ray is told of.
        reports: How often a trial reports.
        step_s: Seconds that it sleeps before each report.
        crashes: Which share of the trials ends its process instead of reporting.
        scenario: A bundled scenario to run with ASHA; None for trials that only sleep and report.
    """

    trials: int
    slots: int
    reports: int = 1
    step_s: float = 0.0
    crashes: float = 0.0
    scenario: str | None = None


class Span(NamedTuple):
    """When and where a trial ran.

    Attributes:
        process: Its worker's process id.
        began: Unix seconds.
        ended: Unix seconds; before its last report.
        crashed: Whether it ended its process.
    """

    process: int
    began: float
    ended: float
    crashed: bool


def trainable(work: Work, log: Path) -> Callable[[dict[str, Any]], None]:
    """Return the function that a trial runs, which needs an ``x`` between 0 and 1."""

    def train(config: dict[str, Any]) -> None:
        from ray import tune

        began = time.time()
        for epoch in range(1, work.reports + 1):
            if work.step_s:
                time.sleep(work.step_s)
            crashes = config["x"] < work.crashes
            if crashes or epoch == work.reports:
                _note(log, Span(os.getpid(), began, time.time(), crashes))
            if crashes:
                os._exit(1)
            tune.report({"loss": config["x"] / epoch, "epoch": epoch})

    return train


def spans(log: Path) -> list[Span]:
    """Return what every trial has left behind."""
    lines = log.read_text().splitlines() if log.exists() else []
    fields = [line.split() for line in lines]
    return [Span(int(pid), float(b), float(e), crash == "1") for pid, b, e, crash in fields]


def _note(log: Path, span: Span) -> None:
    with log.open("a") as file:  # one short line: appended whole
        file.write(f"{span.process} {span.began!r} {span.ended!r} {int(span.crashed)}\n")

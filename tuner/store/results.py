"""One trial as a result, and the ranking of trials by the tuned metric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tuner.display import Display, Displayed, facts
from tuner.objectives import Objective
from tuner.plurals import counted
from tuner.short_text import config_leaves, duration_text, value_text

__all__ = ["At", "TrialResult", "describe_failures", "last_line", "rank"]

At = Literal["best", "last"]


@dataclass(frozen=True)
class TrialResult(Displayed):
    """A trial, and what it reached.

    Attributes:
        trial_id: Its identifier.
        config: The config at the report in question, nested, with its exact types and explicit
            Nones. A population's trials change theirs; others keep the one suggested.
        value: The tuned metric at the report in question; None where there is none.
        iteration: The training_iteration of that report.
        metrics: All numbers of that report, by flat name.
        status: Ray's word for its state.
        outcome: How it ended; None while it runs.
        error: The traceback, if it failed.
        seconds: Training time so far.
        seed: Its seed.
    """

    trial_id: str
    config: dict[str, Any]
    value: float | None
    iteration: int | None
    metrics: dict[str, float]
    status: str | None
    outcome: str | None
    error: str | None
    seconds: float | None
    seed: int | None

    @classmethod
    def of_row(cls, row: Mapping[str, Any], metric: str, at: At) -> TrialResult:
        """Return the result in a row of the table of trials, at its best or its last report."""
        prefix = f"{at}/"
        metrics = {
            name.removeprefix(prefix): value
            for name, value in row.items()
            if name.startswith(prefix)
        }
        changed = at == "best" and row.get("best_config") is not None
        return cls(
            trial_id=row["trial_id"],
            config=row.get("best_config" if changed else "config", {}),
            value=metrics.get(metric),
            iteration=row.get("best_iteration" if at == "best" else "iterations"),
            metrics=metrics,
            status=row.get("status"),
            outcome=row.get("outcome"),
            error=row.get("error"),
            seconds=row.get("seconds"),
            seed=row.get("seed"),
        )

    def _display(self) -> Display:
        told = f"{self.trial_id}: {self.outcome or self.status}"
        values = ((name, value_text(value)) for name, value in config_leaves(self.config))
        return Display(told, (facts(self._facts()), facts(values)))

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "value", value_text(self.value)
        yield "iteration", value_text(self.iteration)
        if self.seconds is not None:
            yield "trained for", duration_text(self.seconds)
        if self.error:
            yield "error", last_line(self.error)


def rank(values: Sequence[float | None], objective: Objective) -> list[int]:
    """Return the positions of the finite values, best first; of equals, the first comes first."""
    costs = [objective.cost(value) for value in values]
    finite = [position for position, reached in enumerate(costs) if math.isfinite(reached)]
    return sorted(finite, key=costs.__getitem__)


def describe_failures(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how many of the trials failed, with the last line of the first traceback."""
    failed = [row for row in rows if row.get("status") == "ERROR" or row.get("outcome") == "failed"]
    lines = [line for row in failed if (line := last_line(row.get("error", "")))]
    first = f"; the first error: {lines[0]}" if lines else ""
    return f"{counted(len(rows), 'trial')}, {len(failed)} failed{first}"


def last_line(traceback: str) -> str:
    """Return the line of a traceback that names the exception."""
    return traceback.rstrip().rpartition("\n")[2].strip()

"""How a sweep stands, as names and a line on each: what a notebook shows of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tuner.objectives import Objective
from tuner.short_text import config_text, value_text
from tuner.store.results import TrialResult

__all__ = ["overview"]


def overview(
    state: Mapping[str, Any], trials: pa.Table, objective: Objective, best: TrialResult | None
) -> Iterator[tuple[str, str]]:
    """Yield what is worth seeing of a sweep.

    Args:
        state: What ``sweep.json`` says beside the spec.
        trials: Its table of trials.
        objective: What it tunes; of several, the first.
        best: Its best trial; None where no value is finite.
    """
    status, message = state.get("status") or "unknown", state.get("message")
    yield "state", f"{status}: {message}" if message else status
    yield "trials", _trials_text(trials)
    if "iterations" in trials.column_names:
        yield "reports", f"{pc.sum(trials['iterations']).as_py() or 0:,}"
    if best is None:
        yield "best", f"no trial has reported a finite {objective.metric}"
        return
    reached = f"{objective.metric} {value_text(best.value)} ({objective.mode})"
    yield "best", f"{reached}, {best.trial_id} at iteration {best.iteration}"
    yield "configuration", config_text(best.config)


def _trials_text(trials: pa.Table) -> str:
    """Return how many trials there are, by outcome, and by status where they have not ended."""
    pairs = zip(trials["outcome"].to_pylist(), trials["status"].to_pylist(), strict=True)
    counts = Counter(outcome or str(status).lower() for outcome, status in pairs)
    told = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
    return f"{len(trials):,}: {told}" if told else "none"

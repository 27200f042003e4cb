"""A sweep that is written and looked at by turns, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import strategies as st

from tuner.store import SweepLayout, SweepWriter

STEPS = st.lists(st.sampled_from(["report", "decision", "event", "trial", "flush", "look"]))


def written_and_seen(
    root: Path, steps: Sequence[str], look_of: Callable[[SweepLayout], Callable[[], None]]
) -> SweepLayout:
    """Return a sweep that was written step by step; the last look comes after all of them."""
    layout = SweepLayout.create(root)
    writer = SweepWriter(layout, metric="m", mode="min", time_attr="t", rows_per_part=3)
    look = look_of(layout)
    row_of = {"report": writer.report, "decision": writer.decision, "event": writer.event}
    for number, step in enumerate(steps):
        if step == "look":
            look()
        elif step == "flush":
            writer.flush()
        elif step == "trial":
            writer.trial("a", status="RUNNING")
        else:
            row_of[step]({"trial_id": "a", "attempt": number})
    look()
    return layout

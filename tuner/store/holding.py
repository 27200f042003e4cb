"""When a trial holds a worker, as events and decisions are recorded."""

from __future__ import annotations

__all__ = ["LETS_GO", "RESUMED", "STARTED"]

STARTED = "started"
"""The event with which a trial is taken up by a worker."""

LETS_GO = frozenset({"ended", "failing", "PAUSE", "STOP", "EXPLOIT"})
"""Events and decisions after which it has none: what comes first counts."""

RESUMED = "resumed"
"""The event of a sweep with which another driver goes on: whoever still held a worker has none."""

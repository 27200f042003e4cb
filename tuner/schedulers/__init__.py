"""Schedulers: which trial goes on, pauses, ends, or copies another.

- `registry`: Ray's schedulers by name, with what each needs.
- `pbt`, `pb2`: built from a scenario, exploration kept inside its space.
- `supervisor`: checks, limits and records around any scheduler.
- `reasons`: why a decision was made, in words and figures.
- `standing`: rungs and populations, for watching.
"""

from __future__ import annotations

from tuner.schedulers.registry import (
    SCHEDULERS,
    SchedulerEntry,
    adopt_scheduler,
    build_scheduler,
    check_scheduler,
    entry_of,
)
from tuner.schedulers.standing import MemberStanding, RungStanding, population, rungs
from tuner.schedulers.supervisor import Decision, Supervisor

__all__ = [
    "SCHEDULERS",
    "Decision",
    "MemberStanding",
    "RungStanding",
    "SchedulerEntry",
    "Supervisor",
    "adopt_scheduler",
    "build_scheduler",
    "check_scheduler",
    "entry_of",
    "population",
    "rungs",
]

"""Schedulers: which trial goes on, pauses, ends, or copies another.

- `registry`: Ray's schedulers by name, with what each needs.
- `pbt`, `pb2`: built from a scenario, exploration kept inside its space.
- `supervisor`: checks, limits and records around any scheduler.
- `reports`: does a report keep the scenario's promise?
- `populations`: what Ray's PBT lacks when it is watched from outside.
- `reasons`: why a decision was made, in words and figures.
- `standing`: rungs and populations, for watching.
"""

from __future__ import annotations

from tuner.schedulers.reasons import Reason
from tuner.schedulers.registry import (
    SCHEDULERS,
    SchedulerEntry,
    adopt_scheduler,
    build_scheduler,
    check_scheduler,
    entry_of,
)
from tuner.schedulers.reports import as_number
from tuner.schedulers.standing import MemberStanding, RungStanding, population, rungs
from tuner.schedulers.supervisor import Decision, Supervisor

__all__ = [
    "SCHEDULERS",
    "Decision",
    "MemberStanding",
    "Reason",
    "RungStanding",
    "SchedulerEntry",
    "Supervisor",
    "adopt_scheduler",
    "as_number",
    "build_scheduler",
    "check_scheduler",
    "entry_of",
    "population",
    "rungs",
]

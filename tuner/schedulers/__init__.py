"""Schedulers: which trial goes on, pauses, ends, or copies another.

- `entries`: the schedulers that have names, with what each needs; `registry` builds them.
- `asha`, `promotion`: ASHA in its stopping and its promotion form, over `asha_rungs` and
  `promotion_rungs`; `ladder` has what they share.
- `median`: the median stopping rule, over `running_means`.
- `hyperband`: HyperBand and, in `bohb`, what BOHB needs besides; `brackets` has their sizes, and
  `halving` is one of them at work.
- `pbt`, `pb2`: populations, over `seeded_population`; `explore` keeps them inside their space.
- `policy`: replays the schedule of hyperparameters that a population came by.
- `guard`: lets only valid reports reach a scheduler; `divergence`: when a trial has diverged.
- `supervisor`: the guard of a sweep, which adds limits and a record of each decision.
- `reports`: does a report keep the scenario's promise?
- `quantiles`: NumPy's quantiles of values that are in order, or come one by one.
- `checks`: what tuner's own schedulers refuse.
- `waiting`: which trial is next where a scheduler has no wish of its own.
- `populations`: what Ray's PBT lacks when it is watched from outside.
- `reasons`: why a decision was made, in words and figures.
- `standing`: rungs and populations, for watching.
"""

from __future__ import annotations

from tuner.schedulers.asha import ASHA
from tuner.schedulers.bohb import BOHBScheduler
from tuner.schedulers.guard import Guard
from tuner.schedulers.hyperband import HyperBand
from tuner.schedulers.median import MedianStopping
from tuner.schedulers.promotion import PromotionASHA
from tuner.schedulers.reasons import Reason
from tuner.schedulers.registry import (
    SCHEDULERS,
    SchedulerEntry,
    adopt_scheduler,
    build_scheduler,
    check_scheduler,
    entry_of,
    keywords_of,
)
from tuner.schedulers.reports import as_number
from tuner.schedulers.standing import (
    MemberStanding,
    RungStanding,
    milestones_of,
    population,
    rungs,
)
from tuner.schedulers.supervisor import Decision, Supervisor

__all__ = [
    "ASHA",
    "SCHEDULERS",
    "BOHBScheduler",
    "Decision",
    "Guard",
    "HyperBand",
    "MedianStopping",
    "MemberStanding",
    "PromotionASHA",
    "Reason",
    "RungStanding",
    "SchedulerEntry",
    "Supervisor",
    "adopt_scheduler",
    "as_number",
    "build_scheduler",
    "check_scheduler",
    "entry_of",
    "keywords_of",
    "milestones_of",
    "population",
    "rungs",
]

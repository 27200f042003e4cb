"""Where learning curves come from, and how each place is spelled.

- `finding`: `find_task`, from a text to a task; every family of tasks.
- `functions`: functions of a configuration and the epochs.
- `published`: those that articles use, whose optimum is known.
- `lcbench`: MLPs on 34 data sets, over a continuous space.
- `surrogate`: the model that predicts their curves.
- `recordings`: what was measured, and not a step beyond it.
- `tables`: public recordings, and one that comes with tuner.
- `sweeps`: a finished sweep.
- `users`: a user's own task.
"""

from __future__ import annotations

from tuner.simulation.sources.finding import FAMILIES, Family, family_of, find_task
from tuner.simulation.sources.functions import FunctionCurves
from tuner.simulation.sources.recordings import RecordedCurves, RecordedTraining

__all__ = [
    "FAMILIES",
    "Family",
    "FunctionCurves",
    "RecordedCurves",
    "RecordedTraining",
    "family_of",
    "find_task",
]

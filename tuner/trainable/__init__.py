"""Trainables that need no checkpoint code: `EpochTrainable` and what it stands on.

- `epoch`: the class a scenario derives from.
- `generators`: seeds the global random generators, takes and puts back their states.
- `state`: writes a state to a folder and reads it back without unpickling anything.
"""

from __future__ import annotations

from tuner.trainable.epoch import EpochTrainable, stable_seed

__all__ = ["EpochTrainable", "stable_seed"]

"""Trainables that need no checkpoint code: `EpochTrainable`, and what it stands on.

- `epoch`: the class a scenario derives from.
- `fused`: the same for trials that one process trains together.
- `generators`: seeds the global random generators, takes and puts back their states.
- `state`: writes a state to a folder and reads it back without unpickling anything.
"""

from __future__ import annotations

from tuner.trainable.epoch import EpochTrainable, stable_seed
from tuner.trainable.fused import Company, FusedTrainable

__all__ = ["Company", "EpochTrainable", "FusedTrainable", "stable_seed"]

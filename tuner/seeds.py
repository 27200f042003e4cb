"""One master seed per sweep, and what is derived from it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import numpy as np

__all__ = ["SweepSeeds", "new_seed", "trial_seed"]


@dataclass(frozen=True)
class SweepSeeds:
    """The seeds of a sweep's parts, spawned from its master seed.

    Attributes:
        searcher: Seeds the searcher, ``0 <= seed < 2**31``.
        scheduler: Seeds the scheduler, likewise.
    """

    searcher: int
    scheduler: int

    @classmethod
    def spawn(cls, seed: int) -> SweepSeeds:
        """Return the seeds that belong to the master seed ``seed``."""
        children = np.random.SeedSequence(seed).spawn(2)
        searcher, scheduler = (int(c.generate_state(1)[0]) % 2**31 for c in children)
        return cls(searcher=searcher, scheduler=scheduler)


def new_seed() -> int:
    """Return a master seed for a sweep that was given none; the sweep records it."""
    return secrets.randbelow(2**31)


def trial_seed(sweep_seed: int, trial_id: str) -> int:
    """Return a trial's seed, ``0 <= seed < 2**31``, the same on every machine.

    Args:
        sweep_seed: The sweep's master seed.
        trial_id: The trial's id within the sweep.
    """
    digest = hashlib.sha256(f"{sweep_seed}/{trial_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 2**31

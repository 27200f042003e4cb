"""The global random generators of Python, NumPy and torch, as one state that can be kept.

A trial draws from them as any training script does. Taking their states after each epoch and
putting them back before the next gives every trial a stream of its own, whatever else the
process does in between.
"""

from __future__ import annotations

import random
import sys
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["capture", "restore", "seed_all"]


def seed_all(seed: int) -> None:
    """Seed Python, NumPy and, where the process has imported it, torch.

    Args:
        seed: ``0 <= seed < 2**32``.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch = _torch()
    if torch is not None:
        torch.manual_seed(seed)


def capture() -> dict[str, Any]:
    """Return the states of the generators, as `restore` takes them."""
    states: dict[str, Any] = {"python": random.getstate(), "numpy": np.random.get_state()}
    torch = _torch()
    if torch is not None:
        states["torch"] = torch.get_rng_state()
        if torch.cuda.is_initialized():
            states["cuda"] = torch.cuda.get_rng_state_all()
    return states


def restore(states: dict[str, Any]) -> None:
    """Put back what `capture` returned; devices that this process lacks are left out."""
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    torch = _torch()
    if torch is not None and "torch" in states:
        torch.set_rng_state(states["torch"])
        if "cuda" in states and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(states["cuda"][: torch.cuda.device_count()])


def _torch() -> ModuleType | None:
    """Return torch if something has imported it: a trial without it need not pay for it."""
    return sys.modules.get("torch")

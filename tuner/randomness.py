"""A private random state for code that draws from Python's and NumPy's global generators.

Ray's schedulers take no seed: ASHA draws its bracket, and PBT its mutations, from the global
generators (ray-project/ray #13616); HpBandSter and ``tune.sample_from`` do likewise. Swapping the
global states around each call gives such an object a stream of its own, and leaves the caller's
streams untouched.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

__all__ = ["PrivateRandomState"]


class PrivateRandomState:
    """Global random states that hold only inside `active`.

    Args:
        seed: Seeds all streams; several numbers count as one.

    Attributes:
        generator: A stream for code that takes one; swapping the global ones takes 0.1 ms.
    """

    def __init__(self, seed: int | Sequence[int]) -> None:
        root = np.random.SeedSequence(seed)
        self.generator = np.random.default_rng(root)
        python_seed, numpy_seed = root.generate_state(2)
        self._python = random.Random(int(python_seed)).getstate()
        self._numpy = np.random.RandomState(int(numpy_seed)).get_state()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make the private streams the global ones for the length of the block."""
        outer = random.getstate(), np.random.get_state()
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        try:
            yield
        finally:
            self._python, self._numpy = random.getstate(), np.random.get_state()
            random.setstate(outer[0])
            np.random.set_state(outer[1])

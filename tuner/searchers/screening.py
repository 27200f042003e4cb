"""Which suggestions become trials: feasible ones, and none that the sweep has tried already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from tuner.errors import SpecError
from tuner.searchers.parameters import decompose
from tuner.space import Constraint, is_feasible

__all__ = ["MOST_RANDOM_DRAWS", "Screen", "none_feasible"]

MOST_RANDOM_DRAWS = 1000
"""After so many random draws without a feasible one, there is none for all practical purposes."""


class Screen:
    """Admits configurations that are feasible, and not equal to one before.

    Two configurations are equal when all their parameters are; what ``tune.sample_from`` gave
    does not count.

    Args:
        space: Where the configurations lie.
        constraint: Says which are feasible; None for all.
        unique: Whether to admit each configuration only once.
    """

    def __init__(
        self, space: Mapping[str, Any], constraint: Constraint | None, *, unique: bool = True
    ) -> None:
        self._space = space
        self._constraint = constraint
        self._unique = unique
        self._seen: set[bytes] = set()

    @property
    def admits_all(self) -> bool:
        """Whether it admits whatever there is."""
        return self._constraint is None and not self._unique

    def admits(self, config: Mapping[str, Any]) -> bool:
        """Say whether ``config`` is feasible and new."""
        return self.is_feasible(config) and self.is_new(config)

    def pick(self, draws: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
        """Return the first of ``draws`` to admit; None if the feasible ones are all known.

        Raises:
            SpecError: None of them is feasible.
        """
        number = feasible = 0
        for config in draws:
            number += 1
            if self.is_feasible(config):
                feasible += 1
                if self.is_new(config):
                    return config
        if not feasible:
            raise none_feasible(number)
        return None

    def remember(self, config: Mapping[str, Any]) -> None:
        """Take notice that ``config`` is tried."""
        if self._unique:
            self._seen.add(self._fingerprint(config))

    def is_feasible(self, config: Mapping[str, Any]) -> bool:
        """Say whether ``config`` satisfies the constraint."""
        return is_feasible(self._constraint, config)

    def is_new(self, config: Mapping[str, Any]) -> bool:
        """Say whether ``config`` has not been tried, or may be tried again."""
        return not self._unique or self._fingerprint(config) not in self._seen

    def _fingerprint(self, config: Mapping[str, Any]) -> bytes:
        """Return 16 bytes that equal configurations share; the whole would be kept per trial."""
        values = repr(decompose(self._space, config))
        return hashlib.blake2b(values.encode(), digest_size=16).digest()


def none_feasible(number: int) -> SpecError:
    """Return the error to raise where none of ``number`` draws is feasible."""
    return SpecError(
        f"a configuration must satisfy the scenario's constraint, but none of {number:,} drawn "
        "from the space does; loosen the constraint, or narrow the space to where it holds"
    )

"""Computes each value once, whichever thread asks for it first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar, cast

__all__ = ["Once", "loads_so_far"]

T = TypeVar("T")

_NOTHING: Any = object()

_so_far = 0
_counting = threading.Lock()


def loads_so_far() -> int:
    """Return how many values this process has computed and kept."""
    return _so_far


class Once(Generic[T]):
    """Values by key. Those of different keys are computed at the same time."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._slots: dict[Hashable, _Slot] = {}

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return the value of ``key``, computed now if no thread has done so.

        Args:
            key: What to know it by.
            compute: Makes the value; where it raises, nothing is kept.

        Raises:
            Exception: As ``compute``; in whichever thread it runs.
        """
        with self._guard:
            slot = self._slots.setdefault(key, _Slot())
        with slot.lock:
            if slot.value is _NOTHING:
                slot.value = compute()
                _count()
            return cast(T, slot.value)

    def clear(self) -> None:
        """Forget all values."""
        with self._guard:
            self._slots.clear()


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.RLock()  # so that a function which needs itself fails as ever
        self.value = _NOTHING


def _count() -> None:
    global _so_far
    with _counting:
        _so_far += 1

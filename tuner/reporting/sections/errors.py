"""Errors by what they say: those that are alike, with one traceback of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tuner.reporting.parts import Code, Fold, Part
from tuner.store.digest import error_line

__all__ = ["Alike", "alike"]


@dataclass(frozen=True)
class Alike:
    """Errors that say the same.

    Attributes:
        line: What they say; empty where nothing is on record.
        places: Where they stand among all errors.
        traceback: Of the first one; empty where there is none.
    """

    line: str
    places: Sequence[int]
    traceback: str

    def fold(self, whose: Part, *, otherwise: str) -> Fold:
        """Return how many there are, and on opening it whose they are and the traceback.

        Args:
            whose: What had these errors.
            otherwise: What is told where nothing is on record.
        """
        shown: list[Part] = [Code(self.traceback)] if self.traceback else []
        return Fold(f"{len(self.places):,}x {self.line or otherwise}", [whose, *shown])


def alike(errors: Sequence[Any]) -> list[Alike]:
    """Return errors by what they say, those first of which there are most.

    Args:
        errors: Tracebacks, or whatever stands for none.
    """
    texts = [each if isinstance(each, str) else "" for each in errors]
    groups: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        groups.setdefault(error_line(text), []).append(place)
    found = [Alike(line, at, texts[at[0]].rstrip()) for line, at in groups.items()]
    return sorted(found, key=lambda each: -len(each.places))

"""What several of these tests plant, and how they look at what becomes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from stored_sweeps import Planted, configs, curve, level, planted, sound

from tuner.reporting.parts import Fold, Part, Section

TAG = "<script>alert(1)</script>"


def several_objectives(count: int = 9) -> list[Planted]:
    """Trials that report ``TWO``."""
    return [
        Planted(c, {"loss": curve(level(c)), "size": [10 * c["x"]] * 12}) for c in configs(count)
    ]


TWO = [{"metric": "loss", "mode": "min"}, {"metric": "size", "mode": "max"}]

CASES: dict[str, tuple[list[Planted], dict[str, Any]]] = {
    "empty": ([], {}),
    "one trial": (sound(1), {}),
    "one running": ([planted(configs(1)[0], 1.0, outcome=None)], {}),
    "only failed": ([planted(c, outcome="failed") for c in configs(4)], {}),
    "nan and inf": (
        [planted(c, *([math.inf, -math.inf, math.nan] if n % 2 else curve(level(c))))
         for n, c in enumerate(configs(9))],
        {},
    ),
    "several objectives": (several_objectives(), {"objectives": TWO}),
}  # fmt: skip
"""Sweeps that reports and figures have to cope with: their trials, and what is odd in the spec."""


def parts_of(sections: Sequence[Section]) -> list[Part]:
    """Return all parts, those of sections within and of folds among them."""
    found: list[Part] = []
    for section in sections:
        for part in section.parts:
            found += [part, *(part.parts if isinstance(part, Fold) else ())]
        found += parts_of(section.sections)
    return found

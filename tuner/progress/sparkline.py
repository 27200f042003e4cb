"""A course of values in one line of characters."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["sparkline"]

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int, top: float) -> str:
    """Return values as bars from 0 to ``top``, a character each; too many are averaged.

    Args:
        values: At least 0; what is above ``top`` is drawn as ``top``.
        width: The most characters.
        top: What a full bar stands for; above 0.
    """
    if width < 1 or not values or not top > 0:
        return ""
    size = math.ceil(len(values) / width)
    parts = [values[at : at + size] for at in range(0, len(values), size)]
    shares = (min(sum(part) / len(part) / top, 1.0) for part in parts)
    return "".join(_BLOCKS[round(share * (len(_BLOCKS) - 1))] for share in shares)

"""JSON that every language reads: what JSON lacks becomes text or null.

NaN and the infinities become the strings ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``, so that a
diverged value differs from a missing one (null). Tuples become arrays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["dumps", "strict"]


def dumps(value: Any, *, indent: int | None = 2) -> str:
    """Return ``value`` as strict JSON text; see `strict`."""
    return json.dumps(strict(value), indent=indent, allow_nan=False, ensure_ascii=False)


def strict(value: Any) -> Any:
    """Return ``value`` with nothing in it that strict JSON lacks.

    Scalars of numpy become Python's; what else has no JSON form becomes its text.
    """
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _NOT_FINITE[str(float(value))]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [strict(item) for item in value]
    return strict(value.item()) if hasattr(value, "item") else str(value)


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

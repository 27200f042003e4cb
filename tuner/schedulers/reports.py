"""Does a report keep the scenario's promise? Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tuner.errors import ReportError, nearest

__all__ = ["as_number", "describe_broken_promise", "is_time", "with_plain_numbers"]

_AUTOFILLED = {
    "trial_id",
    "date",
    "timestamp",
    "time_this_iter_s",
    "time_total_s",
    "training_iteration",
    "pid",
    "hostname",
    "node_ip",
    "time_since_restore",
    "iterations_since_restore",
    "done",
    "should_checkpoint",
    "checkpoint_dir_name",
    "experiment_tag",
}


def as_number(value: object) -> float | None:
    """Return a scalar as a float, or None where it is none; text is no number, even ``"0.5"``.

    Python's and NumPy's numbers, decimals, and arrays and tensors without dimensions are scalars.
    """
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    if isinstance(value, str | bytes) or getattr(value, "ndim", None):
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def with_plain_numbers(result: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return ``result`` with Python's own numbers under ``keys``, where it has them.

    Schedulers calculate with them, and not every scalar lets them.

    Args:
        result: A report, flat.
        keys: None for all.
    """
    plain = {}
    for key in keys or result:
        value = result.get(key)
        if type(value) not in (int, float) and (number := as_number(value)) is not None:
            plain[key] = number
    return {**result, **plain} if plain else dict(result)


def describe_broken_promise(
    trial_id: str, result: Mapping[str, Any], key: str, role: str
) -> ReportError:
    """Return the error for a report whose ``key`` is missing or holds no usable number.

    Args:
        trial_id: The trial that reported.
        result: Its report, flat.
        key: What the scenario promised.
        role: What for: ``"metric"``, ``"time_attr"`` or ``"divergence rule"``.
    """
    if key in result:
        finite = "finite " if role == "time_attr" else ""
        return ReportError(
            f"the {role} {key!r} must be a {finite}number; trial {trial_id} reported "
            f"{result[key]!r}; report a float"
        )
    of = "'s value" if role == "divergence rule" else ""
    own = {name for name in set(result) - _AUTOFILLED if not name.startswith("config/")}
    hint = nearest(key, own) if own else "; it reported nothing of its own"
    return ReportError(
        f"the first report of trial {trial_id} must hold the {role}{of} {key!r}, which it does "
        f"not{hint} (correct the scenario's {role}, or what the trainable reports)"
    )


def is_time(number: float | None) -> bool:
    """Return whether ``number`` can be a trial's time."""
    return number is not None and math.isfinite(number)

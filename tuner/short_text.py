"""Durations, values and configurations as short plain text, in ASCII."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["config_leaves", "config_text", "duration_text", "value_text"]

_LONGEST_VALUE = 40


def duration_text(seconds: float) -> str:
    """Return seconds as a person would say them: ``9s``, ``2m 05s``, ``3h 07m``, ``2d 04h``."""
    whole = max(0, round(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}d {hour:02d}h"
    if hours:
        return f"{hours}h {minute:02d}m"
    if minutes:
        return f"{minutes}m {second:02d}s"
    return f"{second}s"


def value_text(value: object) -> str:
    """Return one value in few characters: four significant digits, ``-`` for None."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        text = f"[{', '.join(value_text(item) for item in value)}]"
    else:
        text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def config_leaves(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path, such as ``layers/units``, and the value of every entry."""
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from config_leaves(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value


def config_text(config: Mapping[str, Any]) -> str:
    """Return a configuration, nested or flat, as ``lr=0.001 layers/units=64``."""
    return " ".join(
        f"{path}={'None' if value is None else value_text(value)}"
        for path, value in config_leaves(config)
    )

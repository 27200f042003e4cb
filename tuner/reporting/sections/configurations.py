"""Configurations as columns of a table: which names there are, and which of them hold numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from tuner.reporting.parts import Column
from tuner.short_text import config_leaves

__all__ = ["Leaves", "columns_of", "leaves_of", "names_in"]

Leaves: TypeAlias = Mapping[str, Any]
"""A configuration flat: values by name."""


def leaves_of(config: Any) -> Leaves:
    """Return the values of a configuration by name; none of what is no configuration."""
    return dict(config_leaves(config)) if isinstance(config, Mapping) else {}


def names_in(configs: Sequence[Leaves]) -> list[str]:
    """Return the names of all configurations, in the order in which they first occur."""
    return list(dict.fromkeys(name for config in configs for name in config))


def columns_of(configs: Sequence[Leaves], names: Sequence[str]) -> list[Column]:
    """Return a column per name."""
    return [Column(name, numeric=_is_numeric(configs, name)) for name in names]


def _is_numeric(configs: Sequence[Leaves], name: str) -> bool:
    values = (config.get(name) for config in configs)
    return all(
        value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        for value in values
    )

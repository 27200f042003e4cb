"""A space as Python text that one can paste into a scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ray.tune.search.sample import Categorical, Domain, Function

from tuner.space.paths import is_grid
from tuner.space.serialization import to_json

__all__ = ["python_text"]

_INDENT = "    "
_LONGEST_LINE = 88


def python_text(value: Any, depth: int = 0, width: int = _LONGEST_LINE) -> str:
    """Return the Python source of a space, or of a value in it.

    A ``tune.sample_from`` cannot be written down: an ellipsis stands for its function.

    Args:
        value: A domain (written ``tune.uniform(0, 1)``), a grid, a constant, or a dict of these.
        depth: How far it is indented, in steps of four spaces.
        width: Dicts and lists that take more columns are broken over lines.
    """
    if is_grid(value):
        return f"tune.grid_search({python_text(list(value['grid_search']), depth, width)})"
    if isinstance(value, Mapping):
        items = [
            f"{_text(key)}: {python_text(item, depth + 1, width)}" for key, item in value.items()
        ]
        return _enclosed("{", items, "}", depth, width)
    if isinstance(value, Domain):
        return _domain(value, depth, width)
    if isinstance(value, list | tuple):
        items = [python_text(item, depth + 1, width) for item in value]
        if isinstance(value, tuple):
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        return _enclosed("[", items, "]", depth, width)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    source = repr(value)
    return f'"{source[1:-1]}"' if source[0] == "'" and '"' not in source else source


def _domain(domain: Domain, depth: int, width: int) -> str:
    if isinstance(domain, Function):
        return "tune.sample_from(...)"
    told: dict[str, Any] = to_json({"domain": domain})["domain"]
    kind = told.pop("type")
    if isinstance(domain, Categorical):
        return f"tune.{kind}({python_text(list(domain.categories), depth, width)})"
    return f"tune.{kind}({', '.join(repr(argument) for argument in told.values())})"


def _enclosed(opening: str, items: list[str], closing: str, depth: int, width: int) -> str:
    line = f"{opening}{', '.join(items)}{closing}"
    if "\n" not in line and len(line) + len(_INDENT) * (depth + 1) <= width:
        return line
    inside = _INDENT * (depth + 1)
    rows = "".join(f"{inside}{item},\n" for item in items)
    return f"{opening}\n{rows}{_INDENT * depth}{closing}"

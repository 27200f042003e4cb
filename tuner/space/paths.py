"""Names of values in nested dicts: ``{"model": {"lr": 0.1}}`` is ``{"model/lr": 0.1}`` flat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuner.errors import SpaceError

__all__ = ["SEPARATOR", "flatten", "is_grid", "unflatten"]

SEPARATOR = "/"

_GRID_KEY = "grid_search"


def is_grid(value: Any) -> bool:
    """Say whether ``value`` is Ray's ``{"grid_search": [...]}``."""
    return isinstance(value, Mapping) and set(value) == {_GRID_KEY}


def flatten(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a space or a configuration by their path.

    Only dicts are entered; a list, a domain, a grid and an empty dict are values.

    Args:
        tree: Nested dicts whose keys are strings without ``/``.

    Returns:
        Path to value, in the order of ``tree``; `unflatten` is the reverse.
    """
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and value and not is_grid(value):
            for path, leaf in flatten(value).items():
                flat[f"{key}{SEPARATOR}{path}"] = leaf
        else:
            flat[key] = value
    return flat


def unflatten(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nested dicts of which ``flat`` holds the values by path.

    Raises:
        SpaceError: A path is also the beginning of another one.
    """
    tree: dict[str, Any] = {}
    groups = {id(tree)}  # the dicts made here; a dict that came as a value is not entered
    for path, value in flat.items():
        *parents, name = path.split(SEPARATOR)
        node = tree
        for parent in parents:
            if parent not in node:
                node[parent] = {}
                groups.add(id(node[parent]))
            node = node[parent]
            if id(node) not in groups:
                raise _clash(path)
        if name in node:
            raise _clash(path)
        node[name] = value
    return tree


def _clash(path: str) -> SpaceError:
    return SpaceError(
        f"a name is either a value or a group of values, but {path!r} meets another name that "
        "makes it both; rename one of them"
    )

"""A space with some of its values replaced, and options of its choices left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ray import tune
from ray.tune.search.sample import Categorical, Domain

from tuner.space.leaves import branches
from tuner.space.paths import SEPARATOR, is_grid

__all__ = ["Keep", "edited"]


@dataclass(frozen=True)
class Keep:
    """The options of a choice that stay.

    Attributes:
        positions: Theirs, at least one.
    """

    positions: tuple[int, ...]


def edited(
    space: Mapping[str, Any], changes: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a space with changes, and what became of the paths.

    Configurations keep their shape. A choice of which one option stays becomes that option: a
    constant, or the group of values that its branch was.

    Args:
        space: A valid space.
        changes: By path (as `tuner.space.domains` gives it) the new domain or constant, or the
            options to `Keep`.

    Returns:
        The new space, and by the path of each domain that it still has the path that this has now.
    """
    paths: dict[str, str] = {}
    return _group(space, changes, "", "", paths), paths


def _group(
    group: Mapping[str, Any], changes: Mapping[str, Any], old: str, new: str, paths: dict[str, str]
) -> dict[str, Any]:
    return {
        key: _value(value, changes, f"{old}{key}", f"{new}{key}", paths)
        for key, value in group.items()
    }


def _value(
    value: Any, changes: Mapping[str, Any], old: str, new: str, paths: dict[str, str]
) -> Any:
    if old in changes and not isinstance(changes[old], Keep):
        if isinstance(changes[old], Domain):
            paths[old] = new
        return changes[old]
    domain = Categorical(value["grid_search"]).grid() if is_grid(value) else value
    if isinstance(domain, Categorical):
        return _choice(domain, changes, old, new, paths)
    if isinstance(domain, Domain):
        paths[old] = new
        return domain
    if isinstance(domain, Mapping):
        return _group(domain, changes, f"{old}{SEPARATOR}", f"{new}{SEPARATOR}", paths)
    return value


def _choice(
    choice: Categorical, changes: Mapping[str, Any], old: str, new: str, paths: dict[str, str]
) -> Any:
    change = changes.get(old)
    kept = change.positions if isinstance(change, Keep) else range(len(choice.categories))
    conditional = branches(choice)
    forced = isinstance(change, Keep) and len(kept) == 1
    if not forced:
        paths[old] = new
    options = []
    for place, position in enumerate(kept):
        option = choice.categories[position]
        if position in conditional:
            inside = f"{new}{SEPARATOR}" if forced else f"{new}[{place}]{SEPARATOR}"
            option = _group(option, changes, f"{old}[{position}]{SEPARATOR}", inside, paths)
        options.append(option)
    if forced:
        return options[0]
    return {"grid_search": options} if choice.is_grid() else tune.choice(options)

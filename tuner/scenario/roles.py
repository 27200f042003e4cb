"""Roles of hyperparameters: what is asked about, what is tuned meanwhile, and what stays.

The words are those of Godbole et al. 2023, Deep Learning Tuning Playbook: a *scientific*
hyperparameter is the one whose effect is to be known; *nuisance* ones have to be tuned anew for
each of its values, or the comparison is unfair; *fixed* ones stay, and conclusions hold for their
values only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias, get_args

from tuner import space as spaces
from tuner.errors import ScenarioError, nearest

__all__ = ["Role", "named", "settle_roles"]

Role: TypeAlias = Literal["scientific", "nuisance", "fixed"]
"""What a hyperparameter is in a sweep; one of which nothing is said is a nuisance."""


def settle_roles(roles: Any, space: Mapping[str, Any]) -> dict[str, Role]:
    """Return the roles of a space's domains by their full flat names, in the order of the space.

    Args:
        roles: Of flat names (``model/lr``, ``optimizer[0]/momentum``), or of their last part, which
            stands for all that share it. A constant can only be fixed, and is left out.
        space: A valid space.

    Raises:
        ScenarioError: It is no mapping of names to roles, or a name is not in the space.
    """
    if not isinstance(roles, Mapping):
        raise ScenarioError(
            f'roles must map names to roles, such as {{"lr": "scientific"}}, but are {roles!r}'
        )
    known = spaces.domains(space)
    constants = [path for path in spaces.flatten(space) if path not in known]
    found: dict[str, Role] = {}
    for name, role in roles.items():
        if role not in get_args(Role):
            raise ScenarioError(
                f"the role of {name!r} must be scientific, nuisance or fixed, but is {role!r}"
                f"{nearest(str(role), get_args(Role))}"
            )
        matches = named(name, known)
        if not matches and role == "fixed" and named(name, constants):
            continue
        if not matches:
            told = " (a constant, which can only be fixed)" if named(name, constants) else ""
            raise ScenarioError(
                f"roles must name domains of the space, but one is {name!r}{told}"
                f"{nearest(str(name), known)}"
            )
        for path in matches:
            found[path] = role
    return {path: found[path] for path in known if path in found}


def named(name: Any, paths: Iterable[str]) -> list[str]:
    """Return the path that ``name`` is, or else those of which it is the last part."""
    known = list(paths)
    if name in known:
        return [name]
    return [path for path in known if path.rpartition("/")[2] == name]

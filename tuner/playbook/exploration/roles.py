"""Who is scientific, who is nuisance and who is fixed: what a scenario declares, and what is asked.

A fixed hyperparameter leaves the space: its value stands in every configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ray import tune
from ray.tune.search.sample import Categorical, Domain

from tuner import space as spaces
from tuner.errors import SpecError, nearest
from tuner.scenario import Scenario
from tuner.scenario.roles import Role, named
from tuner.space import Keep
from tuner.space.leaves import branches

__all__ = ["Cast", "cast_roles", "check_storable", "only_value", "paths_of", "without_grids"]


@dataclass(frozen=True)
class Cast:
    """A scenario with every hyperparameter in its role.

    Attributes:
        scenario: With the space that is left, and the roles in it.
        roles: By the flat name in the new space; of those that are fixed by now, in the old one.
        fixed: The values that the fixed ones have, by the flat name in the old space.
    """

    scenario: Scenario
    roles: Mapping[str, Role]
    fixed: Mapping[str, Any]

    @property
    def scientific(self) -> tuple[str, ...]:
        """The scientific hyperparameters by their names in the new space."""
        roles = self.scenario.roles
        return tuple(name for name, role in roles.items() if role == "scientific")


def cast_roles(
    scenario: Scenario,
    *,
    scientific: Iterable[str] = (),
    nuisance: Iterable[str] = (),
    fix: Mapping[str, Any] | None = None,
    points: Sequence[Mapping[str, Any]] = (),
) -> Cast:
    """Return a scenario with roles, those of the call before its own.

    Args:
        scenario: Its ``roles`` hold where the call says nothing; whatever neither names is a
            nuisance.
        scientific: Flat names or their last part, as in ``Scenario(roles=...)``.
        nuisance: Likewise.
        fix: Values by such names. A branch of a choice may be named by one of its constants.
        points: Configurations; the first has the values of fixed ones for which none is given.

    Raises:
        SpecError: A name is unknown or has two roles, or a fixed one has no value in its domain.
    """
    values = dict(fix or {})
    given: dict[str, Role] = {}
    for role, names in (("scientific", scientific), ("nuisance", nuisance), ("fixed", values)):
        for path in paths_of(scenario.space, names):
            if given.setdefault(path, role) != role:  # type: ignore[arg-type]
                raise SpecError(
                    f"a hyperparameter has one role, got {path!r} as {given[path]} and {role}; "
                    "name it once"
                )
    roles: dict[str, Role] = {**scenario.roles, **given}
    domains = spaces.domains(scenario.space)
    values = {
        path: value for name, value in values.items() for path in paths_of(scenario.space, [name])
    }
    default = spaces.flatten(points[0]) if points else {}
    edits = {}
    fixed = [path for path, role in roles.items() if role == "fixed"]
    for path in fixed:
        if path not in values and path not in default:
            raise SpecError(
                f"a fixed hyperparameter has a value, got none for {path!r}; name it (--fix "
                f"{path}=VALUE, fix={{{path!r}: value}}), or give points_to_evaluate"
            )
        value = values[path] if path in values else default[path]
        edits[path] = only_value(path, domains[path], value)
    space, paths = spaces.edited(scenario.space, edits)
    moved = {paths[path]: role for path, role in roles.items() if path in paths}
    left = scenario.with_space(space) if edits else scenario
    return Cast(
        scenario=replace(left, roles=moved),
        roles={**moved, **dict.fromkeys(fixed, "fixed")},
        fixed={path: _value(edit, domains[path]) for path, edit in edits.items()},
    )


def without_grids(scenario: Scenario) -> Scenario:
    """Return a scenario in whose space each grid is a choice of its values."""
    choices = {
        path: tune.choice(list(domain.categories))
        for path, domain in spaces.domains(scenario.space).items()
        if isinstance(domain, Categorical) and domain.is_grid()
    }
    return scenario.with_space(spaces.edited(scenario.space, choices)[0]) if choices else scenario


def check_storable(space: Mapping[str, Any]) -> None:
    """Refuse a space that differs from its scenario's and that a resume could not find again.

    Raises:
        SpecError: It holds a ``tune.sample_from``, whose function nothing stores.
    """
    if spaces.has_function(space):
        raise SpecError(
            "a space that differs from its scenario's is stored with the sweep, which cannot hold "
            "tune.sample_from; change the space in the scenario itself"
        )


def paths_of(space: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return the flat names of domains for which names, or their last parts, stand.

    Raises:
        SpecError: A name stands for none.
    """
    known = spaces.domains(space)
    found = []
    for name in names:
        matches = named(name, known)
        if not matches:
            raise SpecError(
                f"roles are of domains of the space, got {name!r}{nearest(str(name), known)}"
            )
        found += matches
    return found


def only_value(path: str, domain: Domain, value: Any) -> Any:
    """Return the change (for `tuner.space.edited`) by which only a value of a domain is left.

    Raises:
        SpecError: The domain has no such value.
    """
    if isinstance(domain, Categorical):
        return Keep((_position(path, domain, value),))
    problems = spaces.contains({path: domain}, {path: value})
    if problems or domain.is_function():
        told = "; ".join(problems) or "its values are drawn by a function; fix it in the scenario"
        raise SpecError(f"{path} cannot be fixed at {value!r}: {told}")
    return value


def _position(path: str, choice: Categorical, value: Any) -> int:
    """Return the position of an option, or of the one branch that has ``value`` as a constant."""
    conditional = branches(choice)
    alike = [
        position
        for position, option in enumerate(choice.categories)
        if not spaces.contains({"option": tune.choice([option])}, {"option": value})
        or (
            position in conditional
            and isinstance(value, str)
            and value in (item for item in option.values() if isinstance(item, str))
        )
    ]
    if len(alike) != 1 and not (alike and alike[0] not in conditional):
        raise SpecError(
            f"{path} is fixed at one of its options, got {value!r}, which {len(alike)} of them "
            f"are; options: {choice.categories!r}"
        )
    return alike[0]


def _value(edit: Any, domain: Domain) -> Any:
    if isinstance(edit, Keep) and isinstance(domain, Categorical):
        return domain.categories[edit.positions[0]]
    return edit

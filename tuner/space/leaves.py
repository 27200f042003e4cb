"""The values of a space that vary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from ray.tune.search.sample import Categorical, Domain, Function, Quantized, Sampler

from tuner.space.paths import SEPARATOR, is_grid

__all__ = [
    "branches",
    "domains",
    "grid_size",
    "has_function",
    "has_grid",
    "is_conditional",
    "sampler_and_quantum",
]

Space = Mapping[str, Any]


def branches(domain: Domain) -> dict[int, Space]:
    """Return the options of a choice or grid that hold domains of their own, by position."""
    if not isinstance(domain, Categorical):
        return {}
    return {
        position: option
        for position, option in enumerate(domain.categories)
        if isinstance(option, Mapping) and domains(option)
    }


def sampler_and_quantum(domain: Domain) -> tuple[Sampler, float | None]:
    """Return how a domain is drawn from, and the ``q`` of which the values are multiples."""
    sampler = domain.get_sampler()
    return (sampler.sampler, sampler.q) if isinstance(sampler, Quantized) else (sampler, None)


def domains(space: Space) -> dict[str, Domain]:
    """Return every value that varies, by its path.

    A grid is given as Ray's ``Categorical`` with ``is_grid()`` true. What lies in a branch of
    a conditional choice bears the branch's position in its path: ``optimizer[0]/momentum`` is
    the ``momentum`` of the first option of ``optimizer``. The choice itself, ``optimizer``,
    comes before it.
    """
    return dict(_walk(space, ""))


def is_conditional(space: Space) -> bool:
    """Say whether some values exist only for some choices."""
    return any(branches(domain) for domain in domains(space).values())


def has_grid(space: Space) -> bool:
    """Say whether the space holds a ``grid_search``."""
    return any(domain.is_grid() for domain in domains(space).values())


def has_function(space: Space) -> bool:
    """Say whether the space holds a ``tune.sample_from``."""
    return any(isinstance(domain, Function) for domain in domains(space).values())


def grid_size(space: Space) -> int:
    """Return how many combinations the grids of the space have; 1 where there is none."""
    return prod(_grid_points(value) for value in space.values())


def _grid_points(value: Any) -> int:
    if is_grid(value):
        options = value["grid_search"]
        return sum(grid_size(option) if isinstance(option, Mapping) else 1 for option in options)
    return grid_size(value) if isinstance(value, Mapping) else 1


def _walk(space: Space, prefix: str) -> Iterator[tuple[str, Domain]]:
    for key, value in space.items():
        path = f"{prefix}{key}"
        domain = Categorical(value["grid_search"]).grid() if is_grid(value) else value
        if isinstance(domain, Domain):
            yield path, domain
            for position, branch in branches(domain).items():
                yield from _walk(branch, f"{path}[{position}]{SEPARATOR}")
        elif isinstance(domain, Mapping):
            yield from _walk(domain, f"{path}{SEPARATOR}")

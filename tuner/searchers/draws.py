"""Single draws from Ray Tune's domains, at a fraction of what ``Domain.sample`` takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from ray.tune.search.sample import Categorical, Domain, Float, Integer

__all__ = ["Draw", "draw_from"]

Draw: TypeAlias = Callable[[np.random.Generator], Any]


def draw_from(domain: Domain) -> Draw:
    """Return what draws a value as ``domain.sample`` does: the same one from the same generator.

    ``sample`` makes arrays, and checks its domain, each time.
    """
    sampler = type(domain.get_sampler())
    if type(domain) is Float and sampler is Float._Uniform:
        return _uniform(domain.lower, domain.upper)
    if type(domain) is Float and sampler is Float._LogUniform:
        return _loguniform(np.log(domain.lower), np.log(domain.upper))
    if type(domain) is Integer and sampler is Integer._Uniform:
        return _integer(domain.lower, domain.upper)
    if type(domain) is Categorical and sampler is Categorical._Uniform:
        return _choice(domain.categories)
    return lambda generator: domain.sample(random_state=generator)


def _uniform(low: float, high: float) -> Draw:
    return lambda generator: float(generator.uniform(low, high))


def _loguniform(low: float, high: float) -> Draw:
    return lambda generator: float(np.exp(generator.uniform(low, high)))


def _integer(low: int, high: int) -> Draw:
    return lambda generator: int(generator.integers(low, high))


def _choice(options: list[Any]) -> Draw:
    return lambda generator: options[generator.integers(len(options))]

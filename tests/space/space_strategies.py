"""Strategies for valid spaces, and equality of spaces (Ray's domains compare by identity)."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from ray import tune
from ray.tune.search.sample import Categorical, Domain, Quantized

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For property tests that must also pass on a busy machine."""

NAMES = st.text(
    st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1
).filter(lambda name: name not in ("grid_search", "eval"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
CONSTANTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_leaves=5,
)

_FLOATS = st.floats(-1e6, 1e6)
_POSITIVE = st.floats(1e-6, 1e6)


def _ordered(numbers: Any) -> Any:
    return st.lists(numbers, min_size=2, max_size=2, unique=True).map(sorted)


def _multiples(q: float, low: int) -> Any:
    return _ordered(st.integers(low, 50)).map(lambda ends: (ends[0] * q, ends[1] * q, q))


_STEPS = st.sampled_from([0.1, 0.25, 0.5, 2.0])
NUMERIC = st.one_of(
    _ordered(_FLOATS).map(lambda b: tune.uniform(*b)),
    _ordered(_POSITIVE).map(lambda b: tune.loguniform(*b)),
    _STEPS.flatmap(lambda q: _multiples(q, -50)).map(lambda b: tune.quniform(*b)),
    _STEPS.flatmap(lambda q: _multiples(q, 1)).map(lambda b: tune.qloguniform(*b)),
    st.tuples(_FLOATS, _POSITIVE).map(lambda b: tune.randn(*b)),
    st.tuples(_FLOATS, _POSITIVE, _STEPS).map(lambda b: tune.qrandn(*b)),
    _ordered(st.integers(-1000, 1000)).map(lambda b: tune.randint(*b)),
    _ordered(st.integers(1, 1000)).map(lambda b: tune.lograndint(*b)),
    st.integers(1, 9).flatmap(lambda q: _multiples(q, -50)).map(lambda b: tune.qrandint(*b)),
    st.integers(1, 9).flatmap(lambda q: _multiples(q, 1)).map(lambda b: tune.qlograndint(*b)),
)
CHOICES = st.lists(CONSTANTS, min_size=1, max_size=3).map(tune.choice)
GRIDS = st.lists(CONSTANTS, min_size=1, max_size=3).map(lambda values: {"grid_search": values})


def _spaces(leaves: Any) -> Any:
    return st.recursive(
        st.dictionaries(NAMES, leaves, min_size=1, max_size=3),
        lambda inner: st.dictionaries(
            NAMES, leaves | inner | st.lists(inner, min_size=1, max_size=2).map(tune.choice)
        ).filter(bool),
        max_leaves=3,
    )


SAMPLED_SPACES = _spaces(NUMERIC | CHOICES | CONSTANTS)
"""Nested and conditional, without grids."""

SPACES = st.builds(
    lambda sampled, grids: sampled | {f"grid {name}": grid for name, grid in grids.items()},
    SAMPLED_SPACES,
    st.dictionaries(NAMES, GRIDS, max_size=2),
)


def same(a: Any, b: Any) -> bool:
    """Compare two spaces exactly: types, order of keys, NaN, signs of zero, samplers."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Categorical):
        return a.is_grid() == b.is_grid() and same(a.categories, b.categories)
    if isinstance(a, Domain):
        return _signature(a) == _signature(b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or repr(a) == repr(b)
    return bool(a == b)


def _signature(domain: Any) -> tuple[Any, ...]:
    sampler, quantum = domain.get_sampler(), None
    if isinstance(sampler, Quantized):
        sampler, quantum = sampler.get_sampler(), sampler.q
    return type(domain), domain.lower, domain.upper, type(sampler), vars(sampler), quantum

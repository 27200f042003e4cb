"""A space as strict JSON and back.

A domain becomes an object with its name in ``"type"``, for instance
``{"type": "loguniform", "lower": 0.0001, "upper": 1}``; nested dicts and constants stay as they
are. What JSON lacks (tuples, NaN, infinities) and a dict that has a key ``"type"`` of its own
become such objects too, so that reading back is exact. NumPy scalars come back as Python's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from ray import tune
from ray.tune.search.sample import (
    Categorical,
    Domain,
    Float,
    Function,
    Integer,
    LogUniform,
    Normal,
)

from tuner.errors import SpaceError, nearest
from tuner.space.leaves import sampler_and_quantum
from tuner.space.paths import is_grid

__all__ = ["from_json", "to_json"]


def to_json(space: Mapping[str, Any]) -> dict[str, Any]:
    """Return a valid ``space`` as values that ``json.dumps(..., allow_nan=False)`` takes.

    A ``tune.sample_from`` is only described: `from_json` refuses it.
    """
    document: dict[str, Any] = _encode(space)
    return document


def from_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the space of which `to_json` made ``document``.

    Raises:
        SpaceError: The space held a ``tune.sample_from``, whose function JSON cannot hold, or
            the document was not made by `to_json`.
    """
    space = _decode(document)
    if not isinstance(space, dict):
        raise SpaceError(f"a space must be a JSON object of names, but it is {document!r}")
    return space


def _encode(value: Any) -> Any:
    if isinstance(value, Domain):
        return _encode_domain(value)
    if is_grid(value):
        return {"type": "grid_search", "values": [_encode(v) for v in value["grid_search"]]}
    if isinstance(value, Mapping):
        items = {key: _encode(item) for key, item in value.items()}
        return {"type": "dict", "items": items} if "type" in items else items
    if isinstance(value, tuple):
        return {"type": "tuple", "items": [_encode(item) for item in value]}
    if isinstance(value, list):
        return [_encode(item) for item in value]
    return _encode_scalar(value)


def _encode_scalar(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"type": "float", "value": repr(value)}
    return value


def _encode_domain(domain: Domain) -> dict[str, Any]:
    if isinstance(domain, Function):
        return {"type": "sample_from", "repr": repr(domain.func)}
    if isinstance(domain, Categorical):
        kind, key = ("grid_search", "values") if domain.is_grid() else ("choice", "categories")
        return {"type": kind, key: [_encode(category) for category in domain.categories]}
    if not isinstance(domain, Float | Integer):
        raise SpaceError(
            f"a space holds domains made by ray.tune, but one is a {type(domain).__name__}"
        )
    sampler, quantum = sampler_and_quantum(domain)
    if isinstance(sampler, Normal):
        kind, arguments = "randn", {"mean": sampler.mean, "sd": sampler.sd}
    else:
        scale = "log" if isinstance(sampler, LogUniform) else ""
        kind = scale + ("uniform" if isinstance(domain, Float) else "randint")
        arguments = {"lower": domain.lower, "upper": domain.upper}
    if quantum is not None:
        kind, arguments = f"q{kind}", {**arguments, "q": quantum}
    return {"type": kind, **{name: _encode_scalar(bound) for name, bound in arguments.items()}}


_BUILDERS: dict[str, Callable[..., Any]] = {
    "uniform": tune.uniform,
    "quniform": tune.quniform,
    "loguniform": tune.loguniform,
    "qloguniform": tune.qloguniform,
    "randn": tune.randn,
    "qrandn": tune.qrandn,
    "randint": tune.randint,
    "qrandint": tune.qrandint,
    "lograndint": tune.lograndint,
    "qlograndint": tune.qlograndint,
    "choice": lambda categories: tune.choice([_decode(item) for item in categories]),
    "grid_search": lambda values: {"grid_search": [_decode(item) for item in values]},
    "dict": lambda items: {key: _decode(item) for key, item in items.items()},
    "tuple": lambda items: tuple(_decode(item) for item in items),
    "float": lambda value: float(value),
}


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "type" not in value:
        return {key: _decode(item) for key, item in value.items()}
    arguments = dict(value)
    kind = arguments.pop("type")
    if kind == "sample_from":
        raise SpaceError(
            "a space read from JSON cannot hold tune.sample_from, but this one draws with "
            f"{value.get('repr')}; give the scenario itself (scenario=...)"
        )
    builder = _BUILDERS.get(str(kind))
    if builder is None:
        raise SpaceError(f"unknown kind of domain {kind!r}{nearest(str(kind), _BUILDERS)}")
    try:
        return builder(**arguments)
    except (TypeError, ValueError, AttributeError) as error:
        raise SpaceError(f"no {kind} can be made of {arguments!r}: {error}") from error

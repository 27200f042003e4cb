"""Search spaces: nested dicts of ``ray.tune`` domains, and what tuner asks of them.

- `paths`: names of values in nested dicts, as ``model/lr``.
- `leaves`: which values vary, on which condition, and how many grid points there are.
- `validation`: refuses what no searcher could draw from, naming the place.
- `membership`: does a configuration lie in a space?
- `feasibility`: does it satisfy a constraint between hyperparameters?
- `serialization`: a space as JSON and back; `as_python`: as source.
- `editing`: a space with some values replaced, and options left out.

A space maps names to domains (``tune.loguniform(1e-4, 1)``), grids
(``{"grid_search": [1, 2]}``), constants, or nested dicts of these. A choice between dicts that
hold domains, ``tune.choice([{"name": "sgd", "momentum": tune.uniform(0, 1)}, {"name": "adam"}])``,
is a conditional space: each dict is a *branch*.
"""

from __future__ import annotations

from tuner.space.as_python import python_text
from tuner.space.editing import Keep, edited
from tuner.space.feasibility import Constraint, is_feasible
from tuner.space.leaves import (
    domains,
    grid_size,
    has_function,
    has_grid,
    is_conditional,
)
from tuner.space.membership import contains
from tuner.space.paths import flatten, unflatten
from tuner.space.serialization import from_json, to_json
from tuner.space.validation import validate

__all__ = [
    "Constraint",
    "Keep",
    "contains",
    "domains",
    "edited",
    "flatten",
    "from_json",
    "grid_size",
    "has_function",
    "has_grid",
    "is_conditional",
    "is_feasible",
    "python_text",
    "to_json",
    "unflatten",
    "validate",
]

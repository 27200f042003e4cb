"""Constraints between hyperparameters: which configurations of a space may be tried at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, TypeAlias

import numpy as np

from tuner.errors import SpaceError

__all__ = ["Constraint", "is_feasible"]

Constraint: TypeAlias = Callable[[dict[str, Any]], bool]
"""Says of a complete configuration whether it is feasible."""


def is_feasible(constraint: Constraint | None, config: Mapping[str, Any]) -> bool:
    """Say whether ``config`` satisfies ``constraint``; without one, every configuration does.

    Raises:
        SpaceError: The constraint fails, or answers with something else than a boolean.
    """
    if constraint is None:
        return True
    try:
        answer = constraint(deepcopy(dict(config)))
    except Exception as error:  # a user's code may raise anything
        raise SpaceError(
            "a constraint must answer for every configuration of the space, but it raised "
            f"{type(error).__name__}: {error} at {dict(config)!r}; mind values that only some "
            "branches have"
        ) from error
    if not isinstance(answer, bool | np.bool_):
        raise SpaceError(
            f"a constraint must return True (feasible) or False, but it returned {answer!r} at "
            f"{dict(config)!r}"
        )
    return bool(answer)

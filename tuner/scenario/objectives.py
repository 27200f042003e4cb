"""The objectives of a scenario: one, or several of which the first is the primary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from tuner.errors import ScenarioError, nearest
from tuner.objectives import Objective

__all__ = ["FirstOf", "check_objectives"]

_T = TypeVar("_T")


class FirstOf(Generic[_T]):
    """A field of a dataclass that takes a value or a list of them, and then reads as the first.

    It is a descriptor, so that type checkers know both: what ``__init__`` takes is what
    ``__set__`` does. The dataclass's ``__post_init__`` puts the first value in place of a list.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> _T:
        if instance is None:
            raise AttributeError(self._name)  # so the dataclass sees no default
        value: _T = vars(instance)[self._name]
        return value

    def __set__(self, instance: Any, value: _T | Sequence[_T]) -> None:
        vars(instance)[self._name] = value


def check_objectives(metric: Any, mode: Any) -> tuple[Objective, ...]:
    """Return the objectives that ``metric`` and ``mode`` name, a value each or a list each.

    Raises:
        ScenarioError: They are no names and directions, differ in number, or repeat a name.
    """
    metrics, modes = _listed(metric), _listed(mode)
    for name in metrics:
        if not isinstance(name, str) or not name:
            raise ScenarioError(f"metric must be a non-empty string, but is {name!r}")
    for direction in modes:
        if direction not in ("min", "max"):
            raise ScenarioError(
                f"mode must be 'min' or 'max', but is {direction!r}"
                f"{nearest(str(direction), ('min', 'max'))}"
            )
    if isinstance(metric, str) != isinstance(mode, str) or len(metrics) != len(modes):
        raise ScenarioError(
            f"mode must be 'min' or 'max' for each metric, but is {mode!r} for {metric!r}; give "
            "one of each, or two lists of the same length"
        )
    if not metrics or len(set(metrics)) < len(metrics):
        raise ScenarioError(f"metric must name one or more different values, but is {metric!r}")
    return tuple(Objective(name, each) for name, each in zip(metrics, modes, strict=True))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]

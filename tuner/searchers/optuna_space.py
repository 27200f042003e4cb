"""A space in Optuna's terms, and Optuna without its log lines.

Ray's own conversion fails on normal numbers, lists and conditional choices, and drops quanta on
log scales. Here a space is defined by run: Optuna is asked for one parameter after the other, only
those of the chosen branches, by path.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.exceptions import ExperimentalWarning

from tuner.searchers.parameters import Gaussian, Number, Options, Parameter, compose

__all__ = ["ask", "decode", "distribution", "encode", "quiet"]

_MOST_WHOLE = 2**16
_TAIL = 1e-3  # of a normal number, on either side; a model that likes borders goes no further


def distribution(found: Parameter) -> BaseDistribution:
    """Return a parameter in Optuna's terms; `encode` and `decode` lead there and back."""
    if isinstance(found, Options):
        return CategoricalDistribution(range(len(found.options)))
    if isinstance(found, Gaussian):
        return FloatDistribution(_TAIL, 1 - _TAIL)
    if _is_indexed(found):
        return IntDistribution(*found.indices)
    if found.log and found.quantum == 1 and not _is_fine(found):
        return IntDistribution(*found.indices, log=True)
    return FloatDistribution(*found.edges, log=found.log)


def ask(
    space: Mapping[str, Any], known: Mapping[str, BaseDistribution], trial: optuna.Trial
) -> dict[str, int | float]:
    """Ask for the parameters of a trial.

    Args:
        space: The space.
        known: The distributions of its parameters, by path.
        trial: An open trial of a study.

    Returns:
        Their values, by path.
    """
    drawn: dict[str, int | float] = {}

    def draw(path: str, found: Parameter) -> int | float:
        drawn[path] = decode(found, _suggest(trial, path, known[path]))
        return drawn[path]

    compose(space, draw)
    return drawn


def decode(found: Parameter, drawn: float) -> int | float:
    """Return the value of a parameter that Optuna drew."""
    if isinstance(found, Gaussian):
        return found.from_unit(drawn)
    if isinstance(found, Number) and _is_indexed(found):
        return drawn * (found.quantum or 1)
    return drawn


def encode(found: Parameter, value: float) -> int | float:
    """Return the value of a parameter as Optuna would draw it."""
    if isinstance(found, Gaussian):
        return min(max(found.to_unit(value), _TAIL), 1 - _TAIL)
    if isinstance(found, Number) and _is_indexed(found):
        return round(value / (found.quantum or 1))
    return value


def _suggest(trial: optuna.Trial, path: str, known: BaseDistribution) -> int | float:
    if isinstance(known, CategoricalDistribution):
        return int(trial.suggest_categorical(path, known.choices))  # type: ignore[arg-type]
    if isinstance(known, IntDistribution):
        return trial.suggest_int(path, known.low, known.high, log=known.log)
    assert isinstance(known, FloatDistribution)  # `distribution` gives no other
    return trial.suggest_float(path, known.low, known.high, log=known.log)


def _is_indexed(found: Number) -> bool:
    """Say whether Optuna gets the multiples of the quantum as whole numbers.

    It has steps of its own, but not on a log scale, and complains where rounding errors keep the
    bounds from being exact multiples.
    """
    return bool(found.quantum) and not found.log and not _is_fine(found)


def _is_fine(found: Number) -> bool:
    """Say whether the quantum is too small to matter: Optuna gets real numbers then.

    Its Gaussian process lists every whole number, and 2**31 of them fill the memory.
    """
    first, last = found.indices
    return last - first > _MOST_WHOLE


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's log lines and notices of experimental features off the terminal."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)

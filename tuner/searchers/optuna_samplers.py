"""Optuna's samplers, by way of Ray's ``OptunaSearch``.

Ray's own conversion fails on normal numbers, lists and conditional choices, and drops quanta on
log scales. Here the space is defined by run: a function asks Optuna for one parameter after the
other, only those of the chosen branches, by path.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from ray.tune.search.optuna import OptunaSearch

from tuner.arms import JSON
from tuner.errors import MissingDependencyError, SpecError, nearest
from tuner.searchers.base import ModelSearcher, SearchTask
from tuner.searchers.keywords import check_keywords
from tuner.searchers.parameters import (
    Gaussian,
    Number,
    Options,
    Parameter,
    compose,
    conditions,
    decompose,
    parameters,
)
from tuner.space import flatten, is_conditional

__all__ = ["OptunaSearcher"]

_SAMPLERS: Mapping[str, Callable[..., BaseSampler]] = {
    "tpe": optuna.samplers.TPESampler,
    "gp": optuna.samplers.GPSampler,
    "cmaes": optuna.samplers.CmaEsSampler,
    "nsga2": optuna.samplers.NSGAIISampler,
    "qmc": optuna.samplers.QMCSampler,
    "random": optuna.samplers.RandomSampler,
}
_LEAST_NUMBERS = {"cmaes": 2, "qmc": 1}  # fewer, and Optuna silently draws at random
_TAIL = 1e-3  # of a normal number, on either side; a model that likes borders goes no further
_OF_THE_SWEEP = frozenset({"seed", "constraints_func"})


class OptunaSearcher(ModelSearcher):
    """Searches with one of Optuna's samplers.

    Args:
        task: What to search.
        sampler: ``tpe`` (tree-structured Parzen estimator), ``gp`` (Gaussian process), ``cmaes``
            (covariance matrix adaptation), ``nsga2`` (genetic), ``qmc`` (quasi-random) or
            ``random``.
        options: Keywords of the sampler's class.
    """

    name = "optuna"

    def __init__(self, task: SearchTask, *, sampler: str = "tpe", **options: JSON) -> None:
        with _quiet():
            backend = OptunaSearch(
                space=partial(_ask, task.space),
                metric=task.metric,
                mode=task.mode,
                points_to_evaluate=[_encoded(task.space, point) for point in task.points],
                sampler=_build(sampler, options, task.seed, task.space),
            )
        super().__init__(task, backend)
        self._parameters = parameters(task.space)

    @classmethod
    def check_options(cls, options: Mapping[str, JSON]) -> None:
        """Check the sampler's name and keywords.

        Raises:
            SpecError: One is unknown, or the sampler refuses a value.
            MissingDependencyError: The sampler needs a package that is not installed.
        """
        keywords = dict(options)
        sampler = keywords.pop("sampler", "tpe")
        if not isinstance(sampler, str) or sampler not in _SAMPLERS:
            raise SpecError(f"unknown Optuna sampler {sampler!r}{nearest(str(sampler), _SAMPLERS)}")
        if sampler == "gp" and importlib.util.find_spec("torch") is None:
            raise MissingDependencyError(
                "optuna:sampler=gp needs torch: pip install 'tuner[torch]'"
            )
        label = f"optuna:sampler={sampler}"
        check_keywords(label, keywords, _SAMPLERS[sampler], besides=_OF_THE_SWEEP)
        try:
            with _quiet():
                _build(sampler, keywords, 0, {})
        except (ValueError, TypeError, NotImplementedError) as error:
            raise SpecError(f"Optuna's {sampler} sampler refuses {keywords}: {error}") from error

    @classmethod
    def check_space(cls, space: Mapping[str, Any], options: Mapping[str, JSON]) -> None:
        """Refuse what the sampler would only draw at random."""
        super().check_space(space, options)
        sampler = str(options.get("sampler", "tpe"))
        sometimes = conditions(space)
        numbers = [
            path
            for path, found in parameters(space).items()
            if not isinstance(found, Options) and path not in sometimes
        ]
        if len(numbers) < _LEAST_NUMBERS.get(sampler, 0):
            raise SpecError(
                f"optuna:sampler={sampler} searches numbers that every trial has, at least "
                f"{_LEAST_NUMBERS[sampler]}, but the space has {len(numbers)}: use sampler=tpe"
            )

    def _draw(self, trial_id: str) -> Mapping[str, int | float]:
        with _quiet():
            drawn = flatten(self._backend.suggest(trial_id) or {})
        return {path: _decode(self._parameters[path], value) for path, value in drawn.items()}

    def _enter(self, trial_id: str, values: Mapping[str, int | float]) -> bool:
        backend: Any = self._backend
        known = {path: _encode(self._parameters[path], value) for path, value in values.items()}
        with _quiet():
            backend._ot_study.enqueue_trial(known)
            backend.suggest(trial_id)
        return True

    def _tell(self, trial_id: str, result: dict[str, float] | None) -> None:
        with _quiet():
            super()._tell(trial_id, result)


def _build(
    sampler: str, options: Mapping[str, JSON], seed: int, space: Mapping[str, Any]
) -> BaseSampler:
    defaults: dict[str, JSON] = {}
    if sampler == "tpe" and is_conditional(space) and options.get("multivariate") is not False:
        defaults["group"] = True  # one joint model per branch, instead of one over what all share
    if sampler == "qmc":
        defaults["scramble"] = True  # or the seed would change nothing
    return _SAMPLERS[sampler](**{**defaults, **options}, seed=seed)


def _ask(space: Mapping[str, Any], trial: optuna.Trial) -> None:
    """Define the parameters of ``space`` on ``trial``; Ray collects what was suggested."""

    def draw(path: str, found: Parameter) -> int | float:
        return _decode(found, _suggest(trial, path, found))

    compose(space, draw)


def _suggest(trial: optuna.Trial, path: str, found: Parameter) -> int | float:
    """Ask for a parameter in Optuna's terms; `_decode` leads back to ours."""
    if isinstance(found, Options):
        return int(trial.suggest_categorical(path, range(len(found.options))))
    if isinstance(found, Gaussian):
        return trial.suggest_float(path, _TAIL, 1 - _TAIL)
    if _is_indexed(found):
        return trial.suggest_int(path, *found.indices)
    if found.log and found.quantum == 1:
        return trial.suggest_int(path, *found.indices, log=True)
    return trial.suggest_float(path, *found.edges, log=found.log)


def _decode(found: Parameter, drawn: float) -> int | float:
    if isinstance(found, Gaussian):
        return found.from_unit(drawn)
    if isinstance(found, Number) and _is_indexed(found):
        return drawn * (found.quantum or 1)
    return drawn


def _encoded(space: Mapping[str, Any], point: Mapping[str, Any]) -> dict[str, int | float]:
    found = parameters(space)
    return {path: _encode(found[path], value) for path, value in decompose(space, point).items()}


def _encode(found: Parameter, value: float) -> int | float:
    if isinstance(found, Gaussian):
        return min(max(found.to_unit(value), _TAIL), 1 - _TAIL)
    if isinstance(found, Number) and _is_indexed(found):
        return round(value / (found.quantum or 1))
    return value


def _is_indexed(found: Number) -> bool:
    """Say whether Optuna gets the multiples of the quantum as whole numbers.

    It has steps of its own, but not on a log scale, and complains where rounding errors keep the
    bounds from being exact multiples.
    """
    return bool(found.quantum) and not found.log


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna's log lines and notices of experimental features off the terminal."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            warnings.filterwarnings("ignore", "Define-by-run function", UserWarning)  # is slow
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)

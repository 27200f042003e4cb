"""Optuna's samplers by name: what each can search, and how it is built."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import optuna
from optuna.samplers import BaseSampler

from tuner.arms import JSON
from tuner.errors import MissingDependencyError, SpecError, nearest
from tuner.searchers.base import SearchTask, as_number
from tuner.searchers.keywords import check_keywords
from tuner.searchers.models import FittedModel, Model, ModelSearcher
from tuner.searchers.optuna_models import LastingStudy, SamplerOfHistories
from tuner.searchers.optuna_space import quiet
from tuner.searchers.parameters import Options, conditions, parameters
from tuner.space import is_conditional

__all__ = ["OptunaSearcher"]

_SAMPLERS: Mapping[str, Callable[..., BaseSampler]] = {
    "tpe": optuna.samplers.TPESampler,
    "gp": optuna.samplers.GPSampler,
    "cmaes": optuna.samplers.CmaEsSampler,
    "nsga2": optuna.samplers.NSGAIISampler,
    "qmc": optuna.samplers.QMCSampler,
    "random": optuna.samplers.RandomSampler,
}
_FITTED = frozenset({"tpe", "gp", "random"})  # the others keep a state in their study
_LEAST_NUMBERS = {"cmaes": 2, "qmc": 1}  # fewer, and Optuna silently draws at random
_OF_THE_SWEEP = frozenset({"seed", "constraints_func"})


class OptunaSearcher(ModelSearcher):
    """Searches with one of Optuna's samplers.

    ``tpe`` and ``gp`` are fitted to the highest rung that enough trials have reached, to a bounded
    number of trials, and to those on their way (`Observations.history`). ``cmaes`` and ``nsga2``
    keep a population of their own, and learn the last value of every trial. So do all samplers but
    ``cmaes`` where there are several objectives, of each of them; a trial that lacks one, or has
    one that is not finite, has failed.

    Args:
        task: What to search.
        sampler: ``tpe`` (tree-structured Parzen estimator), ``gp`` (Gaussian process), ``cmaes``
            (covariance matrix adaptation), ``nsga2`` (genetic), ``qmc`` (quasi-random) or
            ``random``.
        options: Keywords of the sampler's class.
    """

    name = "optuna"

    def __init__(self, task: SearchTask, *, sampler: str = "tpe", **options: JSON) -> None:
        super().__init__(task, _model(task, sampler, options))
        if sampler == "gp":
            self.most_own_draws = 1  # it has one optimum, whatever the seed

    @classmethod
    def learns(cls, options: Mapping[str, JSON]) -> bool:
        """Return whether the sampler goes by results."""
        return options.get("sampler") not in ("qmc", "random")

    @classmethod
    def takes_objectives(cls, options: Mapping[str, JSON]) -> bool:
        """Return whether the sampler optimises several objectives; all but ``cmaes`` do."""
        return options.get("sampler") != "cmaes"

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
            with quiet():
                _build(sampler, keywords, {}, 0)
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

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Tell the model of a trial's end; of several objectives, the last value of each."""
        objectives = self.task.objectives
        if len(objectives) < 2 or not isinstance(self._model, LastingStudy):
            super().on_trial_complete(trial_id, result, error)
        elif trial_id in self._live:
            self._live.discard(trial_id)
            last = {} if error or result is None else result
            costs = [each.cost(as_number(last.get(each.metric))) for each in objectives]
            self._model.tell(trial_id, costs if all(map(math.isfinite, costs)) else None)


def _model(task: SearchTask, sampler: str, options: Mapping[str, JSON]) -> Model:
    make = partial(_build, sampler, options, task.space)
    if sampler in _FITTED and len(task.objectives) < 2:
        fitted = SamplerOfHistories(task.space, make)
        return FittedModel(task, fitted.propose, fitted.good)
    with quiet():
        return LastingStudy(task.space, make(task.seed), max(1, len(task.objectives)))


def _build(
    sampler: str, options: Mapping[str, JSON], space: Mapping[str, Any], seed: int
) -> BaseSampler:
    defaults: dict[str, JSON] = {}
    if sampler == "tpe" and is_conditional(space) and options.get("multivariate") is not False:
        defaults["group"] = True  # one joint model per branch, instead of one over what all share
    if sampler == "qmc":
        defaults["scramble"] = True  # or the seed would change nothing
    return _SAMPLERS[sampler](**{**defaults, **options}, seed=seed)

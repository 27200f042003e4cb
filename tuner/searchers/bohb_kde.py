"""BOHB's model (a kernel density estimate per budget), by way of Ray's ``TuneBOHB``.

HpBandSter draws from NumPy's global generator, and Ray's conversion turns strings into
``numpy.str_`` and forgets quanta. Here the model sees positions in the unit interval, which is
what its densities are over anyway, and positions of options; values are made from these.
"""

from __future__ import annotations

import importlib
import logging
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tuner.arms import JSON
from tuner.errors import MissingDependencyError
from tuner.randomness import PrivateRandomState
from tuner.searchers.base import ModelSearcher, SearchTask, as_number
from tuner.searchers.keywords import check_bounds
from tuner.searchers.parameters import Options, Parameter, conditions, decompose, parameters

__all__ = ["MODEL_MODULE", "BOHBSearcher"]

MODEL_MODULE = "hpbandster.optimizers.config_generators.bohb"

_INSTALL = (
    "pip install 'tuner[bohb]', or without a C compiler: "
    "pip install --no-deps -r requirements/bohb.txt"
)
_BOUNDS = {
    "min_points_in_model": (1, math.inf),
    "top_n_percent": (1, 99),
    "num_samples": (1, math.inf),
    "random_fraction": (0, 1),
    "bandwidth_factor": (0, math.inf),
    "min_bandwidth": (0, 1),
}
_BUDGET = "hyperband_info"


class BOHBSearcher(ModelSearcher):
    """Draws where good configurations of the largest budget with a model lie.

    It learns from the results at the rungs of Ray's ``HyperBandForBOHB``, the scheduler it
    belongs to, and from nothing else.

    Args:
        task: What to search.
        min_points_in_model: Results that a budget needs for a model; None for parameters + 1.
        top_n_percent: How many of the results count as good.
        num_samples: Candidates per suggestion, of which the most promising is taken.
        random_fraction: Share of suggestions drawn at random.
        bandwidth_factor: How much wider than the densities candidates are spread.
        min_bandwidth: Least bandwidth of a density.
    """

    name = "bohb"

    def __init__(
        self,
        task: SearchTask,
        *,
        min_points_in_model: int | None = None,
        top_n_percent: int = 15,
        num_samples: int = 64,
        random_fraction: float = 1 / 3,
        bandwidth_factor: float = 3.0,
        min_bandwidth: float = 1e-3,
    ) -> None:
        self._random = PrivateRandomState(task.seed)
        self._parameters = parameters(task.space)
        self._names = {path: f"p{number}" for number, path in enumerate(self._parameters)}
        model = {
            "min_points_in_model": min_points_in_model,
            "top_n_percent": top_n_percent,
            "num_samples": num_samples,
            "random_fraction": random_fraction,
            "bandwidth_factor": bandwidth_factor,
            "min_bandwidth": min_bandwidth,
            "logger": _logger(),
        }
        with self._fenced():
            self._bohb = _import("ray.tune.search.bohb").TuneBOHB(
                space=self._config_space(task.space),
                bohb_config=model,
                metric=task.metric,
                mode=task.mode,
                points_to_evaluate=[self._encoded(task.space, point) for point in task.points],
                seed=task.seed,
            )
        super().__init__(task, self._bohb)

    @classmethod
    def check_options(cls, options: Mapping[str, JSON]) -> None:
        """Check the keywords.

        Raises:
            SpecError: One is unknown, of another type or out of bounds.
            MissingDependencyError: HpBandSter or ConfigSpace is not installed.
        """
        super().check_options(options)
        check_bounds(cls.name, options, _BOUNDS)
        with _no_warnings():
            _import(MODEL_MODULE)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Teach the model a result that the scheduler marked with its budget."""
        budget = (result.get(_BUDGET) or {}).get("budget")
        value = as_number(result.get(self.task.metric))
        if trial_id in self._live and budget is not None and value is not None:
            # The model takes an infinite loss for the worst, and NaN is as bad.
            worst = math.inf if self.task.mode == "min" else -math.inf
            known = worst if math.isnan(value) else value
            with self._fenced():
                self._bohb.on_trial_result(
                    trial_id, {self.task.metric: known, _BUDGET: {"budget": budget}}
                )

    def on_pause(self, trial_id: str) -> None:
        """Take notice that the scheduler paused a trial."""
        self._bohb.on_pause(trial_id)

    def on_unpause(self, trial_id: str) -> None:
        """Take notice that a paused trial goes on."""
        self._bohb.on_unpause(trial_id)

    def set_max_concurrency(self, max_concurrent: int) -> bool:
        """Suggest nothing while so many trials run; paused ones don't count."""
        return bool(self._bohb.set_max_concurrency(max_concurrent))

    def _draw(self, trial_id: str) -> Mapping[str, int | float] | None:
        with self._fenced():
            drawn = self._bohb.suggest(trial_id)
        if drawn is None:
            return None
        return {
            path: _decode(found, drawn[self._names[path]])
            for path, found in self._parameters.items()
            if drawn.get(self._names[path]) is not None
        }

    def _encoded(self, space: Mapping[str, Any], point: Mapping[str, Any]) -> dict[str, Any]:
        return {
            self._names[path]: _encode(self._parameters[path], value)
            for path, value in decompose(space, point).items()
        }

    def _config_space(self, space: Mapping[str, Any]) -> Any:
        library = _import("ConfigSpace")
        result = library.ConfigurationSpace()
        for path, found in self._parameters.items():
            name = self._names[path]
            if isinstance(found, Options):
                choices = list(range(len(found.options)))
                result.add(library.CategoricalHyperparameter(name, choices=choices))
            else:
                result.add(library.UniformFloatHyperparameter(name, lower=0.0, upper=1.0))
        for path, (parent, position) in conditions(space).items():
            child, choice = result[self._names[path]], result[self._names[parent]]
            result.add(library.EqualsCondition(child, choice, position))
        return result

    @contextmanager
    def _fenced(self) -> Iterator[None]:
        """Run HpBandSter on random streams of its own and without its warnings."""
        with self._random.active(), _no_warnings():
            yield


def _decode(found: Parameter, drawn: float) -> int | float:
    return int(drawn) if isinstance(found, Options) else found.from_unit(float(drawn))


def _encode(found: Parameter, value: float) -> int | float:
    return value if isinstance(found, Options) else found.to_unit(value)


@contextmanager
def _no_warnings() -> Iterator[None]:
    # HpBandSter is unmaintained: old names in ConfigSpace, divisions by zero in statsmodels'
    # densities of categories. It handles the results; where warnings are errors it would not.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _logger() -> logging.Logger:
    """Return a logger that drops HpBandSter's warnings, as `_no_warnings` does."""
    logger = logging.getLogger(f"{__name__}.hpbandster")
    logger.setLevel(logging.ERROR)
    return logger


def _import(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"the searcher 'bohb' needs HpBandSter and ConfigSpace ({error}): {_INSTALL}"
        ) from error

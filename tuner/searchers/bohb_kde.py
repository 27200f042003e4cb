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
from tuner.searchers.base import SearchTask, as_number
from tuner.searchers.keywords import check_bounds
from tuner.searchers.models import Model, ModelSearcher, Values
from tuner.searchers.parameters import Options, Parameter, conditions, parameters
from tuner.searchers.parametric import read_back

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
_COST = "cost"


class BOHBSearcher(ModelSearcher):
    """Draws where good configurations of the largest budget with a model lie.

    It learns from the results at the rungs of tuner's or Ray's BOHB scheduler, to which it
    belongs, and from nothing else.

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
        options = {
            "min_points_in_model": min_points_in_model,
            "top_n_percent": top_n_percent,
            "num_samples": num_samples,
            "random_fraction": random_fraction,
            "bandwidth_factor": bandwidth_factor,
            "min_bandwidth": min_bandwidth,
            "logger": _logger(),
        }
        self._densities = _KernelDensities(task, options)
        super().__init__(task, self._densities)

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

    @classmethod
    def learns(cls, options: Mapping[str, JSON]) -> bool:
        """Return False: reports of other sweeps lack the budgets that its scheduler sets."""
        return False

    def on_pause(self, trial_id: str) -> None:
        """Take notice that the scheduler paused a trial."""
        self._densities.bohb.on_pause(trial_id)

    def on_unpause(self, trial_id: str) -> None:
        """Take notice that a paused trial goes on."""
        self._densities.bohb.on_unpause(trial_id)

    def set_max_concurrency(self, max_concurrent: int) -> bool:
        """Suggest nothing while so many trials run; paused ones don't count."""
        return bool(self._densities.bohb.set_max_concurrency(max_concurrent))

    def _time(self, result: Mapping[str, Any]) -> float | None:
        """Return the budget that the scheduler marked a result with; None for no rung."""
        return as_number((result.get(_BUDGET) or {}).get("budget"))


class _KernelDensities(Model):
    """Ray's ``TuneBOHB``, whose every draw has a seed of its own.

    Its densities follow from the results alone, in their order. So drawing leaves no trace.

    Attributes:
        bohb: Ray's searcher.
    """

    memoryless = True

    def __init__(self, task: SearchTask, options: Mapping[str, Any]) -> None:
        self._task_space = task.space
        self._parameters = parameters(task.space)
        self._names = {path: f"p{number}" for number, path in enumerate(self._parameters)}
        self._learning = PrivateRandomState(task.seed)  # fills in what conditions left out
        with self._learning.active(), _no_warnings():
            self._space = self._config_space(task.space)
            self.bohb: Any = _import("ray.tune.search.bohb").TuneBOHB(
                space=self._space,
                bohb_config=options,
                metric=_COST,
                mode="min",
                points_to_evaluate=[],
            )

    def draw(self, trial_id: str, seed: int) -> Values | None:
        """Return what the densities of the largest budget propose, or a random draw."""
        self._space.seed(seed)
        with PrivateRandomState(seed).active(), _no_warnings():
            drawn = self.bohb.suggest(trial_id)
        if drawn is None:
            return None
        snapped = {
            path: found.snap(_decode(found, drawn[self._names[path]]))
            for path, found in self._parameters.items()
            if drawn.get(self._names[path]) is not None
        }
        values = read_back(self._task_space, snapped)
        self.bohb.trial_to_params[trial_id] = self._encoded(values)  # as a resume enters it
        return values

    def enter(self, trial_id: str, values: Values) -> bool:
        """Have the library suggest these parameters, as the first of the points it is given."""
        self.bohb._points_to_evaluate.append(self._encoded(values))
        if self.bohb.suggest(trial_id) is None:
            self.bohb._points_to_evaluate.clear()
            return False
        return True

    def report(self, trial_id: str, time: float, cost: float) -> None:
        """Learn the cost at a budget; the library takes inf for the worst."""
        with self._learning.active(), _no_warnings():
            self.bohb.on_trial_result(trial_id, {_COST: cost, _BUDGET: {"budget": time}})

    def complete(self, trial_id: str, time: float | None, cost: float | None) -> None:
        """Take notice of a trial's end."""
        self.bohb.on_trial_complete(trial_id)

    def _encoded(self, values: Values) -> dict[str, int | float]:
        """Return parameters as the library knows them."""
        found = self._parameters
        return {self._names[path]: _encode(found[path], value) for path, value in values.items()}

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

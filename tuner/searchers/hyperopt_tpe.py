"""HyperOpt's tree-structured Parzen estimator.

Ray's ``HyperOptSearch`` hands HyperOpt every trial there has been at each suggestion, and its
conversion gives equal names in two branches the same label (which HyperOpt refuses), returns lists
as tuples and never draws some upper bounds. Here HyperOpt is asked directly, with a bounded history
of trials; each domain is labelled by its path, which says the branch as well, and a choice is
between positions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hyperopt import Domain as Objective
from hyperopt import hp, rand, tpe
from hyperopt.base import JOB_STATE_DONE, STATUS_OK, trials_from_docs
from ray.tune.search.sample import Domain, Function

from tuner.arms import JSON
from tuner.searchers.base import SearchTask
from tuner.searchers.keywords import check_bounds
from tuner.searchers.models import FittedModel, ModelSearcher, Values
from tuner.searchers.observations import MOST_GOOD, History, Observation
from tuner.searchers.parameters import Gaussian, Number, Options, parameter
from tuner.space.leaves import branches
from tuner.space.paths import SEPARATOR

__all__ = ["HyperOptSearcher"]


class HyperOptSearcher(ModelSearcher):
    """Draws where good configurations have been much more common than the rest.

    Trials that are on their way, or were stopped below the rung that the model is fitted to, count
    among the rest: so workers that ask at the same time are sent to different places. The model
    sees the good ones, the latest of the rest and an even sample of the earlier ones
    (`Observations.history`), so that a suggestion costs the same after 500 trials and 50,000.

    Args:
        task: What to search.
        n_initial_points: How many trials must have told something before there is a model; until
            then configurations are drawn at random.
        gamma: Which share counts as good: ceil(gamma * sqrt(n)) of n, at most 25.
    """

    name = "hyperopt"

    def __init__(
        self, task: SearchTask, *, n_initial_points: int = 20, gamma: float = 0.25
    ) -> None:
        estimator = _TreeParzenEstimator(task.space, n_initial_points, gamma)
        super().__init__(task, FittedModel(task, estimator.propose, estimator.good))

    @classmethod
    def check_options(cls, options: Mapping[str, JSON]) -> None:
        """Check the keywords; raises SpecError."""
        super().check_options(options)
        check_bounds(cls.name, options, {"n_initial_points": (1, math.inf), "gamma": (0.01, 10)})


class _TreeParzenEstimator:
    """HyperOpt's TPE as a function of a history and a seed."""

    def __init__(self, space: Mapping[str, Any], n_initial_points: int, gamma: float) -> None:
        self._objective = Objective(dict, _expressions(space, ""))
        self._n_initial_points = n_initial_points
        self._gamma = gamma

    def good(self, trials: int) -> int:
        """Return how many of so many trials count as good (HyperOpt's rule)."""
        return min(math.ceil(self._gamma * math.sqrt(trials)), MOST_GOOD)

    def propose(self, history: History, seed: int) -> Values:
        """Return values drawn by a model of ``history``; at random while there is too little."""
        new_id = len(history.observations)
        documents = [self._document(*numbered) for numbered in enumerate(history.observations)]
        trials = trials_from_docs(documents, validate=False)
        if history.told < self._n_initial_points:
            (document,) = rand.suggest([new_id], self._objective, trials, seed)
        else:
            (document,) = tpe.suggest(
                [new_id],
                self._objective,
                trials,
                seed,
                n_startup_jobs=0,
                gamma=self._share(history),
                verbose=False,
            )
        drawn: Mapping[str, list[Any]] = document["misc"]["vals"]
        return {label: values[0] for label, values in drawn.items() if values}

    def _share(self, history: History) -> float:
        """Return the gamma of a part of all trials that has as many good ones as they have."""
        known = sum(observation.cost is not None for observation in history.observations)
        good = min(self.good(history.told), known)
        return (good - 0.5) / math.sqrt(len(history.observations))

    def _document(self, number: int, observation: Observation) -> dict[str, Any]:
        """Return a trial in HyperOpt's terms; one without a loss counts as the worst."""
        values, labels = observation.values, self._objective.params
        misc = {
            "tid": number,
            "idxs": {label: [number] if label in values else [] for label in labels},
            "vals": {label: [values[label]] if label in values else [] for label in labels},
        }
        result = {"status": STATUS_OK, "loss": observation.cost}
        return {"tid": number, "state": JOB_STATE_DONE, "misc": misc, "result": result}


def _expressions(space: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return HyperOpt's expressions for the parameters of ``space``, by label."""
    labelled: dict[str, Any] = {}
    for key, value in space.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            labelled |= _expressions(value, f"{path}{SEPARATOR}")
        elif isinstance(value, Domain) and not isinstance(value, Function):
            labelled |= _labelled_domain(value, path)
    return labelled


def _labelled_domain(domain: Domain, path: str) -> dict[str, Any]:
    found = parameter(domain)
    if not isinstance(found, Options):
        return {path: _number(found, path)}
    conditional = branches(domain)
    inner = [
        _expressions(conditional.get(position, {}), f"{path}[{position}]{SEPARATOR}")
        for position in range(len(found.options))
    ]
    if len(inner) == 1:
        return inner[0]
    return {path: hp.choice(path, [{path: i, **labelled} for i, labelled in enumerate(inner)])}


def _number(found: Number | Gaussian, label: str) -> Any:
    if isinstance(found, Gaussian):
        if found.quantum:
            return hp.qnormal(label, found.mean, found.sd, found.quantum)
        return hp.normal(label, found.mean, found.sd)
    low, high = map(math.log, found.edges) if found.log else found.edges
    if found.quantum:
        draw = hp.qloguniform if found.log else hp.quniform
        return draw(label, low, high, found.quantum)
    return (hp.loguniform if found.log else hp.uniform)(label, low, high)

"""HyperOpt's tree-structured Parzen estimator, by way of Ray's ``HyperOptSearch``.

Ray's own conversion gives equal names in two branches the same label (which HyperOpt refuses),
returns lists as tuples and never draws some upper bounds. Here each domain is labelled by its
path, which says the branch as well, and a choice is between positions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from hyperopt import hp
from hyperopt.base import miscs_update_idxs_vals
from ray.tune.search.hyperopt import HyperOptSearch
from ray.tune.search.sample import Domain

from tuner.arms import JSON
from tuner.searchers.base import ModelSearcher, SearchTask
from tuner.searchers.keywords import check_bounds
from tuner.searchers.parameters import Gaussian, Number, Options, decompose, parameter
from tuner.space.leaves import branches
from tuner.space.paths import SEPARATOR

__all__ = ["HyperOptSearcher"]


class HyperOptSearcher(ModelSearcher):
    """Draws where good configurations have been much more common than the rest.

    Args:
        task: What to search.
        n_initial_points: How many configurations are drawn at random first.
        gamma: Which share counts as good: ceil(gamma * sqrt(n)) of n, at most 25.
    """

    name = "hyperopt"

    def __init__(
        self, task: SearchTask, *, n_initial_points: int = 20, gamma: float = 0.25
    ) -> None:
        backend = _LabelledHyperOptSearch(
            space=_expressions(task.space, ""),
            metric=task.metric,
            mode=task.mode,
            points_to_evaluate=[decompose(task.space, point) for point in task.points] or None,
            n_initial_points=n_initial_points,
            random_state_seed=task.seed,
            gamma=gamma,
        )
        super().__init__(task, backend)

    @classmethod
    def check_options(cls, options: Mapping[str, JSON]) -> None:
        """Check the keywords; raises SpecError."""
        super().check_options(options)
        check_bounds(cls.name, options, {"n_initial_points": (1, math.inf), "gamma": (0.01, 10)})

    def _draw(self, trial_id: str) -> Mapping[str, int | float]:
        return dict(_leaves(self._backend.suggest(trial_id) or {}))

    def _enter(self, trial_id: str, values: Mapping[str, int | float]) -> bool:
        backend: Any = self._backend
        suggesting, backend.algo = backend.algo, partial(_suggest_known, values)
        try:
            backend.suggest(trial_id)
        finally:
            backend.algo = suggesting
        return True


class _LabelledHyperOptSearch(HyperOptSearch):
    """Ray's searcher over a space whose points are given by label and position already."""

    def _convert_categories_to_indices(self, config: dict[str, Any]) -> None:
        pass


def _suggest_known(
    values: Mapping[str, int | float], new_ids: list[int], domain: Any, trials: Any, seed: int
) -> Any:
    """Suggest ``values``, as HyperOpt's algorithms suggest theirs."""
    (new_id,) = new_ids
    indices = {label: [new_id] if label in values else [] for label in domain.params}
    drawn = {label: [values[label]] if label in values else [] for label in domain.params}
    misc = {"tid": new_id, "cmd": domain.cmd, "workdir": domain.workdir}
    miscs_update_idxs_vals([misc], indices, drawn)
    return trials.new_trial_docs(new_ids, [None], [domain.new_result()], [misc])


def _expressions(space: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return HyperOpt's expressions for the parameters of ``space``, by label."""
    labelled: dict[str, Any] = {}
    for key, value in space.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            labelled |= _expressions(value, f"{path}{SEPARATOR}")
        elif isinstance(value, Domain):
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


def _leaves(suggestion: Mapping[str, Any]) -> Iterator[tuple[str, int | float]]:
    """Yield label and value of what was drawn; a choice is a dict of its own label and others."""
    for label, value in suggestion.items():
        if isinstance(value, Mapping):
            yield from _leaves(value)
        else:
            yield label, value

"""A searcher that a user built becomes the searcher of a scenario.

Any ``ray.tune.search.Searcher`` will do. It is given the scenario's metric, mode and space where
it has none, and refused where its own contradict them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from ray.tune.search import Searcher
from ray.tune.search.sample import Categorical, Domain

from tuner.errors import SpecError
from tuner.objectives import Objective
from tuner.searchers.base import Suggestion, as_number
from tuner.space import Constraint, contains, is_feasible
from tuner.space.paths import is_grid

__all__ = ["adopt_searcher"]

_MOST_DRAWS = 100  # for one trial, where the scenario has a constraint


def adopt_searcher(
    searcher: Searcher,
    space: Mapping[str, Any],
    *,
    metric: str,
    mode: str,
    constraint: Constraint | None = None,
    objectives: Sequence[Objective] = (),
) -> Searcher:
    """Return ``searcher``, set up for a scenario and with its suggestions made complete.

    Args:
        searcher: A Ray searcher, fresh.
        space: The scenario's space. A searcher built with a space of its own keeps that.
        metric: The reported value to optimise.
        mode: ``"min"`` or ``"max"``.
        constraint: Says which configurations are feasible; None for all. The searcher is told
            that a trial with another one failed, and asked for the next.
        objectives: All that the scenario optimises, the metric first; a searcher that was built
            for several must have these.

    Raises:
        SpecError: It is no Ray searcher, has another metric or mode, accepts none, or cannot
            search the space.
    """
    if not isinstance(searcher, Searcher):
        raise SpecError(
            "a searcher is a name, such as 'hyperopt', or an instance of ray.tune.search.Searcher; "
            f"got {searcher!r}"
        )
    core: Any = _innermost(searcher)  # whose annotations leave lists out
    for key, own, primary in (("metric", core.metric, metric), ("mode", core.mode, mode)):
        several = isinstance(own, list)
        wanted = [getattr(each, key) for each in objectives] if several else primary
        if own is not None and own != wanted:
            raise SpecError(
                f"the searcher was built with {key}={own!r}, but the scenario has {wanted!r}: "
                f"leave {key} out of the searcher"
            )
    try:
        searcher.set_search_properties(core.metric or metric, core.mode or mode, dict(space))
    except Exception as error:  # each library has its own
        raise SpecError(
            f"{type(core).__name__} cannot search this space: {error}; build it with a space of "
            "its own, or name a searcher, such as 'random'"
        ) from error
    if core.metric is None or core.mode is None:
        raise SpecError(
            f"{type(core).__name__} takes no metric and mode after it was built: give it "
            f"metric={metric!r}, mode={mode!r}"
        )
    metrics = core.metric if isinstance(core.metric, list) else [metric]
    return _CompletingSearcher(searcher, space, metrics, mode, constraint)


class _CompletingSearcher(Searcher):
    """Adds the space's constants to suggestions, and gives values back their declared types.

    Ray's searchers suggest only what they vary, and leave the rest to Ray's trial generator;
    some give tuples for lists and NumPy's scalars for Python's. None knows constraints: an
    infeasible suggestion counts as the worst trial so far, and the next bears another name.
    """

    def __init__(
        self,
        adopted: Searcher,
        space: Mapping[str, Any],
        metrics: Sequence[str],
        mode: str,
        constraint: Constraint | None,
    ) -> None:
        super().__init__(metric=metrics[0], mode=mode)
        self._metrics = metrics
        self._adopted = adopted
        self._space = space
        self._constraint = constraint
        self._redrawn: Counter[str] = Counter()
        self._worst: float | None = None

    def suggest(self, trial_id: str) -> Suggestion:  # type: ignore[override]
        for _ in range(_MOST_DRAWS):
            suggestion: Suggestion = self._adopted.suggest(self._name(trial_id))
            if not isinstance(suggestion, Mapping):
                return suggestion
            config = _completed(self._space, suggestion, "")
            if is_feasible(self._constraint, config):
                return config
            self._tell_infeasible(trial_id)
            self._redrawn[trial_id] += 1
        raise SpecError(
            f"{type(_innermost(self._adopted)).__name__} suggested nothing in {_MOST_DRAWS} draws "
            "that satisfies the scenario's constraint; loosen it, or name a searcher, such as "
            "'random'"
        )

    def _name(self, trial_id: str) -> str:
        """Return what the adopted searcher knows a trial by: it may not hear of one id twice."""
        redrawn = self._redrawn[trial_id]
        return f"{trial_id}-{redrawn}" if redrawn else trial_id

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        self._adopted.on_trial_result(self._name(trial_id), result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        if result is not None and not self._can_learn(result):
            self._tell_infeasible(trial_id)
            return
        if result is not None and len(self._metrics) == 1:
            self._note_worst(result)
        self._adopted.on_trial_complete(self._name(trial_id), result=result, error=error)

    def _tell_infeasible(self, trial_id: str) -> None:
        """Tell the worst value seen: HyperOpt's TPE is drawn to where trials failed."""
        known = None if self._worst is None else {self._metrics[0]: self._worst}
        self._adopted.on_trial_complete(self._name(trial_id), result=known, error=known is None)

    def _note_worst(self, result: Mapping[str, Any]) -> None:
        value = as_number(result.get(self._metrics[0]))
        if value is not None:
            worse = max if self.mode == "min" else min
            self._worst = value if self._worst is None else worse(self._worst, value)

    def _can_learn(self, result: Mapping[str, Any]) -> bool:
        """Say whether a searcher can be told of a result; Ray's OptunaSearch raises on NaN."""
        values = [as_number(result.get(metric)) for metric in self._metrics]
        known = [value for value in values if value is not None]
        whole = len(values) in (1, len(known))  # one that lacks the only metric harms none
        return whole and all(map(math.isfinite, known))

    def on_pause(self, trial_id: str) -> None:
        _call_if_there(self._adopted, "on_pause", self._name(trial_id))

    def on_unpause(self, trial_id: str) -> None:
        _call_if_there(self._adopted, "on_unpause", self._name(trial_id))

    def set_max_concurrency(self, max_concurrent: int) -> bool:
        return bool(self._adopted.set_max_concurrency(max_concurrent))

    def save(self, checkpoint_path: str) -> None:
        self._adopted.save(checkpoint_path)

    def restore(self, checkpoint_path: str) -> None:
        self._adopted.restore(checkpoint_path)


def _innermost(searcher: Searcher) -> Searcher:
    """Return the searcher inside Ray's wrappers (ConcurrencyLimiter, Repeater)."""
    while hasattr(searcher, "searcher"):
        searcher = searcher.searcher
    return searcher


def _call_if_there(searcher: Searcher, method: str, trial_id: str) -> None:
    if hasattr(searcher, method):
        getattr(searcher, method)(trial_id)


def _completed(
    space: Mapping[str, Any], suggestion: Mapping[str, Any], prefix: str
) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for key in {**space, **suggestion}:
        value, declared = suggestion.get(key), space.get(key)
        if isinstance(value, Domain):
            raise SpecError(
                f"the searcher left {prefix}{key} undrawn: {value!r}; it cannot search a choice "
                "between dicts with domains. Name a searcher that can, such as 'hyperopt'"
            )
        if _is_group(value) or (_is_group(declared) and key not in suggestion):
            group = declared if _is_group(declared) else {}
            config[key] = _completed(group or {}, value or {}, f"{prefix}{key}/")
        elif key in suggestion:
            config[key] = _as_declared(value, declared)
        elif not _varies(declared):
            config[key] = deepcopy(declared)
    return config


def _as_declared(value: Any, declared: Any) -> Any:
    """Return the constant or the option that ``value`` equals, or ``value`` as a plain one."""
    if declared is not None and (isinstance(declared, Categorical) or not _varies(declared)):
        for option in declared.categories if isinstance(declared, Categorical) else [declared]:
            if not contains({"value": option}, {"value": value}):
                return deepcopy(option)
    return value.item() if isinstance(value, np.generic) else value


def _varies(declared: Any) -> bool:
    return isinstance(declared, Domain) or is_grid(declared)


def _is_group(value: Any) -> bool:
    return isinstance(value, Mapping) and not is_grid(value)

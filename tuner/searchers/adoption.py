"""A searcher that a user built becomes the searcher of a scenario.

Any ``ray.tune.search.Searcher`` will do. It is given the scenario's metric, mode and space where
it has none, and refused where its own contradict them.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from ray.tune.search import Searcher
from ray.tune.search.sample import Categorical, Domain

from tuner.errors import SpecError
from tuner.searchers.base import Suggestion
from tuner.space import contains
from tuner.space.paths import is_grid

__all__ = ["adopt_searcher"]


def adopt_searcher(
    searcher: Searcher,
    space: Mapping[str, Any],
    *,
    metric: str,
    mode: str,
) -> Searcher:
    """Return ``searcher``, set up for a scenario and with its suggestions made complete.

    Args:
        searcher: A Ray searcher, fresh.
        space: The scenario's space. A searcher built with a space of its own keeps that.
        metric: The reported value to optimise.
        mode: ``"min"`` or ``"max"``.

    Raises:
        SpecError: It is no Ray searcher, has another metric or mode, accepts none, or cannot
            search the space.
    """
    if not isinstance(searcher, Searcher):
        raise SpecError(
            "a searcher is a name, such as 'hyperopt', or an instance of ray.tune.search.Searcher; "
            f"got {searcher!r}"
        )
    core = _innermost(searcher)
    for key, own, wanted in (("metric", core.metric, metric), ("mode", core.mode, mode)):
        if own is not None and own != wanted:
            raise SpecError(
                f"the searcher was built with {key}={own!r}, but the scenario has {wanted!r}: "
                f"leave {key} out of the searcher"
            )
    try:
        searcher.set_search_properties(metric, mode, dict(space))
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
    return _CompletingSearcher(searcher, space, metric, mode)


class _CompletingSearcher(Searcher):
    """Adds the space's constants to suggestions, and gives values back their declared types.

    Ray's searchers suggest only what they vary, and leave the rest to Ray's trial generator;
    some give tuples for lists and NumPy's scalars for Python's.
    """

    def __init__(self, adopted: Searcher, space: Mapping[str, Any], metric: str, mode: str) -> None:
        super().__init__(metric=metric, mode=mode)
        self._adopted = adopted
        self._space = space

    def suggest(self, trial_id: str) -> Suggestion:  # type: ignore[override]
        suggestion: Suggestion = self._adopted.suggest(trial_id)
        if not isinstance(suggestion, Mapping):
            return suggestion
        return _completed(self._space, suggestion, "")

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        self._adopted.on_trial_result(trial_id, result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        self._adopted.on_trial_complete(trial_id, result=result, error=error)

    def on_pause(self, trial_id: str) -> None:
        _call_if_there(self._adopted, "on_pause", trial_id)

    def on_unpause(self, trial_id: str) -> None:
        _call_if_there(self._adopted, "on_unpause", trial_id)

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

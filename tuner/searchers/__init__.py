"""Searchers: which configuration is tried next. By name, or a user's own Ray object.

- `registry`: names, checks, and `build_searcher`.
- `adoption`: a searcher that a user built.
- `base`: what every searcher here promises, and what those that learn share.
- `parameters`: a space as independent parameters, and configurations made of their values.
- `keywords`: checks a choice's keywords against a signature.
- `random_search`, `grid_search`, `hyperopt_tpe`, `optuna_samplers`, `bohb_kde`: one each.

Every searcher is a ``ray.tune.search.Searcher``: ``suggest(trial_id)`` gives a complete
configuration, None (not now) or ``Searcher.FINISHED``; ``on_trial_result`` and
``on_trial_complete`` teach it.
"""

from __future__ import annotations

from tuner.searchers.adoption import adopt_searcher
from tuner.searchers.registry import (
    SEARCHERS,
    SearcherEntry,
    build_searcher,
    check_searcher,
    default_num_samples,
    total_trials,
)

__all__ = [
    "SEARCHERS",
    "SearcherEntry",
    "adopt_searcher",
    "build_searcher",
    "check_searcher",
    "default_num_samples",
    "total_trials",
]

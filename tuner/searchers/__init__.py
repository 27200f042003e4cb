"""Searchers: which configuration is tried next. By name, or a user's own Ray object.

- `registry`: names, checks, and `build_searcher`.
- `adoption`: a searcher that a user built.
- `base`: what every searcher here promises; `parametric`: what those share that draw parameters.
- `parameters`: a space as independent parameters, and configurations made of their values.
- `points`: configurations that somebody typed, as the space declares them.
- `neighbours`: values near a value. `variants`: what Ray's own generator makes of a space.
- `screening`: which suggestions become trials: feasible ones, and none twice.
- `models`, `observations`, `courses`: searchers that learn, and what they learn from.
- `keywords`: checks a choice's keywords against a signature.
- `random_search`, `grid_search` (over `grids`, closing in by `refinement`), `quasi_random`,
  `hyperopt_tpe`, `optuna_samplers` (over `optuna_models` and `optuna_space`), `evolution`,
  `bohb_kde`: the searchers that can be named.

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
    learns,
    takes_objectives,
    total_trials,
)

__all__ = [
    "SEARCHERS",
    "SearcherEntry",
    "adopt_searcher",
    "build_searcher",
    "check_searcher",
    "default_num_samples",
    "learns",
    "takes_objectives",
    "total_trials",
]

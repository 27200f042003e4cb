"""PB2 built from a scenario's space, with exploration kept inside it.

Parker-Holder et al. 2020, "Provably Efficient Online Hyperparameter Optimization with
Population-Based Bandits", arXiv 2002.02518.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers.pb2 import PB2
from ray.tune.search.sample import Float, Integer
from sklearn.exceptions import ConvergenceWarning

from tuner.errors import SpecError
from tuner.scenario import Scenario
from tuner.schedulers.pbt import clip_to, default_interval, largest, mutable_domains
from tuner.space import unflatten

__all__ = ["build_pb2"]


def build_pb2(scenario: Scenario, options: Mapping[str, Any]) -> PB2:
    """Return Ray's PB2 over the scenario's mutable numeric hyperparameters.

    Args:
        scenario: Says which hyperparameters may change mid-training.
        options: Keywords of ``PB2``; ``perturbation_interval`` defaults as in `build_pbt`.

    Raises:
        SpecError: No numeric hyperparameter may change mid-training.
    """
    domains = {
        name: domain
        for name, domain in mutable_domains(scenario, "pb2").items()
        if isinstance(domain, Float | Integer)
    }
    if not domains:
        raise SpecError(
            f"pb2 moves numbers, and no mutable hyperparameter of scenario {scenario.name!r} is "
            "one; use pbt, or name numeric ones in Scenario(mutable=...)"
        )
    bounds = {name: [float(domain.lower), largest(domain)] for name, domain in domains.items()}
    defaults = {"perturbation_interval": default_interval(scenario)}
    return _QuietPB2(
        time_attr=scenario.time_attr,
        metric=scenario.metric,
        mode=scenario.mode,
        hyperparam_bounds=unflatten(bounds),
        custom_explore_fn=clip_to(domains),
        log_config=False,
        **{**defaults, **options},
    )


class _QuietPB2(PB2):
    """PB2 without the warnings of its Gaussian process, which nobody can act upon."""

    def _get_new_config(
        self, trial: Trial, trial_to_clone: Trial
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", DeprecationWarning)  # of SciPy, for how Ray calls it
            config, operations = super()._get_new_config(trial, trial_to_clone)
        return config, operations
